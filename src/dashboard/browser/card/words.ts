import { duration } from '../model/time.ts';
import type { Status } from './status.ts';

/** How a state looks: under way, well ended, or ended otherwise. */
export type Tone = 'waiting' | 'good' | 'bad';

interface Words {
  readonly tone: Tone;
  readonly title: string;
  readonly detail: string;
}

const STATES: Readonly<Record<string, Words>> = {
  pending: {
    tone: 'waiting',
    title: 'Waiting for a person',
    detail: 'The call has not run. A person must look at the exact call on its page and decide there.',
  },
  approved: {
    tone: 'waiting',
    title: 'Approved',
    detail: 'A person approved the call. It is about to be carried out.',
  },
  executing: {
    tone: 'waiting',
    title: 'Approved and under way',
    detail: 'A person approved the call. It was sent, and its answer has not come yet.',
  },
  succeeded: {
    tone: 'good',
    title: 'Approved and carried out',
    detail: 'A person approved the call, it was sent once, and it succeeded.',
  },
  denied: { tone: 'bad', title: 'Denied', detail: 'A person denied the call. It did not run.' },
  expired: {
    tone: 'bad',
    title: 'Expired',
    detail: 'Nobody decided in time. The call did not run and cannot be approved any more.',
  },
  cancelled: {
    tone: 'bad',
    title: 'Withdrawn',
    detail: 'The request was withdrawn before anybody decided. The call did not run.',
  },
  void: {
    tone: 'bad',
    title: 'Approved, but not sent',
    detail: 'A check failed after the approval. The call did not run.',
  },
  failed: {
    tone: 'bad',
    title: 'Approved, but it failed',
    detail: 'A person approved the call. It was sent, and the answer was an error.',
  },
  unknown: {
    tone: 'bad',
    title: 'Outcome unknown',
    detail:
      'The call was approved and sent, but no answer came. It may have run: check before it is repeated.',
  },
};

/** A state in words; one that this card does not know is named as it is. */
export function wordsFor(state: string): Words {
  return STATES[state] ?? { tone: 'waiting', title: state, detail: 'The approval’s page says more.' };
}

/** What is left of the time to decide. */
export function countdown(leftMs: number): string {
  return leftMs > 0 ? `Expires in ${duration(leftMs)}` : 'Expires now';
}

/** `1 of 2 approvals so far`; undefined where one is enough. */
export function quorumLine({ approvalsGiven, approvalsNeeded }: Status): string | undefined {
  return approvalsNeeded > 1 ? `${approvalsGiven} of ${approvalsNeeded} approvals so far` : undefined;
}

/** What the model is told once it is over, in the gateway's words alone. */
export function wordsForModel({ approvalId, state }: Status): string {
  const title = wordsFor(state).title.toLowerCase();
  return `The approval ${approvalId} is settled: ${title}. Call approval_wait with it to get the result of the call.`;
}
