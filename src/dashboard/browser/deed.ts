import { useSignal } from '@preact/signals';
import { isRefusal } from './refusal.ts';
import type { Shell } from './shell.ts';

/** Why something was not done, as it is shown. */
export interface Trouble {
  readonly title: string;
  readonly text: string;
}

/** What buttons do, one thing at a time. */
export interface Deed<T> {
  /** What is being done now. */
  readonly doing: T | undefined;
  readonly trouble: Trouble | undefined;
  /** Never rejects: what goes wrong becomes `trouble`. */
  readonly run: (what: T, act: () => Promise<unknown>) => Promise<void>;
}

/** `failed` is the title of what goes wrong: what did not happen. */
export function useDeed<T>(shell: Shell, failed: string): Deed<T> {
  const doing = useSignal<T | undefined>(undefined);
  const trouble = useSignal<Trouble | undefined>(undefined);
  const run = async (what: T, act: () => Promise<unknown>) => {
    doing.value = what;
    trouble.value = undefined;
    try {
      await act();
    } catch (error) {
      const text = shell.failed(error);
      trouble.value = isRefusal(error)
        ? {
            title: 'Refused: what would be signed is not what you see',
            text: `${text} Nothing was signed. Do not sign it here; tell the operator of this gateway.`,
          }
        : { title: failed, text };
    }
    doing.value = undefined;
  };
  return { doing: doing.value, trouble: trouble.value, run };
}
