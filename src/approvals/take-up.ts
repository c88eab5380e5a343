import type { Clock } from '../core/clock.ts';
import { commitment } from '../core/digest.ts';
import { CountersignError, errorText } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Reader } from '../storage/database.ts';
import { claimAction } from './actions/store.ts';
import { type Approval, type ApprovalState, stateAt } from './approval.ts';
import { approvalEntry } from './approval-entry.ts';
import { getApproval } from './list.ts';
import { plainNote } from './reason.ts';
import type { Spent } from './replay.ts';
import { stepApproval } from './transitions/store.ts';

export interface TakeUpDeps {
  readonly database: Reader;
  readonly workspace: string;
  readonly ledger: Ledger;
  readonly now: Clock;
  /** Why the approved action may no longer be carried out, or undefined. Any throw counts as a reason. */
  readonly recheck: (approval: Approval) => Promise<string | undefined>;
  readonly onChanged: (approvalId: string) => void;
}

const ADVICE: Readonly<Record<Exclude<ApprovalState, 'approved'>, string>> = {
  pending: 'Nobody has decided it yet; wait until somebody has.',
  denied: 'It must not be carried out.',
  expired: 'Request a new approval.',
  cancelled: 'Request a new approval.',
  void: 'Request a new approval.',
  executing: 'Its capability was exchanged already, and works once; report the outcome.',
  succeeded: 'Its capability was exchanged already, and works once.',
  failed: 'Its capability was exchanged already, and works once. Request a new approval.',
  unknown: 'Its capability was exchanged already, and works once. Find out what happened first.',
};

function refused(approval: Approval, state: ApprovalState): CountersignError {
  const advice =
    state === 'approved' ? 'Its capability is spent or revoked. Request a new approval.' : ADVICE[state];
  const why = state === 'void' && approval.stateReason !== undefined ? ` (${approval.stateReason})` : '';
  return new CountersignError('conflict', `${approval.id} is ${state}${why}. ${advice}`);
}

/** Why the approved action may not be carried out, or undefined. The stored bytes must still be the signed ones. */
async function refusalOf(deps: TakeUpDeps, approval: Approval): Promise<string | undefined> {
  const { text, salt, commit } = approval.action;
  if (commitment(Buffer.from(salt, 'hex'), text) !== commit)
    return 'The stored action is not the one that was approved.';
  try {
    const refusal = await deps.recheck(approval);
    return refusal === undefined ? undefined : plainNote(refusal);
  } catch (error) {
    return plainNote(`The re-check failed: ${errorText(error)}`);
  }
}

async function voidAction(deps: TakeUpDeps, approval: Approval, reason: string): Promise<never> {
  await deps.ledger.commit({
    guard: stepApproval({ id: approval.id, from: 'approved', to: 'void', reason, at: deps.now() }),
    entries: [approvalEntry(approval, { type: 'approval.void', body: { reason } })],
  });
  deps.onChanged(approval.id);
  throw new CountersignError('conflict', `${approval.id} is void: ${reason} ${ADVICE.void}`);
}

/**
 * Lets the requester of an approved action carry it out, at most once: the claim and the spending of its capability are
 * one transaction, durable when this resolves. What it resolves with is `executing`; its lease ends after
 * `LIMITS.actionOutcomeMs` without a report. Throws `forbidden` for anybody but the requester, and `conflict`, which says
 * how the approval stands and what to do, unless it is approved and unexpired; a failed re-check makes it void. When
 * COMMIT reports nothing the error passes through and no right may be handed out.
 */
export async function takeUpAction(
  deps: TakeUpDeps,
  input: { approvalId: string; holder: string; spend: (approval: Approval) => Promise<Spent> },
): Promise<Approval> {
  const { holder } = input;
  const approval = await getApproval(deps, input.approvalId);
  if (approval.call.kind !== 'action') {
    throw new CountersignError(
      'forbidden',
      `${approval.id} is a tool call, which the gateway itself carries out; it has nothing to exchange.`,
    );
  }
  if (approval.requester !== holder) {
    throw new CountersignError(
      'forbidden',
      `Only ${approval.requester}, who requested ${approval.id}, may use it.`,
    );
  }
  const state = stateAt(approval, deps.now());
  if (state !== 'approved') throw refused(approval, state);
  const refusal = await refusalOf(deps, approval);
  if (refusal !== undefined) return await voidAction(deps, approval, refusal);

  const spent = await input.spend(approval);
  const now = deps.now();
  const attempt = approval.attempt + 1;
  const leaseUntil = now + LIMITS.actionOutcomeMs;
  const body = { attempt, owner: holder, digest: approval.action.commit };
  const claimed = await deps.ledger.commit({
    guard: claimAction({ id: approval.id, holder, until: leaseUntil, now, condition: spent.condition }),
    then: spent.then,
    entries: [
      approvalEntry(approval, { type: 'approval.executing', principal: holder, body }),
      ...spent.entries,
    ],
  });
  if (claimed.kind === 'refused') {
    const present = await getApproval(deps, approval.id);
    throw refused(present, stateAt(present, deps.now()));
  }
  deps.onChanged(approval.id);
  return { ...approval, state: 'executing', rev: approval.rev + 1, attempt, leaseOwner: holder, leaseUntil };
}
