import { z } from '@hono/zod-openapi';
import { type Approval, type Decision, isSettled, stateAt } from '../approvals/approval.ts';
import { effectOf } from '../approvals/effect.ts';
import { type FrozenCall, thawCall } from '../approvals/frozen-call.ts';
import { type Capability, capabilityState } from '../capabilities/capability.ts';
import { canonicalize } from '../core/canonical.ts';
import { toRfc3339 } from '../core/clock.ts';
import type { JsonObject } from '../core/json.ts';
import type { CatalogTool } from '../downstream/catalog.ts';
import { redactArguments } from '../policy/redact.ts';
import { hiddenArgumentsOf, hiddenOfResult, shownResult } from './hidden.ts';
import { termsBody, termsShape } from './terms-body.ts';

export const RISKS = ['low', 'medium', 'high', 'critical'] as const;

const actionSchema = z.object({
  name: z.string(),
  resource: z.string(),
  actor: z.string(),
  risk: z.enum(RISKS).nullable(),
  metadata: z.record(z.string(), z.unknown()),
});

const capabilitySchema = z.object({
  id: z.string(),
  state: z.enum(['issued', 'exchanged', 'revoked', 'expired']),
  expires_at: z.string(),
});

const STATES = [
  'pending',
  'approved',
  'denied',
  'expired',
  'cancelled',
  'void',
  'executing',
  'succeeded',
  'failed',
  'unknown',
] as const;

export const stateSchema = z.enum(STATES);

export const approvalSchema = z
  .object({
    id: z.string(),
    state: stateSchema,
    state_reason: z.string().nullable(),
    kind: z.enum(['tool', 'action']),
    requester: z.string(),
    subject: z.string(),
    session: z
      .object({ id: z.string(), subject: z.string(), labels: z.record(z.string(), z.string()) })
      .nullable(),
    action: actionSchema.nullable(),
    server: z.string().nullable(),
    tool: z.string(),
    exposed: z.string(),
    risk: z.enum(RISKS),
    rule: z.object({ id: z.string(), file: z.string(), line: z.number() }).nullable(),
    reason: z.string(),
    requested_at: z.string(),
    expires_at: z.string(),
    decided_at: z.string().nullable(),
    decision_reason: z.string().nullable(),
    ...termsShape,
    capability: capabilitySchema.nullable(),
    call_digest: z.string().nullable(),
    redacted_at: z.string().nullable(),
    hidden: z.array(z.string()),
    effect: z.string(),
    url: z.string(),
  })
  .openapi('Approval');

export const detailSchema = approvalSchema
  .extend({
    call: z.string(),
    call_salt: z.string().nullable(),
    call_commit: z.string(),
    view: z.string(),
    view_salt: z.string(),
    view_commit: z.string(),
    tool_hash: z.string(),
    tool_definition: z.record(z.string(), z.unknown()).nullable(),
    policy_version: z.string(),
    instance: z.string(),
    log: z.string(),
    redact: z.array(z.string()),
    hidden_in_result: z.array(z.string()),
    own_request: z.string().nullable(),
    result: z.object({ kind: z.enum(['result', 'error', 'note']), text: z.string() }).nullable(),
  })
  .openapi('ApprovalDetail');

export interface BodyContext {
  readonly publicOrigin: string;
  readonly log: string;
  readonly now: number;
  /** Names of `person:…` and `service_account:…`. */
  readonly nameOf: (approver: string) => string;
  readonly labelsOf: (sessionId: string) => Readonly<Record<string, string>>;
  /** What approving released. */
  readonly capabilityOf: (approvalId: string) => Capability | undefined;
}

const optionalTime = (at: number | undefined): string | null => (at === undefined ? null : toRfc3339(at));

function actionBody(call: FrozenCall): z.infer<typeof actionSchema> | null {
  if (call.action === undefined) return null;
  const { actor, risk, metadata } = call.action;
  return { name: call.tool, resource: call.server, actor, risk: risk === '' ? null : risk, metadata };
}

