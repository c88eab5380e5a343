import { CountersignError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { LIMITS } from '../core/limits.ts';
import type { EntryDraft } from '../ledger/entry.ts';
import type { Risk, Verdict } from '../policy/verdict.ts';
import { type Approval, dedupeKey } from './approval.ts';
import { approvalEntry } from './approval-entry.ts';
import type { Alongside } from './decide.ts';
import { draftApproval } from './draft.ts';
import { findRepeated } from './find-repeated.ts';
import { type FrozenCall, freezeAction } from './frozen-call.ts';
import type { RequestDeps } from './request.ts';
import { requestedBody } from './requested-body.ts';
import { admitAction } from './store.ts';
import { effectLine, renderActionView } from './view.ts';

/** What an action says where a tool call names its definition. */
const NO_DEFINITION = 'none';

/** An action that some system wants to carry out, as the door has checked it. */
export interface AskedAction {
  readonly workspace: string;
  /** Who asks and may later exchange the capability: `api_key:key_…` or `service_account:svc_…`. */
  readonly requester: string;
  /** The requester's name, for the approver's eyes. */
  readonly requesterName: string;
  /** Who acts, such as `service-account:release-bot`. */
  readonly actor: string;
  readonly name: string;
  readonly resource: string;
  /** As the requester declares it, or ''. */
  readonly risk: Risk | '';
  readonly args: JsonObject;
  readonly metadata: JsonObject;
  readonly idempotencyKey: string | undefined;
}

export interface RequestActionDeps extends RequestDeps {
  /** The single-use right that a policy which allows the action releases. */
  readonly release: (approval: Approval, at: number) => Alongside;
}

function freeze(asked: AskedAction): FrozenCall {
  const { name, resource, args, actor, risk, metadata } = asked;
  return freezeAction({ name, resource, args, facts: { actor, risk, metadata } });
}

/** The approval that this request already has by its idempotency key. Throws `idempotency_mismatch`. */
export async function findRepeatedAction(
  deps: RequestDeps,
  asked: AskedAction,
): Promise<Approval | undefined> {
  if (asked.idempotencyKey === undefined) return undefined;
  const { digest } = freeze(asked);
  const key = dedupeKey(digest, asked.idempotencyKey);
  return await findRepeated(deps, { requester: asked.requester, dedupeKey: key, digest });
}

function draft(deps: RequestDeps, asked: AskedAction, verdict: Verdict): Approval {
  const terms = verdict.approval;
  if (terms === undefined)
    throw new CountersignError('internal', 'A verdict without approval terms cannot be requested.');
  const now = deps.now();
  const call = freeze(asked);
  const { name, resource, actor, risk, metadata, requester } = asked;
  const isAllowed = verdict.effect === 'allow';
  const lastsMs = isAllowed ? terms.capability.ttlMs : Math.min(terms.expiresMs, LIMITS.approvalExpiryMaxMs);
  const view = renderActionView({
    callText: call.text,
    action: name,
    resource,
    actor,
    declaredRisk: risk,
    requestedBy: `${asked.requesterName} (${requester})`,
    risk: verdict.risk,
    effect: effectLine({
      tool: name,
      args: asked.args,
      redact: verdict.redact,
      action: { resource, metadata },
    }),
    redact: verdict.redact,
    rule: verdict.decidedBy?.rule ?? 'default',
    reason: verdict.reason,
    expiresAt: now + lastsMs,
  });
  const drafted = draftApproval(deps, {
    workspace: asked.workspace,
    requester,
    sessionId: undefined,
    subject: actor,
    exposed: name,
    // Without a key of its own every request is a new one, however equal.
    dedupeKey:
      asked.idempotencyKey === undefined
        ? `o:${Buffer.from(deps.random(16)).toString('hex')}`
        : dedupeKey(call.digest, asked.idempotencyKey),
    toolHash: NO_DEFINITION,
    call,
    verdict,
    view,
    now,
    expiresAt: now + lastsMs,
  });
  return isAllowed ? { ...drafted, state: 'approved', decidedAt: now } : drafted;
}

function approvedEntry(approval: Approval): EntryDraft {
  const body = { basis: 'policy', expires_at: approval.expiresAt };
  return approvalEntry(approval, { type: 'approval.approved', body });
}

/**
 * Freezes an action in one transaction and returns its approval: pending where the verdict holds it; approved, with its
 * capability, where the verdict allows it. Only a request with an idempotency key that was used before gets the approval
 * that is there already. Throws `idempotency_mismatch` for a key that stands for another action, and `rate_limited` when
 * the requester has too many actions waiting.
 */
export async function requestAction(
  deps: RequestActionDeps,
  asked: AskedAction,
  verdict: Verdict,
): Promise<{ approval: Approval; created: boolean }> {
  const approval = draft(deps, asked, verdict);
  const isApproved = approval.state === 'approved';
  const released = isApproved ? deps.release(approval, approval.requestedAt) : { then: [], entries: [] };
  const applied = await deps.ledger.commit({
    guard: admitAction({ approval, maxPending: LIMITS.pendingPerRequester }),
    then: released.then,
    entries: [
      approvalEntry(approval, {
        type: 'approval.requested',
        principal: approval.requester,
        body: requestedBody(approval),
      }),
      ...(isApproved ? [approvedEntry(approval)] : []),
      ...released.entries,
    ],
  });
  if (applied.kind === 'applied') return { approval, created: true };
  const raced = await findRepeatedAction(deps, asked);
  if (raced !== undefined) return { approval: raced, created: false };
  throw new CountersignError(
    'rate_limited',
    `${approval.requester} already has ${LIMITS.pendingPerRequester} actions waiting for a person. Wait for some of them to be decided, or cancel some.`,
  );
}
