import type { Clock } from '../core/clock.ts';
import { statementChallenge } from '../core/digest.ts';
import { CountersignError } from '../core/errors.ts';
import type { NewId, RandomBytes } from '../core/ids.ts';
import { LIMITS } from '../core/limits.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Maker } from '../principals/makers/maker.ts';
import type { Reader } from '../storage/database.ts';
import { type Approval, type Decision, stateAt, termsOf } from './approval.ts';
import { type Approver, approverRef, approverRefusal, type Deciding } from './approver.ts';
import { getApproval, listDecisions } from './list.ts';
import { capabilityTtlMs } from './quorum.ts';
import { parseReason } from './reason.ts';
import { ttlSeconds } from './requested-body.ts';
import { buildStatement } from './statement.ts';
import { insertStatement } from './transitions/store.ts';

export interface OfferDeps {
  readonly database: Reader;
  readonly workspace: string;
  readonly ledger: Ledger;
  readonly now: Clock;
  readonly newId: NewId;
  readonly random: RandomBytes;
  /** The log's origin, named in every statement. */
  readonly log: string;
  /** Who made what asks; it never changes. */
  readonly makerOf: (approval: Pick<Approval, 'requester'>) => Promise<Maker>;
}

/** Throws `conflict` unless it is still to be decided, `forbidden` unless this approver may decide it at this moment. */
export async function checkMayDecide(
  deps: Pick<OfferDeps, 'makerOf'>,
  { approval, approver }: { approval: Approval; approver: Approver },
  deciding: Deciding,
): Promise<void> {
  const state = stateAt(approval, deciding.at);
  if (state === 'expired')
    throw new CountersignError('conflict', `${approval.id} has expired. The agent must make the call again.`);
  if (state !== 'pending')
    throw new CountersignError('conflict', `${approval.id} is already ${state}; a decision is final.`);
  const maker = await deps.makerOf(approval);
  const refusal = approverRefusal(termsOf(approval), approver, { approval, maker, ...deciding });
  if (refusal !== undefined) throw new CountersignError('forbidden', refusal);
}

/** The decisions made so far. Throws `conflict` when one of them is this approver's. */
export async function decisionsBefore(
  database: Reader,
  decided: { approvalId: string; by: string },
): Promise<Decision[]> {
  const earlier = await listDecisions(database, decided.approvalId);
  if (earlier.some((one) => one.approver === decided.by))
    throw new CountersignError('conflict', 'You have decided this call already.');
  return earlier;
}

function checkBreakGlass(input: { decision: 'approve' | 'deny'; reason: string | undefined }): void {
  const refuse = (field: string, expected: string): never => {
    throw new CountersignError('invalid_request', `${field}: expected ${expected}`, {
      fields: [{ field, expected }],
    });
  };
  if (input.decision !== 'approve')
    refuse('break_glass', 'a decision of "approve"; to deny, leave break_glass out');
  if (input.reason === undefined) refuse('reason', 'why the glass must be broken; everybody will read it');
}

/**
 * Writes the statement that the approver is to sign: single-use, short-lived, bound to the approval, the decision,
 * the reason and the approver. The challenge is its digest.
 */
export async function offerStatement(
  deps: OfferDeps,
  input: {
    approvalId: string;
    approver: Approver;
    decision: 'approve' | 'deny';
    reason: string | undefined;
    breakGlass?: boolean;
  },
): Promise<{ id: string; text: string; challenge: Uint8Array; expiresAt: number }> {
  const now = deps.now();
  const { approver, decision, breakGlass = false } = input;
  const by = approverRef(approver);
  const approval = await getApproval(deps, input.approvalId);
  await checkMayDecide(deps, { approval, approver }, { at: now, breakGlass });
  await decisionsBefore(deps.database, { approvalId: approval.id, by });
  const reason = parseReason('reason', input.reason);
  if (breakGlass) checkBreakGlass({ decision, reason });
  const expiresAt = Math.min(now + LIMITS.statementTtlMs, approval.expiresAt);
  const id = deps.newId('stm');
  const text = buildStatement({
    log: deps.log,
    approval: approval.id,
    instance: approval.instance,
    decision,
    ...(reason === undefined ? {} : { reason }),
    ...(breakGlass ? { breakGlass } : {}),
    actionCommit: approval.action.commit,
    viewCommit: approval.view.commit,
    toolHash: approval.toolHash,
    policyVersion: approval.policyVersion,
    approver: by,
    scope: {
      aud: approval.call.server,
      uses: 1,
      ttl: ttlSeconds(capabilityTtlMs(termsOf(approval), breakGlass)),
    },
    nonce: Buffer.from(deps.random(32)).toString('base64url'),
    // A little later than we ourselves accept it, so that a decision is on the ledger before its statement has ended.
    exp: Math.ceil((expiresAt + LIMITS.clockSkewMs) / 1000),
  });
  await deps.ledger.commit({
    guard: insertStatement({
      id,
      workspace: approval.workspace,
      approvalId: approval.id,
      approver: by,
      decision,
      reason,
      text,
      createdAt: now,
      expiresAt,
    }),
    entries: [],
  });
  return { id, text, challenge: statementChallenge(text), expiresAt };
}
