import type { Trouble as Told } from '../deed.ts';
import { Notice } from './notice.tsx';

/** Why something was not done; nothing while nothing went wrong. */
export function Trouble({ of }: { of: Told | undefined }) {
  return (
    of && (
      <Notice kind="error" title={of.title}>
        <p>{of.text}</p>
      </Notice>
    )
  );
}
