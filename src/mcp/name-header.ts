import type { IncomingHttpHeaders } from 'node:http';
import { isJsonObject, type JsonValue } from '../core/json.ts';
import { MODERN_REVISION } from './direct.ts';

/** The member of `params` that `Mcp-Name` repeats (2026-07-28, Streamable HTTP, Standard Request Headers; Tasks). */
const NAMED_BY: ReadonlyMap<string, string> = new Map([
  ['tools/call', 'name'],
  ['prompts/get', 'name'],
  ['resources/read', 'uri'],
  ['tasks/get', 'taskId'],
  ['tasks/update', 'taskId'],
  ['tasks/cancel', 'taskId'],
]);

/**
 * Why a 2026-07-28 request fails the validation of its headers because its body names nothing: then `Mcp-Name` either is
 * missing or says what the body does not (Streamable HTTP, Server Validation). Undefined for any other request. The SDK
 * compares the two only where both are there.
 */
export function missingName(
  body: JsonValue,
  headers: IncomingHttpHeaders,
): { readonly id: JsonValue; readonly message: string } | undefined {
  if (headers['mcp-protocol-version'] !== MODERN_REVISION || !isJsonObject(body)) return undefined;
  const { id, method, params } = body;
  if (typeof id !== 'string' && typeof id !== 'number') return undefined;
  const member = typeof method === 'string' ? NAMED_BY.get(method) : undefined;
  const named = member !== undefined && isJsonObject(params) ? params[member] : undefined;
  if (member === undefined || typeof named === 'string') return undefined;
  const message = `Header mismatch: Mcp-Name repeats params.${member} of ${String(method)}, and the body has none. Send it as text, in both.`;
  return { id, message };
}
