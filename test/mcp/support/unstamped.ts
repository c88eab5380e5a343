import type { JsonObject } from '../../../src/core/json.ts';

export const SERVER_INFO = 'io.modelcontextprotocol/serverInfo';

/** What a client made of it, without what says which hop it came from. */
export function unstamped(value: JsonObject): JsonObject {
  const { _meta, resultType: _type, ttlMs: _ttl, cacheScope: _scope, ...rest } = value;
  const { [SERVER_INFO]: _info, ...meta } = (_meta ?? {}) as JsonObject;
  return Object.keys(meta).length === 0 ? rest : { ...rest, _meta: meta };
}

/** JSON text with its keys in order; numbers and lone surrogates as JavaScript writes them. */
export function inOrder(value: unknown): string {
  const sorted = (_key: string, one: unknown): unknown =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one;
  return JSON.stringify(value, sorted);
}
