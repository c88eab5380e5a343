import type { Clock } from '../core/clock.ts';
import { CountersignError } from '../core/errors.ts';
import type { NewId, RandomBytes } from '../core/ids.ts';
import type { JsonObject } from '../core/json.ts';
import { LIMITS } from '../core/limits.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Verdict } from '../policy/verdict.ts';
import type { Database } from '../storage/database.ts';
import { type Approval, dedupeKey, termsOf } from './approval.ts';
import { commitText, freezeCall } from './frozen-call.ts';
import { approvalFromRow, countCall, countPending, insertApproval, selectByDedupe } from './store.ts';
import { effectLine, renderView } from './view.ts';

export interface RequestDeps {
  readonly database: Database;
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

/** The approval that this very call already has, settled or not, or undefined. */
async function existing(
  deps: RequestDeps,
  sessionId: string,
  key: string,
  digest: string,
): Promise<Approval | undefined> {
  const row = (await deps.database.query(selectByDedupe(sessionId, key)))[0];
  if (row === undefined) return undefined;
  const approval = approvalFromRow(row);
  if (approval.call.digest !== digest) {
    throw new CountersignError(
      'idempotency_mismatch',
      `This idempotency key belongs to ${approval.id}, a call with other arguments. Use a new key for a new call.`,
    );
  }
  return approval;
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

/**
 * Freezes a held call in one transaction and returns its approval. A repetition of the same call in the same session
 * (same digest, or same idempotency key) returns the approval it already has. Throws `idempotency_mismatch` for a
 * key that is used with other arguments, `rate_limited` when the session has too many calls waiting.
 */
export async function requestApproval(
  deps: RequestDeps,
  held: HeldCall,
): Promise<{ approval: Approval; created: boolean }> {
  const { digest } = freezeCall(held);
  const key = dedupeKey(digest, held.idempotencyKey);
  const known = await existing(deps, held.session.id, key, digest);
  if (known !== undefined) return { approval: known, created: false };

  const pending = Number((await deps.database.query(countPending(held.session.id)))[0]?.pending ?? 0);
  if (pending >= LIMITS.pendingPerSession) {
    throw new CountersignError(
      'rate_limited',
      `This session already has ${pending} calls waiting for a person. Wait for some of them to be decided first.`,
    );
  }
  const approval = draft(deps, held, key);
  const applied = await deps.ledger.commit({
    guard: insertApproval(approval),
    then: [countCall(held.session.id)],
    entries: [
      {
        type: 'approval.requested',
        ref: {
          approval: approval.id,
          session: approval.sessionId,
          subject: approval.subject,
          principal: `session:${approval.sessionId}`,
          action: `${held.server}/${held.tool}`,
        },
        body: requestedBody(approval),
      },
    ],
  });
  if (applied.kind === 'applied') return { approval, created: true };
  const raced = await existing(deps, held.session.id, key, digest);
  if (raced === undefined)
    throw new CountersignError(
      'conflict',
      'The same call was settled while it was being frozen. Call it again.',
    );
  return { approval: raced, created: false };
}