function sessionBody(approval: Approval, context: BodyContext): z.infer<typeof approvalSchema>['session'] {
  const { sessionId: id, subject } = approval;
  return id === undefined ? null : { id, subject, labels: { ...context.labelsOf(id) } };
}

function capabilityBody(
  capability: Capability | undefined,
  now: number,
): z.infer<typeof capabilitySchema> | null {
  if (capability === undefined) return null;
  const { id, expiresAt } = capability;
  return { id, state: capabilityState(capability, now), expires_at: toRfc3339(expiresAt) };
}

/** An approval as lists show it: what it would do and how it stands, without the arguments. */
export function approvalBody(
  approval: Approval,
  decisions: readonly Decision[],
  context: BodyContext,
): z.infer<typeof approvalSchema> {
  const place = approval.verdict.decidedBy;
  const hidden = hiddenArgumentsOf(approval);
  return {
    id: approval.id,
    state: stateAt(approval, context.now),
    state_reason: approval.stateReason ?? null,
    kind: approval.call.kind,
    requester: approval.requester,
    subject: approval.subject,
    session: sessionBody(approval, context),
    action: actionBody(approval.call),
    server: approval.call.kind === 'tool' ? approval.call.server : null,
    tool: approval.call.tool,
    exposed: approval.exposed,
    risk: approval.risk,
    rule: place === undefined ? null : { id: place.rule, file: place.file, line: place.line },
    reason: approval.verdict.reason,
    requested_at: toRfc3339(approval.requestedAt),
    expires_at: toRfc3339(approval.expiresAt),
    decided_at: optionalTime(approval.decidedAt),
    decision_reason: approval.decisionReason ?? null,
    ...termsBody(approval, decisions, context),
    capability: capabilityBody(context.capabilityOf(approval.id), context.now),
    // A digest without a salt would let hidden values be guessed.
    call_digest: approval.redactedAt !== undefined || hidden.length > 0 ? null : approval.call.digest,
    redacted_at: optionalTime(approval.redactedAt),
    hidden: [...hidden],
    effect: effectOf(approval),
    url: `${context.publicOrigin}/approvals/${approval.id}`,
  };
}

/**
 * Everything about an approval, without the values that policy hides and without the salt and the digest with which they
 * could be guessed. These are revealed by an operation of their own (`revealedArguments`).
 */
export function detailBody(
  input: {
    approval: Approval;
    decisions: readonly Decision[];
    tool: CatalogTool | undefined;
    /** Why it is the own request of the person who reads it, if it is. */
    ownRequest: string | undefined;
  },
  context: BodyContext,
): z.infer<typeof detailSchema> {
  const { approval, tool } = input;
  const { redact } = approval.verdict;
  const body = approvalBody(approval, input.decisions, context);
  const erased = approval.redactedAt !== undefined;
  const settled = settledResult(approval, context.now);
  return {
    ...body,
    call: erased ? '' : shownCall(approval, body.hidden),
    call_salt: erased || body.hidden.length > 0 ? null : approval.action.salt,
    call_commit: approval.action.commit,
    view: approval.view.text,
    view_salt: approval.view.salt,
    view_commit: approval.view.commit,
    tool_hash: approval.toolHash,
    // Only the definition that the approval is bound to; a later one would show what nobody agreed to.
    tool_definition: tool?.hash === approval.toolHash ? tool.definition : null,
    policy_version: approval.policyVersion,
    instance: approval.instance,
    log: context.log,
    redact: [...redact],
    hidden_in_result: [...hiddenOfResult(settled, redact)],
    own_request: input.ownRequest ?? null,
    result: settled === undefined ? null : { kind: settled.kind, text: shownResult(settled, redact) },
  };
}

/** The frozen text without these values. */
function shownCall({ call: { text } }: Approval, hidden: readonly string[]): string {
  if (hidden.length === 0) return text;
  const call = JSON.parse(text) as JsonObject;
  return canonicalize({ ...call, arguments: redactArguments(thawCall(text).args, hidden) });
}

/** What came of it, once that is told. */
export function settledResult(approval: Approval, now: number): Approval['result'] {
  return isSettled(stateAt(approval, now)) ? approval.result : undefined;
}
