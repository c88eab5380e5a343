import type { Clock } from '../core/clock.ts';
import { CountersignError } from '../core/errors.ts';
import type { NewId, RandomBytes } from '../core/ids.ts';
import type { JsonObject } from '../core/json.ts';
import { LIMITS } from '../core/limits.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Verdict } from '../policy/verdict.ts';
import type { Reader } from '../storage/database.ts';
import { type Approval, dedupeKey } from './approval.ts';
import { approvalEntry } from './approval-entry.ts';
import { draftApproval } from './draft.ts';
import { findRepeated } from './find-repeated.ts';
import { type FrozenCall, freezeCall } from './frozen-call.ts';
import { requestedBody } from './requested-body.ts';
import { admitFreeze, insertApproval, selectAdmission } from './store.ts';
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

function draft(deps: RequestDeps, held: HeldCall, frozen: { call: FrozenCall; dedupeKey: string }): Approval {
  const { verdict, session } = held;
  const now = deps.now();
  const terms = verdict.approval;
  if (terms === undefined)
    throw new CountersignError('internal', 'A verdict without approval terms cannot be held.');
  const expiresAt = now + Math.min(terms.expiresMs, LIMITS.approvalExpiryMaxMs);
  const view = renderView({
    callText: frozen.call.text,
    server: held.server,
    tool: held.tool,
    risk: verdict.risk,
    effect: effectLine({ tool: held.tool, args: held.args, redact: verdict.redact }),
    redact: verdict.redact,
    rule: verdict.decidedBy?.rule ?? 'default',
    reason: verdict.reason,
    session: session.id,
    subject: session.subject,
    expiresAt,
  });
  return draftApproval(deps, {
    ...frozen,
    workspace: held.workspace,
    requester: `session:${session.id}`,
    sessionId: session.id,
    subject: session.subject,
    exposed: held.exposed,
    toolHash: held.toolHash,
    verdict,
    view,
    now,
    expiresAt,
  });
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
  const call = freezeCall(held);
  const key = dedupeKey(call.digest, held.idempotencyKey);
  const request = { requester: `session:${held.session.id}`, dedupeKey: key, digest: call.digest };
  const known = await findRepeated(deps, request);
  if (known !== undefined) return { approval: known, created: false };

  const approval = draft(deps, held, { call, dedupeKey: key });
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
  const raced = await findRepeated(deps, request);
  if (raced === undefined) throw await refusal(deps, held.session.id);
  return { approval: raced, created: false };
}
