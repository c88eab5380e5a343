import { isJsonObject } from '../core/json.ts';
import type { GateDeps, GateOutcome } from '../gate/call.ts';
import { callTool } from '../gate/gate.ts';
import { APPROVAL_STATUS, APPROVAL_WAIT, isOwnTool } from '../gate/own-tools.ts';
import type { ServedRequest } from '../gate/tracing.ts';
import { callApprovalStatus, type StatusToolDeps } from './card/approval-status.ts';
import { CARD_URI, showsCards } from './card/card.ts';
import { readCard } from './card/read-card.ts';
import { aboutResource, downstreamError, missingCapability, rpcError, rpcErrorFrom } from './errors.ts';
import { complete, getPrompt, listPrompts, listResources, listTemplates, readResource } from './offers.ts';
import { deniedResult } from './pending.ts';
import { type RelayDeps, type Relayed, relay, type Way } from './relay/relay.ts';
import {
  forwardedMeta,
  idempotencyKey,
  type McpReply,
  type McpRequest,
  objectParam,
  textParam,
} from './request.ts';
import { legacyResult, modernResult, readingResult, type ServerIdentity, stampedList } from './result.ts';
import { openRetry } from './retry.ts';
import { taskContext } from './tasks/answer.ts';
import { declaresTasks } from './tasks/extension.ts';
import { asksForTask, callAsLegacyTask, type LegacyTaskDeps } from './tasks/legacy.ts';
import { TASK_METHODS } from './tasks/methods.ts';
import { createdText, taskOfJob } from './tasks/task.ts';
import { callApprovalWait, type createToolLists } from './tools.ts';
import { answerRetry, tellHeldCall, type WayDeps } from './ways.ts';

export interface DispatchDeps extends WayDeps, StatusToolDeps, RelayDeps, LegacyTaskDeps {
  readonly toolLists: ReturnType<typeof createToolLists>;
  readonly identity: ServerIdentity;
  readonly log: { error(fields: object, message: string): void; warn(fields: object, message: string): void };
}

function resultReply(deps: DispatchDeps, request: McpRequest, raw: string): McpReply {
  if (request.era === 'legacy') return { kind: 'result', raw: legacyResult(raw) };
  const own = modernResult(raw, deps.identity);
  return { kind: 'result', raw: request.method === 'resources/read' ? readingResult(own) : own };
}

/** What the gate found, on the wire of this request's era. */
async function replyOf(deps: DispatchDeps, request: McpRequest, outcome: Relayed): Promise<McpReply> {
  if (outcome.kind !== 'asked') deps.gate.tracing?.found(outcome);
  switch (outcome.kind) {
    case 'result':
    case 'asked':
      return resultReply(deps, request, outcome.raw);
    case 'error': {
      const { era, clientCapabilities } = request;
      const ofClient = era === 'modern' ? missingCapability(outcome.raw, clientCapabilities) : undefined;
      return ofClient ?? downstreamError(outcome.raw);
    }
    case 'job':
      return resultReply(deps, request, createdText(taskOfJob(outcome.job, taskContext(deps, request))));
    case 'held':
      return resultReply(deps, request, await tellHeldCall(deps, request, outcome.approval));
    case 'denied': {
      const tool = String(request.params.name);
      return resultReply(deps, request, deniedResult({ tool, reason: outcome.reason, rule: outcome.rule }));
    }
    case 'refused':
      return { kind: 'error', error: rpcError(outcome.code, outcome.message) };
  }
}

async function toolsCall(deps: DispatchDeps, request: McpRequest): Promise<McpReply> {
  const name = textParam(request.params, 'name', 'the name of a tool');
  const args = objectParam(request.params, 'arguments');
  if (name === APPROVAL_WAIT)
    return resultReply(deps, request, await callApprovalWait(deps, { ...request, args }));
  if (name === APPROVAL_STATUS)
    return resultReply(deps, request, await callApprovalStatus(deps, { ...request, args }));
  const state = openRetry(deps, request);
  if (state?.kind === 'held') return resultReply(deps, request, await answerRetry(deps, request, state));
  const call = {
    session: request.session,
    name,
    args,
    meta: forwardedMeta(request.params),
    idempotencyKey: idempotencyKey(request.params),
  };
  if (asksForTask(request)) {
    const { onProgress, signal } = request;
    return callAsLegacyTask(deps, request, { ...call, onProgress, signal });
  }
  const mayDetach = request.era === 'modern' && declaresTasks(request.clientCapabilities);
  const run = ({ onProgress, signal, client, retry }: Way): Promise<GateOutcome> => {
    const made = { ...call, onProgress, signal, client, retry };
    return mayDetach ? deps.detacher.call(made) : callTool(deps.gate, made);
  };
  // A plain call of a server that may ask nothing needs nothing of all that asking takes.
  const server = deps.gate.downstreams.catalog().byExposed.get(name)?.server;
  const mayAsk = server !== undefined && deps.gate.downstreams.relays(server).length > 0;
  return replyOf(deps, request, await relay(deps, request, { state, run, mayAsk }));
}

