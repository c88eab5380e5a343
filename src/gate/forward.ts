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
import type { EntryRef } from '../ledger/entry.ts';
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
      return { kind: 'result', is_error: outcome.isError, bytes: Buffer.byteLength(outcome.raw) };
    case 'error':
      return { kind: 'error', bytes: Buffer.byteLength(outcome.raw) };
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
  const { retainMs } = verdict;
  const sealed = deps.sealArguments({ id, subject: call.session.subject, text: argumentsText, retainMs });
  const ref: EntryRef = {
    session: call.session.id,
    subject: call.session.subject,
    call: id,
    action: `${tool.server}/${tool.tool}`,
  };
  const intent = await deps.ledger.commit({
    // Only a cap has to be exact; other counts are for people to read and need no write of their own.
    ...(call.session.callCap === undefined ? {} : { guard: deps.spendCall(call.session.id) }),
    then: [sealed.sidecar],
    entries: [{ type: 'call.intent', ref, body: intentBody(tool, verdict, sealed.commit) }],
  });
  if (intent.kind === 'refused') {
    throw new CountersignError(
      'forbidden',
      `This session has used all of its ${call.session.callCap ?? 0} calls. Ask for a new session.`,
    );
  }
  if (call.session.callCap === undefined) deps.countCall(call.session.id);
  else deps.counted(call.session.id, Number(intent.rows[0]?.calls ?? 0));
  if (!deps.isActive(call.session)) {
    const reason = 'The session ended before the call was sent.';
    await recordOutcome(deps, ref, { kind: 'not_sent', code: 'cancelled', reason });
    throw new CountersignError('not_found', reason);
  }

  const outcome = await send(deps.downstreams, {
    server: tool.server,
    method: 'tools/call',
    paramsText: callParamsText({ tool: tool.tool, argumentsText }),
    judged: tool,
    stillAllowed: () => deps.isActive(call.session),
    ...(call.meta === undefined ? {} : { meta: call.meta }),
    ...(call.onProgress === undefined ? {} : { onProgress: call.onProgress }),
    ...(call.signal === undefined ? {} : { signal: call.signal }),
  });
  const recorded = recordOutcome(deps, ref, outcome, verdict.readOnly);
  if (!verdict.readOnly && !(await recorded)) return unrecorded(tool);
  return toGateOutcome(tool, outcome);
}

/** Never rejects: a call that has been sent is not undone by a ledger that cannot be written. */
async function recordOutcome(
  deps: GateDeps,
  ref: EntryRef,
  outcome: DownstreamOutcome,
  later = false,
): Promise<boolean> {
  try {
    await deps.ledger.commit({ later, entries: [{ type: 'call.outcome', ref, body: outcomeBody(outcome) }] });
    return true;
  } catch (error) {
    deps.report(error);
    return false;
  }
}

/** What an agent must hear when a call was sent and the ledger then failed: never that it did not run. */
function unrecorded(tool: { exposed: string; server: string }): GateOutcome {
  return {
    kind: 'refused',
    code: 'outcome_unknown',
    message: `${tool.exposed} was sent to ${tool.server}, but its outcome could not be recorded and is withheld. It has probably run; check before calling it again.`,
  };
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
 * The approval id and attempt travel as the idempotency key, with the capability's token where the server wants it.
 * Never inherits a caller's signal.
 */
export function dispatchFrozen(
  downstreams: Downstreams,
  approval: Approval,
  sending: { attempt: number; token: string | undefined; stillAllowed: () => boolean },
): Promise<DownstreamOutcome> {
  const { attempt, token, stillAllowed } = sending;
  return send(downstreams, {
    server: approval.call.server,
    method: 'tools/call',
    paramsText: callParamsText(approval.call),
    judged: { tool: approval.call.tool, hash: approval.toolHash },
    stillAllowed,
    meta: {
      'countersign/approval': approval.id,
      'countersign/idempotency-key': `${approval.id}:${attempt}`,
      ...(token === undefined ? {} : { 'countersign/capability': token }),
    },
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
    meta?: JsonObject | undefined;
    onProgress?: ((progress: JsonObject) => void) | undefined;
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
  if (!deps.isActive(input.session))
    throw new CountersignError('not_found', 'The session ended before the request was sent.');
  const outcome = await send(deps.downstreams, {
    server: input.server,
    method: input.method,
    paramsText: canonicalize(input.params),
    ...(input.meta === undefined ? {} : { meta: input.meta }),
    ...(input.onProgress === undefined ? {} : { onProgress: input.onProgress }),
    ...(input.signal === undefined ? {} : { signal: input.signal }),
  });
  const target = { exposed: input.action, server: input.server };
  return (await recordOutcome(deps, ref, outcome)) ? toGateOutcome(target, outcome) : unrecorded(target);
}
