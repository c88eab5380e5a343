import { useSignal } from '@preact/signals';
import type { ApprovalDetail, RevealedCall } from '../../sdk/approval.ts';
import { type Trouble, useDeed } from './deed.ts';
import { checkRevealed } from './model/check-revealed.ts';
import { hiddenCount, hiddenValues, type Revealed, withRevealed } from './model/hidden.ts';
import type { Shell } from './shell.ts';

export type Part = 'arguments' | 'result';

/** What policy hides of one call, and the way to see it. */
export interface Revealing {
  /** The call with what was revealed on this page. */
  readonly shown: ApprovalDetail;
  readonly doing: Part | undefined;
  readonly trouble: Trouble | undefined;
  readonly reveal: (part: Part) => Promise<void>;
}

/** The exact call, once it is certain that it is the one that was frozen. Throws when it is not, or may not be shown. */
export async function revealCall(shell: Shell, detail: ApprovalDetail): Promise<RevealedCall> {
  const call = await shell.api.client.approvals.reveal(detail.id);
  await checkRevealed(detail, call);
  return call;
}

/** Reveals on demand, for as long as the page shows this call. */
export function useReveal(shell: Shell, detail: ApprovalDetail): Revealing {
  const revealed = useSignal<Revealed>({});
  const { doing, trouble, run } = useDeed<Part>(shell, 'Nothing was revealed');
  const shown = withRevealed(detail, revealed.value);

  const reveal = (part: Part) =>
    run(part, async () => {
      const count = part === 'arguments' ? hiddenCount(detail) : detail.hiddenInResult.length;
      const found: Revealed =
        part === 'arguments'
          ? { call: await revealCall(shell, detail) }
          : { result: await shell.api.client.approvals.revealResult(detail.id) };
      revealed.value = { ...revealed.value, ...found };
      shell.announcer.say(`${hiddenValues(count)} revealed.`, { about: 'reveal' });
    });
  return { shown, doing, trouble, reveal };
}
