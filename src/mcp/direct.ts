import type { IncomingHttpHeaders } from 'node:http';
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';
import type { Session } from '../sessions/session.ts';
import { type DispatchDeps, dispatch } from './dispatch.ts';
import type { Era, McpReply } from './request.ts';

/** A request that needs neither a stream nor a protocol decision, recognised exactly; everything else is the SDK's. */
export interface DirectRequest {
  readonly era: Era;
  readonly id: string | number;
  readonly method: string;
  readonly params: JsonObject;
  readonly clientCapabilities: JsonObject;
}

export const MODERN_REVISION = '2026-07-28';
/** The newest revision before 2026-07-28. */
export const LATEST_LEGACY = '2025-11-25';
/** The revisions before 2026-07-28, newest first. */
export const LEGACY_REVISIONS: ReadonlySet<string> = new Set([
  LATEST_LEGACY,
  '2025-06-18',
  '2025-03-26',
  '2024-11-05',
]);
const HOT: ReadonlySet<string> = new Set([
  'tools/call',
  'tools/list',
  'ping',
  'tasks/get',
  'tasks/update',
  'tasks/cancel',
]);
const META = {
  version: 'io.modelcontextprotocol/protocolVersion',
  capabilities: 'io.modelcontextprotocol/clientCapabilities',
  clientInfo: 'io.modelcontextprotocol/clientInfo',
  logLevel: 'io.modelcontextprotocol/logLevel',
} as const;
const REQUEST_MEMBERS: ReadonlySet<string> = new Set(['jsonrpc', 'id', 'method', 'params']);
/** Members of `params` that ask for more than one answer to one question. */
const STEPPED = ['task', 'inputResponses', 'requestState'];

function single(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined;
}

/** Whether the client takes either form of an answer to a POST. */
export function acceptsBoth(headers: IncomingHttpHeaders): boolean {
  const accept = headers.accept ?? '';
  return accept.includes('application/json') && accept.includes('text/event-stream');
}

function isClientInfo(info: JsonValue | undefined): boolean {
  if (info === undefined) return true;
  return isJsonObject(info) && typeof info.name === 'string' && typeof info.version === 'string';
}

/** A tools/call whose headers and body agree that it speaks 2026-07-28, or undefined. */
export function modernToolCall(
  body: JsonValue,
  headers: IncomingHttpHeaders,
): { readonly id: JsonValue; readonly params: JsonObject } | undefined {
  if (headers['mcp-protocol-version'] !== MODERN_REVISION || headers['mcp-method'] !== 'tools/call')
    return undefined;
  if (!isJsonObject(body) || body.method !== 'tools/call' || !isJsonObject(body.params)) return undefined;
  const { params } = body;
  const id = typeof body.id === 'string' || typeof body.id === 'number' ? body.id : null;
  const meta = params._meta;
  return isJsonObject(meta) && meta[META.version] === MODERN_REVISION ? { id, params } : undefined;
}

/**
 * Recognises a hot request whose headers agree with its body in every point that its revision asks for. Returns
 * undefined for all that is unusual: the SDK then answers it, with the errors that the specification prescribes.
 */
export function recognise(body: JsonValue, headers: IncomingHttpHeaders): DirectRequest | undefined {
  if (!isJsonObject(body) || body.jsonrpc !== '2.0') return undefined;
  if (!Object.keys(body).every((member) => REQUEST_MEMBERS.has(member))) return undefined;
  const { id, method } = body;
  const isId = typeof id === 'string' || Number.isInteger(id);
  if (!isId || typeof method !== 'string' || !HOT.has(method)) return undefined;
  if (body.params !== undefined && !isJsonObject(body.params)) return undefined;
  const params = body.params ?? {};
  const meta = params._meta === undefined ? {} : params._meta;
  if (!isJsonObject(meta) || meta.progressToken !== undefined) return undefined;
  const isAboutTask = method.startsWith('tasks/');
  if (!isAboutTask && STEPPED.some((member) => params[member] !== undefined)) return undefined;
  const named = isAboutTask ? params.taskId : params.name;
  if ((method === 'tools/call' || isAboutTask) && typeof named !== 'string') return undefined;

  const version = single(headers['mcp-protocol-version']);
  const known = { id: id as string | number, method, params };
  if (META.version in meta) {
    const capabilities = meta[META.capabilities];
    const agrees =
      version === MODERN_REVISION &&
      meta[META.version] === MODERN_REVISION &&
      isJsonObject(capabilities) &&
      Object.values(capabilities).every(isJsonObject) &&
      isClientInfo(meta[META.clientInfo]) &&
      meta[META.logLevel] === undefined &&
      method !== 'ping' &&
      single(headers['mcp-method']) === method &&
      (method === 'tools/list' || single(headers['mcp-name']) === named);
    return agrees ? { ...known, era: 'modern', clientCapabilities: capabilities } : undefined;
  }
  if (isAboutTask || headers['mcp-session-id'] === undefined || !acceptsBoth(headers)) return undefined;
  if (version !== undefined && !LEGACY_REVISIONS.has(version)) return undefined;
  return { ...known, era: 'legacy', clientCapabilities: {} };
}

/** The JSON-RPC text of a reply to the request with this id (as JSON), and the HTTP status of its error. */
export function bodyOf(id: string, reply: McpReply): { status: number; body: string } {
  if (reply.kind === 'result')
    return { status: 200, body: `{"jsonrpc":"2.0","id":${id},"result":${reply.raw}}` };
  const { httpStatus, ...error } = reply.error;
  const raw = reply.raw ?? JSON.stringify(error);
  return { status: httpStatus, body: `{"jsonrpc":"2.0","id":${id},"error":${raw}}` };
}

/** Answers a direct request; the answer is one JSON text. */
export async function answerDirect(
  deps: DispatchDeps,
  session: Session,
  request: DirectRequest,
  signal: AbortSignal | undefined,
): Promise<{ status: number; body: string }> {
  const id = JSON.stringify(request.id);
  if (request.method === 'ping') return bodyOf(id, { kind: 'result', raw: '{}' });
  return bodyOf(id, await dispatch(deps, { ...request, session, signal }));
}
