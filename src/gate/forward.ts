import type { Approval } from '../approvals/approval.ts';
import { callParamsText } from '../approvals/frozen-call.ts';
import { canonicalize } from '../core/canonical.ts';
import { CountersignError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { LIMITS } from '../core/limits.ts';
import type {
  CatalogTool,
  DownstreamOutcome,
  DownstreamRequest,
  FinalOutcome,
} from '../downstream/catalog.ts';
import type { EntryRef } from '../ledger/entry.ts';
import type { Verdict } from '../policy/verdict.ts';
import type { Session } from '../sessions/session.ts';
import type { CallClient, CallRetry, GateCall, GateDeps, GateOutcome } from './call.ts';
import { continued, inputOutcome, refuseForeignAnswers, talk } from './converse.ts';
import { goOn, jobOfCall } from './go-on.ts';
import { BROKE_OFF, outcomeBody, toGateOutcome, unrecorded, withoutTask } from './outcome.ts';
import { verdictBody } from './verdict-body.ts';

type SendDeps = Pick<GateDeps, 'downstreams' | 'tracing' | 'report'>;

/**
 * The one door out: every byte that reaches a downstream on an agent's behalf passes here, once, whatever fails in what
 * traces it. Never rejects. That nothing was sent is only ever said by whoever holds the connection (`not_sent`): what
 * breaks here or below leaves the outcome unknown.
 */
async function send(deps: SendDeps, request: DownstreamRequest): Promise<DownstreamOutcome> {
  const { downstreams, tracing } = deps;
  try {
    if (tracing === undefined) return await downstreams.request(request);
    const { server, method, judged, meta } = request;
    let sent: Promise<DownstreamOutcome> | undefined;
    const go = (traced: JsonObject | undefined): Promise<DownstreamOutcome> =>
      (sent ??= downstreams.request(traced === undefined ? request : { ...request, meta: traced }));
    try {
      return await tracing.send({ server, method, tool: judged?.tool, meta }, go);
    } catch {
      // Of what traces: a request that fails by itself fails here again.
      return await go(undefined);
    }
  } catch (error) {
    deps.report(error);
    return BROKE_OFF;
  }
}

/** Asks a server about a task that it goes on with for an agent. */
export function askServer(
  deps: Pick<GateDeps, 'downstreams' | 'report'>,
  request: { server: string; method: string; paramsText: string; timeoutMs: number },
): Promise<DownstreamOutcome> {
  const { downstreams, report } = deps;
  return send({ downstreams, report }, { ...request, tasks: true });
}

/** An allowed call of which nothing has been sent, and whose intent is durable unless it is written beside the call. */
export interface ReadyCall extends AllowedCall {
  /** Where the intent is written beside the call: whether it could be. Never rejects. */
  readonly intent: Promise<boolean> | undefined;
  readonly ref: EntryRef & { readonly call: string };
  readonly paramsText: string;
}

interface AllowedCall {
  readonly call: GateCall;
  readonly tool: CatalogTool;
  readonly verdict: Verdict;
  /** A question of the gateway's own, which takes none of the session's calls. */
  readonly isOwn?: boolean;
}

/**
 * An operator's rule lets this call leave while its intent is being written. Not where a cap on calls must be kept exactly,
 * and not after a write that failed: then every call waits for its intent, until one was written.
 */
function isParallel({ ledger }: GateDeps, { call, verdict, isOwn }: AllowedCall): boolean {
  return (
    verdict.parallelIntent && isOwn !== true && call.session.callCap === undefined && ledger.isWritable()
  );
}

/**
 * Makes the intent of an allowed call durable; when the ledger cannot be written, there is none to send. Whatever this
 * throws, nothing was sent.
 */
export async function prepareLive(deps: GateDeps, input: AllowedCall): Promise<ReadyCall> {
  const { call, tool, verdict, isOwn = false } = input;
  refuseForeignAnswers(call.retry, tool.server);
  const id = deps.newId('req');
  const argumentsText = canonicalize(call.args);
  const { retainMs } = verdict;
  const sealed = deps.sealArguments({ id, subject: call.session.subject, text: argumentsText, retainMs });
  const ref = {
    session: call.session.id,
    subject: call.session.subject,
    call: id,
    action: `${tool.server}/${tool.tool}`,
  };
  const writing = deps.ledger.commit({
    // Only a cap has to be exact; other counts are for people to read and need no write of their own.
    ...(isOwn || call.session.callCap === undefined ? {} : { guard: deps.spendCall(call.session.id) }),
    then: [sealed.sidecar],
    entries: [
      {
        type: 'call.intent',
        ref,
        body: {
          arguments: sealed.commit,
          tool_def: tool.hash,
          ...verdictBody(verdict),
          ...(isOwn ? { own: true } : {}),
          ...continued(call),
        },
      },
    ],
  });
  const paramsText = callParamsText({ tool: tool.tool, argumentsText });
  if (isParallel(deps, input)) {
    deps.countCall(call.session.id);
    const intent = writing.then(
      () => true,
      (error: unknown) => {
        deps.report(error);
        return false;
      },
    );
    return { ...input, ref, paramsText, intent };
  }
  const intent = await writing;
  if (intent.kind === 'refused') {
    throw new CountersignError(
      'forbidden',
      `This session has used all of its ${call.session.callCap ?? 0} calls. Ask for a new session.`,
    );
  }
  if (!isOwn) {
    if (call.session.callCap === undefined) deps.countCall(call.session.id);
    else deps.counted(call.session.id, Number(intent.rows[0]?.calls ?? 0));
  }
  if (!deps.isActive(call.session)) {
    const reason = 'The session ended before the call was sent.';
    await recordOutcome(deps, ref, { kind: 'not_sent', code: 'cancelled', reason });
    throw new CountersignError('not_found', reason);
  }
  return { ...input, ref, paramsText, intent: undefined };
}

/**
 * Sends a call that is ready. Never rejects: from here on it may have been sent, and whatever happens is an outcome. It is
 * durable before the agent sees it, except for tools that the operator's rule marks read-only, whose outcome is recorded
 * right after.
 */
export async function sendLive(deps: GateDeps, ready: ReadyCall): Promise<GateOutcome> {
  try {
    return await sendAndRecord(deps, ready);
  } catch (error) {
    deps.report(error);
    return toGateOutcome(ready.tool, BROKE_OFF);
  }
}

async function sendAndRecord(deps: GateDeps, ready: ReadyCall): Promise<GateOutcome> {
  const { call, tool, verdict, ref, isOwn = false } = ready;
  const job = jobOfCall({ call, tool, verdict, ref });
  call.longWork?.sent(job);
  const answer = await send(deps, {
    server: tool.server,
    method: 'tools/call',
    paramsText: ready.paramsText,
    judged: tool,
    stillAllowed: () => deps.isActive(call.session),
    ...(call.meta === undefined ? {} : { meta: call.meta }),
    ...(call.onProgress === undefined ? {} : { onProgress: call.onProgress }),
    ...(call.signal === undefined ? {} : { signal: call.signal }),
    ...(call.longWork === undefined ? {} : { tasks: true }),
    ...talk(deps, { ...call, server: tool.server, ref }),
  });
  if (ready.intent !== undefined && !(await ready.intent)) return unrecorded(tool);
  const outcome = answer.kind === 'task' ? await goOn(deps, { call, task: answer.task, job, ref }) : answer;
  if (outcome.kind === 'job') return outcome;
  const recorded = recordOutcome(deps, ref, outcome, verdict.readOnly);
  if (!verdict.readOnly && !(await recorded)) return unrecorded(tool);
  if (deps.onAnswer !== undefined && outcome.kind === 'result' && !isOwn)
    await deps.onAnswer({ call, tool, verdict, id: ref.call, outcome });
  if (outcome.kind === 'input_required')
    return inputOutcome(deps, { client: call.client, server: tool.server, ref, raw: outcome.raw });
  return toGateOutcome(tool, outcome);
}

/** Never rejects: a call that has been sent is not undone by a ledger that cannot be written. */
async function recordOutcome(
  deps: Pick<GateDeps, 'ledger' | 'report'>,
  ref: EntryRef,
  outcome: FinalOutcome,
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

/**
 * Sends the frozen bytes of an approved call: the stored arguments and nothing else of what the agent once sent.
 * The approval id and attempt travel as the idempotency key, with the capability's token where the server wants it.
 * Never inherits a caller's signal: `signal` is of whoever cancels the work itself. A server may answer with a task,
 * whose end is waited for.
 */
export async function dispatchFrozen(
  deps: SendDeps & Pick<GateDeps, 'tasks'>,
  approval: Approval,
  sending: { attempt: number; token: string | undefined; stillAllowed: () => boolean } & Pick<
    DownstreamRequest,
    'onProgress' | 'signal'
  >,
): Promise<FinalOutcome> {
  const { attempt, token, stillAllowed, ...watched } = sending;
  const { server } = approval.call;
  const outcome = await send(deps, {
    server,
    method: 'tools/call',
    tasks: true,
    paramsText: callParamsText(approval.call),
    judged: { tool: approval.call.tool, hash: approval.toolHash },
    stillAllowed,
    ...watched,
    meta: {
      'countersign/approval': approval.id,
      'countersign/idempotency-key': `${approval.id}:${attempt}`,
      ...(token === undefined ? {} : { 'countersign/capability': token }),
    },
  });
  if (outcome.kind !== 'task') return outcome;
  const timeoutMs = LIMITS.replayTaskMs;
  return deps.tasks.waitFor({ server, task: outcome.task, timeoutMs, signal: watched.signal });
}

/** Sends a governed request other than a tool call (resources, prompts, completion) after its intent is durable. */
export async function forwardRequest(
  deps: GateDeps,
  input: {
    session: Session;
    server: string;
    method: string;
    action: string;
    verdict: Verdict;
    params: JsonObject;
    meta?: JsonObject | undefined;
    onProgress?: ((progress: JsonObject) => void) | undefined;
    signal?: AbortSignal | undefined;
    client?: CallClient | undefined;
    retry?: CallRetry | undefined;
  },
): Promise<GateOutcome> {
  refuseForeignAnswers(input.retry, input.server);
  const id = deps.newId('req');
  const ref: EntryRef = {
    session: input.session.id,
    subject: input.session.subject,
    call: id,
    action: input.action,
  };
  await deps.ledger.commit({
    entries: [
      {
        type: 'call.intent',
        ref,
        body: { method: input.method, ...verdictBody(input.verdict), ...continued(input) },
      },
    ],
  });
  if (!deps.isActive(input.session)) {
    const reason = 'The session ended before the request was sent.';
    await recordOutcome(deps, ref, { kind: 'not_sent', code: 'cancelled', reason });
    throw new CountersignError('not_found', reason);
  }
  const answer = await send(deps, {
    server: input.server,
    method: input.method,
    paramsText: canonicalize(input.params),
    stillAllowed: () => deps.isActive(input.session),
    ...(input.meta === undefined ? {} : { meta: input.meta }),
    ...(input.onProgress === undefined ? {} : { onProgress: input.onProgress }),
    ...(input.signal === undefined ? {} : { signal: input.signal }),
    ...talk(deps, { ...input, ref }),
  });
  const outcome = withoutTask(answer);
  const target = { exposed: input.action, server: input.server };
  if (!(await recordOutcome(deps, ref, outcome))) return unrecorded(target);
  if (outcome.kind === 'input_required') return inputOutcome(deps, { ...input, ref, raw: outcome.raw });
  return toGateOutcome(target, outcome);
}
