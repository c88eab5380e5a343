import type { Clock } from '../core/clock.ts';
import { CountersignError } from '../core/errors.ts';
import type { NewId, RandomBytes } from '../core/ids.ts';
import type { JsonObject } from '../core/json.ts';
import { LIMITS } from '../core/limits.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Verdict } from '../policy/verdict.ts';
import type { Reader } from '../storage/database.ts';
import { type Approval, dedupeKey, stateAt, termsOf } from './approval.ts';
import { approvalEntry } from './approval-entry.ts';
import { commitText, freezeCall } from './frozen-call.ts';
import { admitFreeze, approvalFromRow, insertApproval, selectAdmission, selectByDedupe } from './store.ts';
import { expireApproval } from './transitions/store.ts';
import { effectLine, renderView } from './view.ts';

export interface RequestDeps {
  readonly database: Reader;
  readonly ledger: Ledger;
  readonly now: Clock;
  readonly newId: NewId;
  readonly random: RandomBytes;
}

/** A call that policy holds, with everything that must be frozen beside it. */
export interface HeldCall {
  readonly workspace: string;
  readonly session: {
    readonly id: string;
    readonly subject: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly server: string;
  readonly tool: string;
  readonly exposed: string;
  readonly args: JsonObject;
  readonly toolHash: string;
  readonly verdict: Verdict;
  readonly idempotencyKey: string | undefined;
}

/**
 * The approval that this very call already has, settled or not, or undefined. One that has run out is recorded as
 * expired first, so that a repeated call is asked about anew.
 */
async function existing(
  deps: RequestDeps,
  sessionId: string,
  key: string,
  digest: string,
): Promise<Approval | undefined> {
  const row = (await deps.database.query(selectByDedupe(`session:${sessionId}`, key)))[0];
  if (row === undefined) return undefined;
  const approval = approvalFromRow(row);
  if (approval.call.digest !== digest) {
    throw new CountersignError(
      'idempotency_mismatch',
      `This idempotency key belongs to ${approval.id}, a call with other arguments. Use a new key for a new call.`,
    );
  }
  const now = deps.now();
  if (stateAt(approval, now) !== 'expired') return approval;
  await deps.ledger.commit({
    guard: expireApproval(approval.id, now),
    entries: [approvalEntry(approval, { type: 'approval.expired', body: {} })],
  });
  return undefined;
}

function draft(deps: RequestDeps, held: HeldCall, key: string): Approval {
  const now = deps.now();
  const call = freezeCall(held);
  const id = deps.newId('apr');
  const terms = held.verdict.approval;
  if (terms === undefined)
    throw new CountersignError('internal', 'A verdict without approval terms cannot be held.');
  const expiresAt = now + Math.min(terms.expiresMs, LIMITS.approvalExpiryMaxMs);
  const view = renderView({
    callText: call.text,
    server: held.server,
    tool: held.tool,
    risk: held.verdict.risk,
    effect: effectLine({ tool: held.tool, args: held.args, redact: held.verdict.redact }),
    redact: held.verdict.redact,
    rule: held.verdict.decidedBy?.rule ?? 'default',
    reason: held.verdict.reason,
    session: held.session.id,
    subject: held.session.subject,
    expiresAt,
  });
  return {
    id,
    workspace: held.workspace,
    requester: `session:${held.session.id}`,
    sessionId: held.session.id,
    subject: held.session.subject,
    state: 'pending',
    rev: 1,
    exposed: held.exposed,
    risk: held.verdict.risk,
    dedupeKey: key,
    call,
    action: commitText(call.text, deps.random(32)),
    view: commitText(view, deps.random(32)),
    toolHash: held.toolHash,
    policyVersion: held.verdict.policyVersion,
    verdict: held.verdict,
    instance: Buffer.from(deps.random(16)).toString('hex'),
    requestedAt: now,
    expiresAt,
    decidedAt: undefined,
    decidedBy: undefined,
    decisionReason: undefined,
    attempt: 0,
    leaseOwner: undefined,
    leaseUntil: undefined,
    result: undefined,
    outcomeAt: undefined,
    stateReason: undefined,
    escalatedAt: undefined,
    redactedAt: undefined,
  };
}

function requestedBody(approval: Approval): JsonObject {
  const terms = termsOf(approval);
  return {
    action: approval.action.commit,
    view: approval.view.commit,
    instance: approval.instance,
    tool_def: approval.toolHash,
    policy: approval.policyVersion,
    rule: approval.verdict.decidedBy?.rule ?? null,
    risk: approval.risk,
    quorum: terms.quorum,
    groups: [...terms.groups],
    approver: terms.approver,
    expires_at: approval.expiresAt,
  };
}

/** Why a freeze was refused, in the order in which the caller can do something about it. */
async function refusal(deps: RequestDeps, sessionId: string): Promise<CountersignError> {
  const row = (await deps.database.query(selectAdmission(sessionId, deps.now())))[0];
  if (row === undefined || Number(row.alive) === 0) {
    return new CountersignError(
      'not_found',
      'There is no such session. Ask whoever minted it for a new one.',
    );
  }
  if (Number(row.has_calls) === 0) {
    return new CountersignError(
      'forbidden',
      `This session has used all of its ${row.call_cap} calls. Ask for a new session.`,
    );
  }
  if (Number(row.pending) >= LIMITS.pendingPerSession) {
    return new CountersignError(
      'rate_limited',
      `This session already has ${row.pending} calls waiting for a person. Wait for some of them to be decided first.`,
    );
  }
  return new CountersignError('conflict', 'The same call changed while it was being frozen. Call it again.');
}

/**
 * Freezes a held call in one transaction and returns its approval. A repetition of the same call in the same session
 * (same digest, or same idempotency key) returns the approval it already has. Throws `idempotency_mismatch` for a
 * key that is used with other arguments, `rate_limited` when the session has too many calls waiting, `forbidden` when
 * it has used all of its calls, `not_found` when it has ended meanwhile.
 */
export async function requestApproval(
  deps: RequestDeps,
  held: HeldCall,
): Promise<{ approval: Approval; created: boolean }> {
  const { digest } = freezeCall(held);
  const key = dedupeKey(digest, held.idempotencyKey);
  const known = await existing(deps, held.session.id, key, digest);
  if (known !== undefined) return { approval: known, created: false };

  const approval = draft(deps, held, key);
  const applied = await deps.ledger.commit({
    guard: admitFreeze({
      sessionId: held.session.id,
      dedupeKey: key,
      maxPending: LIMITS.pendingPerSession,
      now: approval.requestedAt,
    }),
    then: [insertApproval(approval)],
    entries: [
      approvalEntry(approval, {
        type: 'approval.requested',
        principal: approval.requester,
        body: requestedBody(approval),
      }),
    ],
  });
  if (applied.kind === 'applied') return { approval, created: true };
  const raced = await existing(deps, held.session.id, key, digest);
  if (raced === undefined) throw await refusal(deps, held.session.id);
  return { approval: raced, created: false };
}
