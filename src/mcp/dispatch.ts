import type { ErrorCode } from '../core/errors.ts';
import { CountersignError } from '../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';
import type { Catalog, CatalogItem } from '../downstream/catalog.ts';
import type { GateDeps, GateOutcome } from '../gate/call.ts';
import { callTool } from '../gate/gate.ts';
import { offeredItems } from '../gate/offer.ts';
import { readThrough } from '../gate/read.ts';
import { resolvePrompt, resolveResource } from '../gate/resolve.ts';
import type { Session } from '../sessions/session.ts';
import { type RpcError, rpcError, rpcErrorFrom } from './errors.ts';
import { APPROVAL_WAIT, deniedResult, tellHeld } from './pending.ts';
import { withoutServerInfo, withResultType } from './result.ts';
import { callApprovalWait, type createToolLists, type WaitToolDeps } from './tools.ts';

export type Era = 'legacy' | 'modern';

/** One request, whatever lane it came by. */
export interface McpRequest {
  readonly session: Session;
  readonly era: Era;
  readonly method: string;
  readonly params: JsonObject;
  readonly clientCapabilities: JsonObject;
  readonly onProgress?: ((progress: JsonObject) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type McpReply =
  | { readonly kind: 'result'; readonly raw: string }
  | { readonly kind: 'error'; readonly error: RpcError };

export interface DispatchDeps extends WaitToolDeps {
  readonly gate: GateDeps;
  readonly toolLists: ReturnType<typeof createToolLists>;
  readonly log: { error(fields: object, message: string): void };
}

const IDEMPOTENCY_KEY = 'countersign/idempotency-key';
const RESERVED_META = /^(?:progressToken$|io\.modelcontextprotocol\/|countersign\/)/;

/** The `_meta` members that may travel on: trace context and vendor keys, never the hop's own or ours. */
function forwardedMeta(params: JsonObject): JsonObject | undefined {
  const meta = params._meta;
  if (!isJsonObject(meta)) return undefined;
  const kept = Object.entries(meta).filter(([key]) => !RESERVED_META.test(key));
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

function idempotencyKey(params: JsonObject): string | undefined {
  const meta = params._meta;
  const key = isJsonObject(meta) ? meta[IDEMPOTENCY_KEY] : undefined;
  return key === undefined ? undefined : String(key);
}

function error(code: ErrorCode, message: string): McpReply {
  return { kind: 'error', error: rpcError(code, message) };
}

function replyOf(deps: DispatchDeps, request: McpRequest, outcome: GateOutcome): McpReply {
  switch (outcome.kind) {
    case 'result': {
      const raw = withoutServerInfo(outcome.raw);
      return { kind: 'result', raw: request.era === 'modern' ? withResultType(raw) : raw };
    }
    case 'error': {
      const member = JSON.parse(outcome.raw) as { code?: number; message?: string; data?: JsonValue };
      const rpc: RpcError = {
        code: typeof member.code === 'number' ? member.code : -32603,
        message: String(member.message ?? 'The server answered with an error.'),
        httpStatus: 200,
        ...(member.data === undefined ? {} : { data: member.data }),
      };
      return { kind: 'error', error: rpc };
    }
    case 'held': {
      const context = { publicOrigin: deps.publicOrigin, now: deps.now() };
      return own(request, tellHeld(outcome.approval, context, request.clientCapabilities));
    }
    case 'denied':
      return own(
        request,
        deniedResult({ tool: String(request.params.name), reason: outcome.reason, rule: outcome.rule }),
      );
    case 'refused':
      return error(outcome.code, outcome.message);
  }
}

function own(request: McpRequest, raw: string): McpReply {
  return { kind: 'result', raw: request.era === 'modern' ? withResultType(raw) : raw };
}

async function toolsCall(deps: DispatchDeps, request: McpRequest): Promise<McpReply> {
  const { name, arguments: given } = request.params;
  if (typeof name !== 'string')
    return error('invalid_request', 'params.name: expected the name of a tool, as text');
  if (given !== undefined && !isJsonObject(given))
    return error('invalid_request', 'params.arguments: expected an object');
  const args = given ?? {};
  if (name === APPROVAL_WAIT) {
    return own(request, await callApprovalWait(deps, { ...request, args }));
  }
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

function listReply(request: McpRequest, key: string, items: readonly CatalogItem[]): McpReply {
  const list: JsonObject = { [key]: items.map((item) => item.definition) };
  if (request.era === 'modern')
    Object.assign(list, { ttlMs: 0, cacheScope: 'private', resultType: 'complete' });
  return { kind: 'result', raw: JSON.stringify(list) };
}

async function read(
  deps: DispatchDeps,
  request: McpRequest,
  kind: 'resource' | 'prompt',
  item: CatalogItem,
): Promise<McpReply> {
  const { _meta, ...params } = request.params;
  const outcome = await readThrough(deps.gate, {
    session: request.session,
    kind,
    item,
    method: request.method,
    params,
    signal: request.signal,
  });
  return replyOf(deps, request, outcome);
}

function completionTarget(
  catalog: Catalog,
  params: JsonObject,
): { kind: 'resource' | 'prompt'; item: CatalogItem } {
  const ref = isJsonObject(params.ref) ? params.ref : {};
  if (ref.type === 'ref/prompt' && typeof ref.name === 'string')
    return { kind: 'prompt', item: resolvePrompt(catalog, ref.name) };
  const template = catalog.resourceTemplates.find((one) => one.name === ref.uri);
  if (template !== undefined) return { kind: 'resource', item: template };
  throw new CountersignError(
    'invalid_request',
    'params.ref: expected {"type":"ref/prompt","name"} or {"type":"ref/resource","uri"} of something listed',
  );
}

type Handler = (deps: DispatchDeps, request: McpRequest, catalog: Catalog) => Promise<McpReply> | McpReply;

/** Every method that reaches a downstream, and no other. What is not here is unknown to this gateway. */
const METHODS: Readonly<Record<string, Handler>> = {
  'tools/list': (deps, request, catalog) => ({
    kind: 'result',
    raw: deps.toolLists(request.session, catalog, deps.gate.policy().version)[request.era],
  }),
  'tools/call': toolsCall,
  'resources/list': (deps, request, catalog) =>
    listReply(
      request,
      'resources',
      offeredItems(deps.gate, request.session, { kind: 'resource', items: catalog.resources }),
    ),
  'resources/templates/list': (deps, request, catalog) =>
    listReply(
      request,
      'resourceTemplates',
      offeredItems(deps.gate, request.session, { kind: 'resource', items: catalog.resourceTemplates }),
    ),
  'prompts/list': (deps, request, catalog) =>
    listReply(
      request,
      'prompts',
      offeredItems(deps.gate, request.session, { kind: 'prompt', items: catalog.prompts }),
    ),
  'resources/read': (deps, request, catalog) =>
    read(deps, request, 'resource', resolveResource(catalog, String(request.params.uri))),
  'prompts/get': (deps, request, catalog) =>
    read(deps, request, 'prompt', resolvePrompt(catalog, String(request.params.name))),
  'completion/complete': (deps, request, catalog) => {
    const { kind, item } = completionTarget(catalog, request.params);
    return read(deps, request, kind, item);
  },
};

/** True for methods that `dispatch` serves. */
export function isGoverned(method: string): boolean {
  return Object.hasOwn(METHODS, method);
}

/** Serves one governed request. Never throws: every failure is a reply. */
export async function dispatch(deps: DispatchDeps, request: McpRequest): Promise<McpReply> {
  const handler = METHODS[request.method];
  if (handler === undefined) {
    return {
      kind: 'error',
      error: { code: -32601, message: `Method not found: ${request.method}`, httpStatus: 404 },
    };
  }
  try {
    return await handler(deps, request, deps.gate.downstreams.catalog());
  } catch (failure) {
    const rpc = rpcErrorFrom(failure);
    if (rpc.httpStatus === 500)
      deps.log.error(
        { err: failure, method: request.method, session: request.session.id },
        'a request failed',
      );
    return { kind: 'error', error: rpc };
  }
}
