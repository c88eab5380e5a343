import type { Clock } from '../core/clock.ts';
import { CountersignError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Reader } from '../storage/database.ts';
import { type Approval, type ApprovalState, stateAt } from './approval.ts';
import { approvalEntry } from './approval-entry.ts';
import { getApproval } from './list.ts';
import { parseReason } from './reason.ts';
import { settleApproval } from './transitions/store.ts';

export interface ReportDeps {
  readonly database: Reader;
  readonly workspace: string;
  readonly ledger: Ledger;
  readonly now: Clock;
  readonly onChanged: (approvalId: string) => void;
}

const NOTE: Readonly<Record<'succeeded' | 'failed', string>> = {
  succeeded: 'Its requester reports that it succeeded.',
  failed: 'Its requester reports that it failed.',
};

function advice(state: ApprovalState): string {
  if (state === 'pending') return 'Nobody has decided it yet.';
  if (state === 'approved') return 'Exchange its capability first.';
  if (state === 'unknown') return 'The report comes too late; an operator records what happened.';
  return 'An outcome is final.';
}

/**
 * Records what the requester of an action says became of it, once, while it is `executing`. Throws `forbidden` for
 * anybody but the one who took it up, `conflict` in any other state, and `invalid_request` for a note that is too long.
 */
export async function reportOutcome(
  deps: ReportDeps,
  input: { approvalId: string; holder: string; state: 'succeeded' | 'failed'; note: string | undefined },
): Promise<Approval> {
  const { holder, state } = input;
  const note = parseReason('note', input.note);
  const approval = await getApproval(deps, input.approvalId);
  if (approval.call.kind !== 'action') {
    throw new CountersignError(
      'forbidden',
      `${approval.id} is a tool call: the gateway itself carries it out and records the outcome.`,
    );
  }
  if (approval.requester !== holder) {
    throw new CountersignError(
      'forbidden',
      `Only ${approval.requester}, who requested ${approval.id}, may report what became of it.`,
    );
  }
  const { attempt } = approval;
  const body: JsonObject = { state, attempt, ...(note === undefined ? {} : { reason: note }) };
  const applied = await deps.ledger.commit({
    guard: settleApproval({
      id: approval.id,
      owner: holder,
      attempt,
      state,
      result: { kind: 'note', text: note ?? NOTE[state] },
      reason: note,
      at: deps.now(),
    }),
    entries: [approvalEntry(approval, { type: 'approval.outcome', principal: holder, body })],
  });
  const present = await getApproval(deps, approval.id);
  if (applied.kind === 'refused') {
    const found = stateAt(present, deps.now());
    throw new CountersignError('conflict', `${approval.id} is ${found}, not executing. ${advice(found)}`);
  }
  deps.onChanged(approval.id);
  return present;
}