function toolsList(deps: DispatchDeps, request: McpRequest): McpReply {
  const texts = deps.toolLists(request.session, deps.gate.downstreams.catalog(), {
    policyVersion: deps.gate.policy().version,
    cards: showsCards(request.clientCapabilities),
  });
  return { kind: 'result', raw: stampedList(texts[request.era], request.era, deps.identity) };
}

type Lister = (deps: GateDeps, session: McpRequest['session']) => string;
type Reader = (deps: GateDeps, request: McpRequest, way: Way) => Promise<GateOutcome>;
type Handler = (deps: DispatchDeps, request: McpRequest) => Promise<McpReply> | McpReply;

const listed =
  (list: Lister): Handler =>
  (deps, request) => ({
    kind: 'result',
    raw: stampedList(list(deps.gate, request.session), request.era, deps.identity),
  });

const read =
  (reader: Reader): Handler =>
  async (deps, request) => {
    const state = openRetry(deps, request);
    const run = (way: Way): Promise<GateOutcome> => reader(deps.gate, request, way);
    return replyOf(deps, request, await relay(deps, request, { state, run, mayAsk: true }));
  };

async function completed(deps: DispatchDeps, request: McpRequest): Promise<McpReply> {
  const outcome = await complete(deps.gate, request);
  if (outcome.kind !== 'input_required') return replyOf(deps, request, outcome);
  return {
    kind: 'error',
    error: rpcError('downstream_unavailable', 'A completion can ask nobody anything.'),
  };
}

/** The card is the gateway's own; every other resource is a downstream's. */
const readCardOr =
  (others: Handler): Handler =>
  async (deps, request) =>
    request.params.uri === CARD_URI
      ? { kind: 'result', raw: stampedList(await readCard(), request.era, deps.identity) }
      : others(deps, request);

/** Every method that reaches a downstream, and no other. What is not here is unknown to this gateway. */
const METHODS: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ['tools/list', toolsList],
  ['tools/call', toolsCall],
  ['resources/list', listed(listResources)],
  ['resources/templates/list', listed(listTemplates)],
  ['prompts/list', listed(listPrompts)],
  ['resources/read', readCardOr(read(readResource))],
  ['prompts/get', read(getPrompt)],
  ['completion/complete', completed],
]);

/** What a span may tell of a request. A tool that is not there goes unnamed: anything could stand in its place. */
function servedRequest({ gate }: DispatchDeps, { method, params, session }: McpRequest): ServedRequest {
  const name = typeof params.name === 'string' ? params.name : '';
  const isTool =
    method === 'tools/call' && (gate.downstreams.catalog().byExposed.has(name) || isOwnTool(name));
  const { _meta: meta } = params;
  return {
    method,
    tool: isTool ? name : undefined,
    session: session.id,
    meta: isJsonObject(meta) ? meta : undefined,
  };
}

const METHOD_NOT_FOUND = -32601;

/** True for methods that `dispatch` serves. */
export function isGoverned(method: string): boolean {
  return METHODS.has(method) || TASK_METHODS.modern.has(method);
}

/** Serves one governed request. Never throws: every failure is a reply. */
export async function dispatch(deps: DispatchDeps, request: McpRequest): Promise<McpReply> {
  const handler = METHODS.get(request.method) ?? TASK_METHODS[request.era].get(request.method);
  if (handler === undefined) {
    const message = `Method not found: ${request.method.slice(0, 100)}`;
    return { kind: 'error', error: { code: METHOD_NOT_FOUND, message, httpStatus: 404 } };
  }
  try {
    const { tracing } = deps.gate;
    if (tracing === undefined) return await handler(deps, request);
    return await tracing.serve(servedRequest(deps, request), async () => handler(deps, request));
  } catch (failure) {
    const thrown = rpcErrorFrom(failure);
    const rpc = request.method === 'resources/read' ? aboutResource(thrown, request.params.uri) : thrown;
    if (rpc.httpStatus === 500) {
      const { method, session } = request;
      deps.log.error({ err: failure, method, session: session.id }, 'a request failed');
    }
    return { kind: 'error', error: rpc };
  }
}
