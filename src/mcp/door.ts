import type { IncomingMessage, ServerResponse } from 'node:http';
import type { JsonValue } from '../core/json.ts';
import { sendJson } from '../http/respond.ts';
import { CONNECT_SCOPE } from '../sessions/oauth/deps.ts';
import { claimsAccess } from '../sessions/oauth/secret.ts';

/** One answer for a session that is unknown, expired or revoked: nothing tells them apart. */
const NO_SESSION =
  '{"jsonrpc":"2.0","error":{"code":-32001,"message":"Not found: unknown, expired or revoked session. Ask whoever minted it for a new one."},"id":null}';
const NO_TOKEN =
  '{"jsonrpc":"2.0","error":{"code":-32000,"message":"A session token is required: send it as Authorization: Bearer …, or connect by OAuth, as WWW-Authenticate says."},"id":null}';
const BAD_TOKEN =
  '{"jsonrpc":"2.0","error":{"code":-32001,"message":"Unauthorized: unknown, expired or revoked access token. Refresh it, or connect again."},"id":null}';

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

/** Refuses what a session has no room for. */
export function refuseBusy(response: ServerResponse): void {
  const message = 'This session has too many requests under way. Wait for some to end.';
  refuse(response, { status: 429, code: -32000, message, headers: { 'retry-after': '1' } });
}

/** Tells a client without a token how it gets one (RFC 9728 §5.1). */
export function refuseNobody(response: ServerResponse, origin: string): void {
  sendJson(response, 401, NO_TOKEN, { 'www-authenticate': challenge(origin) });
}

/**
 * Refuses a token that is not in force: 401 for one of OAuth, whose client then gets another (RFC 6750 §3.1), and 404 for
 * all others. Whether it was unknown, has expired or was revoked cannot be told from either.
 */
export function refuseToken(response: ServerResponse, input: { token: string; origin: string }): void {
  if (claimsAccess(input.token)) {
    const header = `${challenge(input.origin)}, error="invalid_token"`;
    sendJson(response, 401, BAD_TOKEN, { 'www-authenticate': header });
  } else sendJson(response, 404, NO_SESSION);
}

function challenge(origin: string): string {
  return `Bearer resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp", scope="${CONNECT_SCOPE}"`;
}

/**
 * The session token, from the path or else from the header; undefined when there is neither. A token of OAuth counts in
 * the header alone (OAuth 2.1 §5.1.2).
 */
export function tokenOf(request: IncomingMessage): string | undefined {
  const path = (request.url ?? '').split('?')[0] ?? '';
  if (path.startsWith('/mcp/')) {
    const token = path.slice('/mcp/'.length);
    return claimsAccess(token) ? '' : token;
  }
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
