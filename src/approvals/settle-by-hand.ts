import type { Clock } from '../core/clock.ts';
import { CountersignError } from '../core/errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Reader } from '../storage/database.ts';
import { type Approval, stateAt } from './approval.ts';
import { approvalEntry } from './approval-entry.ts';
import { getApproval } from './list.ts';
import { parseReason } from './reason.ts';
import { stepApproval } from './transitions/store.ts';

export interface ByHandDeps {
  readonly database: Reader;
  readonly workspace: string;
  readonly ledger: Ledger;
  readonly now: Clock;
  readonly onChanged: (approvalId: string) => void;
}

async function step(
  deps: ByHandDeps,
  approval: Approval,
  change: {
    from: 'pending' | 'unknown';
    to: 'cancelled' | 'succeeded' | 'failed';
    by: string;
    reason: string;
  },
): Promise<Approval> {
  const applied = await deps.ledger.commit({
    guard: stepApproval({
      id: approval.id,
      from: change.from,
      to: change.to,
      reason: change.reason,
      at: deps.now(),
    }),
    entries: [
      approvalEntry(approval, {
        type: change.to === 'cancelled' ? 'approval.cancelled' : 'approval.resolved',
        principal: change.by,
        body: { state: change.to, reason: change.reason },
      }),
    ],
  });
  if (applied.kind === 'refused') {
    const present = stateAt(await getApproval(deps, approval.id), deps.now());
    throw new CountersignError(
      'conflict',
      `${approval.id} is ${present}; only a call that is ${change.from} can become ${change.to}.`,
    );
  }
  deps.onChanged(approval.id);
  return getApproval(deps, approval.id);
}

/** Withdraws a call that still waits. Throws `conflict` when it is decided or expired already. */
export async function cancelApproval(
  deps: ByHandDeps,
  input: { id: string; by: string; reason: string },
): Promise<Approval> {
  const reason = parseReason('reason', input.reason) ?? 'Withdrawn.';
  const approval = await getApproval(deps, input.id);
  return step(deps, approval, { from: 'pending', to: 'cancelled', by: input.by, reason });
}

/** An operator's record of what became of an `unknown` call. It is a note on the ledger; nothing is sent. */
export async function resolveApproval(
  deps: ByHandDeps,
  input: { id: string; as: 'succeeded' | 'failed'; note: string; by: string },
): Promise<Approval> {
  const note = parseReason('note', input.note);
  if (note === undefined) {
    const expected = 'some words that say how you know';
    throw new CountersignError('invalid_request', `note: expected ${expected}`, {
      fields: [{ field: 'note', expected }],
    });
  }
  const approval = await getApproval(deps, input.id);
  return step(deps, approval, { from: 'unknown', to: input.as, by: input.by, reason: note });
}
