import { sliceMembers } from '../core/json-slice.ts';

const RESULT_TYPE = '"resultType"';
const SERVER_INFO = 'io.modelcontextprotocol/serverInfo';

/**
 * A downstream's result as a modern client must see it: `resultType` is required there (2026-07-28) and older
 * servers do not send it. Nothing else is touched, so what the downstream said arrives byte for byte.
 */
export function withResultType(raw: string): string {
  if (raw.includes(RESULT_TYPE) && sliceMembers(raw)?.has('resultType') === true) return raw;
  const open = raw.indexOf('{') + 1;
  const empty = raw.slice(open).trimStart().startsWith('}');
  return `${raw.slice(0, open)}"resultType":"complete"${empty ? '' : ','}${raw.slice(open)}`;
}

/** Removes the downstream's name for itself from `_meta`: on this hop the server is the gateway. */
export function withoutServerInfo(raw: string): string {
  if (!raw.includes(SERVER_INFO)) return raw;
  const span = sliceMembers(raw)?.get('_meta');
  if (span === undefined) return raw;
  const meta = JSON.parse(raw.slice(span.start, span.end)) as Record<string, unknown>;
  if (!(SERVER_INFO in meta)) return raw;
  delete meta[SERVER_INFO];
  return `${raw.slice(0, span.start)}${JSON.stringify(meta)}${raw.slice(span.end)}`;
}
