import type { GateDeps, GateOutcome } from '../gate/call.ts';
import { callTool } from '../gate/gate.ts';
import { APPROVAL_WAIT } from '../gate/own-tools.ts';
import { downstreamError, rpcError, rpcErrorFrom } from './errors.ts';
import { complete, getPrompt, listPrompts, listResources, listTemplates, readResource } from './offers.ts';
import { deniedResult } from './pending.ts';
import {
  forwardedMeta,
  idempotencyKey,
  type McpReply,
  type McpRequest,
  objectParam,
  textParam,
} from './request.ts';
import { legacyResult, modernResult, type ServerIdentity, stampedList } from './result.ts';
import { callApprovalWait, type createToolLists } from './tools.ts';
import { answerRetry, tellHeldCall, type WayDeps } from './ways.ts';

export interface DispatchDeps extends WayDeps {
  readonly gate: GateDeps;
  readonly toolLists: ReturnType<typeof createToolLists>;
  readonly identity: ServerIdentity;
  readonly log: { error(fields: object, message: string): void; warn(fields: object, message: string): void };
}

function resultReply(deps: DispatchDeps, request: McpRequest, raw: string): McpReply {
  return {
    kind: 'result',
    raw: request.era === 'modern' ? modernResult(raw, deps.identity) : legacyResult(raw),
  };
}

/** What the gate found, on the wire of this request's era. */
async function replyOf(deps: DispatchDeps, request: McpRequest, outcome: GateOutcome): Promise<McpReply> {
  switch (outcome.kind) {
    case 'result':
      return resultReply(deps, request, outcome.raw);
    case 'error':
      return downstreamError(outcome.raw);
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
  if (request.retry !== undefined)
    return resultReply(deps, request, await answerRetry(deps, request, request.retry));
  const outcome = await callTool(deps.gate, {
    session: request.session,
    name,
    args,
    meta: forwardedMeta(request.params),
    idempotencyKey: idempotencyKey(request.params),
    onProgress: request.onProgress,
    signal: request.signal,
  });
  return replyOf(deps, request, outcome);
}

function toolsList(deps: DispatchDeps, request: McpRequest): McpReply {
  const texts = deps.toolLists(request.session, deps.gate.downstreams.catalog(), deps.gate.policy().version);
  return { kind: 'result', raw: stampedList(texts[request.era], request.era, deps.identity) };
}

type Lister = (deps: GateDeps, session: McpRequest['session']) => string;
type Reader = (deps: GateDeps, request: McpRequest) => Promise<GateOutcome>;
type Handler = (deps: DispatchDeps, request: McpRequest) => Promise<McpReply> | McpReply;

const listed =
  (list: Lister): Handler =>
  (deps, request) => ({
    kind: 'result',
    raw: stampedList(list(deps.gate, request.session), request.era, deps.identity),
  });

const read =
  (reader: Reader): Handler =>
  async (deps, request) =>
    replyOf(deps, request, await reader(deps.gate, request));

/** Every method that reaches a downstream, and no other. What is not here is unknown to this gateway. */
const METHODS: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ['tools/list', toolsList],
  ['tools/call', toolsCall],
  ['resources/list', listed(listResources)],
  ['resources/templates/list', listed(listTemplates)],
  ['prompts/list', listed(listPrompts)],
  ['resources/read', read(readResource)],
  ['prompts/get', read(getPrompt)],
  ['completion/complete', read(complete)],
]);

const METHOD_NOT_FOUND = -32601;

/** True for methods that `dispatch` serves. */
export function isGoverned(method: string): boolean {
  return METHODS.has(method);
}

/** Serves one governed request. Never throws: every failure is a reply. */
export async function dispatch(deps: DispatchDeps, request: McpRequest): Promise<McpReply> {
  const handler = METHODS.get(request.method);
  if (handler === undefined) {
    const message = `Method not found: ${request.method.slice(0, 100)}`;
    return { kind: 'error', error: { code: METHOD_NOT_FOUND, message, httpStatus: 404 } };
  }
  try {
    return await handler(deps, request);
  } catch (failure) {
    const rpc = rpcErrorFrom(failure);
    if (rpc.httpStatus === 500) {
      const { method, session } = request;
      deps.log.error({ err: failure, method, session: session.id }, 'a request failed');
    }
    return { kind: 'error', error: rpc };
  }
}
