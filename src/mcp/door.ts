import type { IncomingMessage, ServerResponse } from 'node:http';
import type { JsonValue } from '../core/json.ts';
import { sendJson } from '../http/respond.ts';

/** One answer for a session that is unknown, expired or revoked: nothing tells them apart. */
export const NO_SESSION =
  '{"jsonrpc":"2.0","error":{"code":-32001,"message":"Not found: unknown, expired or revoked session. Ask whoever minted it for a new one."},"id":null}';
export const NO_TOKEN =
  '{"jsonrpc":"2.0","error":{"code":-32000,"message":"A session token is required: send it as Authorization: Bearer …"},"id":null}';

/** Answers with a JSON-RPC error before anything was done. */
export function refuse(
  response: ServerResponse,
  error: {
    readonly status: number;
    readonly code: number;
    readonly message: string;
    readonly data?: JsonValue;
    readonly id?: JsonValue;
    readonly headers?: Record<string, string>;
  },
): void {
  const { status, code, message, data, id = null, headers } = error;
  const member = data === undefined ? { code, message } : { code, message, data };
  sendJson(response, status, JSON.stringify({ jsonrpc: '2.0', error: member, id }), headers);
}

/** The session token, from the path or else from the header; undefined when there is neither. */
export function tokenOf(request: IncomingMessage): string | undefined {
  const path = (request.url ?? '').split('?')[0] ?? '';
  if (path.startsWith('/mcp/')) return path.slice('/mcp/'.length);
  const header = request.headers.authorization;
  return header !== undefined && /^bearer /i.test(header) ? header.slice('bearer '.length).trim() : undefined;
}

/** A doubled protocol header is ambiguous; Node joins or drops doubles silently, so the raw list is checked. */
export function hasDoubledHeader(request: IncomingMessage): boolean {
  const seen = new Set<string>();
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const name = request.rawHeaders[index]?.toLowerCase() ?? '';
    if (!name.startsWith('mcp-')) continue;
    if (seen.has(name)) return true;
    seen.add(name);
  }
  return false;
}
