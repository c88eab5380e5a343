import type { IncomingHttpHeaders } from 'node:http';
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';
import type { Session } from '../sessions/session.ts';
import { type DispatchDeps, dispatch, type Era, type McpReply } from './dispatch.ts';

/** A request that needs neither a stream nor a protocol decision, recognised exactly; everything else is the SDK's. */
export interface DirectRequest {
  readonly era: Era;
  readonly id: string | number;
  readonly method: string;
  readonly params: JsonObject;
  readonly clientCapabilities: JsonObject;
}

export const MODERN_REVISION = '2026-07-28';
const LEGACY_REVISIONS: ReadonlySet<string> = new Set([
  '2025-11-25',
  '2025-06-18',
  '2025-03-26',
  '2024-11-05',
]);
const HOT: ReadonlySet<string> = new Set(['tools/call', 'tools/list', 'ping']);
const META = {
  version: 'io.modelcontextprotocol/protocolVersion',
  capabilities: 'io.modelcontextprotocol/clientCapabilities',
} as const;

function single(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined;
}

/**
 * Recognises a hot request whose headers agree with its body in every point that its revision asks for. Returns
 * undefined for all that is unusual: the SDK then answers it, with the errors that the specification prescribes.
 */
export function recognise(body: JsonValue, headers: IncomingHttpHeaders): DirectRequest | undefined {
  if (!isJsonObject(body) || body.jsonrpc !== '2.0') return undefined;
  const { id, method } = body;
  if ((typeof id !== 'string' && typeof id !== 'number') || typeof method !== 'string' || !HOT.has(method))
    return undefined;
  if (body.params !== undefined && !isJsonObject(body.params)) return undefined;
  const params = body.params ?? {};
  const meta = params._meta === undefined ? {} : params._meta;
  if (!isJsonObject(meta) || meta.progressToken !== undefined || params.task !== undefined) return undefined;
  if (method === 'tools/call' && typeof params.name !== 'string') return undefined;

  const version = single(headers['mcp-protocol-version']);
  if (META.version in meta) {
    const capabilities = meta[META.capabilities];
    const agrees =
      version === MODERN_REVISION &&
      meta[META.version] === MODERN_REVISION &&
      isJsonObject(capabilities) &&
      method !== 'ping' &&
      single(headers['mcp-method']) === method &&
      (method !== 'tools/call' || single(headers['mcp-name']) === params.name) &&
      params.inputResponses === undefined &&
      params.requestState === undefined;
    return agrees ? { era: 'modern', id, method, params, clientCapabilities: capabilities } : undefined;
  }
  if (headers['mcp-session-id'] === undefined || (version !== undefined && !LEGACY_REVISIONS.has(version)))
    return undefined;
  return { era: 'legacy', id, method, params, clientCapabilities: {} };
}

/** Answers a direct request; the answer is one JSON text. */
export async function answerDirect(
  deps: DispatchDeps,
  session: Session,
  request: DirectRequest,
  signal: AbortSignal | undefined,
): Promise<{ status: number; body: string }> {
  const id = JSON.stringify(request.id);
  const reply: McpReply =
    request.method === 'ping'
      ? { kind: 'result', raw: '{}' }
      : await dispatch(deps, { ...request, session, signal });
  if (reply.kind === 'result')
    return { status: 200, body: `{"jsonrpc":"2.0","id":${id},"result":${reply.raw}}` };
  const { httpStatus, ...error } = reply.error;
  return { status: httpStatus, body: `{"jsonrpc":"2.0","id":${id},"error":${JSON.stringify(error)}}` };
}
