import type { Approval } from '../approvals/approval.ts';
import { callParamsText } from '../approvals/frozen-call.ts';
import { canonicalize } from '../core/canonical.ts';
import { CountersignError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type {
  CatalogTool,
  DownstreamOutcome,
  DownstreamRequest,
  Downstreams,
} from '../downstream/catalog.ts';
import type { EntryDraft, EntryRef } from '../ledger/entry.ts';
import type { Verdict } from '../policy/verdict.ts';
import type { Session } from '../sessions/session.ts';
import type { GateCall, GateDeps, GateOutcome } from './call.ts';

/** The one door out: every byte that reaches a downstream on an agent's behalf passes here. */
function send(downstreams: Downstreams, request: DownstreamRequest): Promise<DownstreamOutcome> {
  return downstreams.request(request);
}

function outcomeBody(outcome: DownstreamOutcome): JsonObject {
  switch (outcome.kind) {
    case 'result':
      return { kind: 'result', is_error: outcome.isError, bytes: outcome.raw.length };
    case 'error':
      return { kind: 'error', bytes: outcome.raw.length };
    default:
      return { kind: outcome.kind, reason: outcome.reason };
  }
}

/**
 * Sends an allowed call. Its intent is durable before the first byte leaves: when the ledger cannot be written,
 * nothing is sent. The outcome is durable before the agent sees it, except for tools that the operator's rule marks
 * read-only, whose outcome is recorded right after.
 */
export async function forwardLive(
  deps: GateDeps,
  input: { call: GateCall; tool: CatalogTool; verdict: Verdict },
): Promise<GateOutcome> {
  const { call, tool, verdict } = input;
  const id = deps.newId('req');
  const argumentsText = canonicalize(call.args);
  const sealed = deps.sealArguments({ id, subject: call.session.subject, text: argumentsText });
  const ref: EntryRef = {
    session: call.session.id,
    subject: call.session.subject,
    call: id,
    action: `${tool.server}/${tool.tool}`,
  };
  const intent = await deps.ledger.commit({
    guard: deps.spendCall(call.session.id),
    then: [sealed.sidecar],
    entries: [{ type: 'call.intent', ref, body: intentBody(tool, verdict, sealed.commit) }],
  });
  if (intent.kind === 'refused') {
    throw new CountersignError(
      'forbidden',
      `This session has used all of its ${call.session.callCap ?? 0} calls. Ask for a new session.`,
    );
  }
  deps.counted(call.session.id, Number(intent.rows[0]?.calls ?? 0));
  if (!deps.isActive(call.session))
    throw new CountersignError('not_found', 'The session ended before the call was sent.');

  const outcome = await send(deps.downstreams, {
    server: tool.server,
    method: 'tools/call',
    paramsText: callParamsText({ tool: tool.tool, argumentsText }),
    ...(call.meta === undefined ? {} : { meta: call.meta }),
    ...(call.onProgress === undefined ? {} : { onProgress: call.onProgress }),
    ...(call.signal === undefined ? {} : { signal: call.signal }),
  });
  const recorded = deps.ledger.commit({
    entries: [{ type: 'call.outcome', ref, body: outcomeBody(outcome) } as EntryDraft],
  });
  if (verdict.readOnly) recorded.catch(() => undefined);
  else await recorded;
  return toGateOutcome(tool, outcome);
}

function intentBody(tool: CatalogTool, verdict: Verdict, commit: string): JsonObject {
  const body: JsonObject = {
    arguments: commit,
    tool_def: tool.hash,
    policy: verdict.policyVersion,
    rule: verdict.decidedBy?.rule ?? null,
  };
  if (verdict.shadow.length > 0) {
    body.shadow = verdict.shadow.map((one) => ({ rule: one.rule, effect: one.effect }));
  }
  return body;
}

function toGateOutcome(tool: { exposed: string; server: string }, outcome: DownstreamOutcome): GateOutcome {
  switch (outcome.kind) {
    case 'result':
      return { kind: 'result', raw: outcome.raw };
    case 'error':
      return { kind: 'error', raw: outcome.raw };
    case 'not_sent':
      return {
        kind: 'refused',
        code: outcome.code,
        message: `${tool.exposed} was not called: ${outcome.reason}`,
      };
    case 'unknown':
      return {
        kind: 'refused',
        code: 'outcome_unknown',
        message: `${tool.exposed} was sent to ${tool.server}, but its outcome is not known: ${outcome.reason} It may have run; check before calling it again.`,
      };
  }
}

/**
 * Sends the frozen bytes of an approved call: the stored arguments and nothing else of what the agent once sent.
 * The approval id and attempt travel as the idempotency key. Never inherits a caller's signal.
 */
export function dispatchFrozen(
  downstreams: Downstreams,
  approval: Approval,
  attempt: number,
): Promise<DownstreamOutcome> {
  return send(downstreams, {
    server: approval.call.server,
    method: 'tools/call',
    paramsText: callParamsText(approval.call),
    meta: { 'countersign/approval': approval.id, 'countersign/idempotency-key': `${approval.id}:${attempt}` },
  });
}

/** Sends a governed request other than a tool call (resources, prompts, completion) after its intent is durable. */
export async function forwardRequest(
  deps: GateDeps,
  input: {
    session: Session;
    server: string;
    method: string;
    action: string;
    params: JsonObject;
    signal?: AbortSignal | undefined;
  },
): Promise<GateOutcome> {
  const id = deps.newId('req');
  const ref: EntryRef = {
    session: input.session.id,
    subject: input.session.subject,
    call: id,
    action: input.action,
  };
  await deps.ledger.commit({
    entries: [{ type: 'call.intent', ref, body: { method: input.method, policy: deps.policy().version } }],
  });
  const outcome = await send(deps.downstreams, {
    server: input.server,
    method: input.method,
    paramsText: canonicalize(input.params),
    ...(input.signal === undefined ? {} : { signal: input.signal }),
  });
  await deps.ledger.commit({ entries: [{ type: 'call.outcome', ref, body: outcomeBody(outcome) }] });
  return toGateOutcome({ exposed: input.action, server: input.server }, outcome);
}
