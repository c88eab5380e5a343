import { sliceMembers } from '../core/json-slice.ts';
import type { Era } from './request.ts';

const RESULT_TYPE = '"resultType"';
const META = '"_meta"';
const STRUCTURED = '"structuredContent"';
const SERVER_INFO = 'io.modelcontextprotocol/serverInfo';

/** Who answers on this hop. */
export interface ServerIdentity {
  readonly name: string;
  readonly version: string;
}

/** Puts a member first into the text of an object. */
function withMember(raw: string, member: string): string {
  const open = raw.indexOf('{') + 1;
  const empty = raw.slice(open).trimStart().startsWith('}');
  return `${raw.slice(0, open)}${member}${empty ? '' : ','}${raw.slice(open)}`;
}

/**
 * A downstream's result as a modern client must see it: `resultType` is required there (2026-07-28) and older servers
 * do not send it; `_meta` names the gateway as the server, since on this hop it is. Nothing else is touched, so what
 * the downstream said arrives byte for byte.
 */
export function modernResult(raw: string, identity: ServerIdentity): string {
  const typed =
    raw.includes(RESULT_TYPE) && sliceMembers(raw)?.has('resultType') === true
      ? raw
      : withMember(raw, `${RESULT_TYPE}:"complete"`);
  const own = `${JSON.stringify(SERVER_INFO)}:${JSON.stringify(identity)}`;
  const span = typed.includes(META) ? sliceMembers(typed)?.get('_meta') : undefined;
  if (span === undefined) return withMember(typed, `${META}:{${own}}`);
  const meta = typed.slice(span.start, span.end);
  if (!meta.startsWith('{')) return typed;
  return `${typed.slice(0, span.start)}${withMember(withoutKey(meta), own)}${typed.slice(span.end)}`;
}

/**
 * A downstream's result as a client of an earlier revision can read it: there `structuredContent` must be an object, so
 * what is not one is wrapped as `{"result": …}`, and the downstream's name for itself is taken out of `_meta`.
 */
export function legacyResult(raw: string): string {
  const named = raw.includes(SERVER_INFO) ? withoutServerInfo(raw) : raw;
  const span = named.includes(STRUCTURED) ? sliceMembers(named)?.get('structuredContent') : undefined;
  if (span === undefined || named.charAt(span.start) === '{') return named;
  return `${named.slice(0, span.start)}{"result":${named.slice(span.start, span.end)}}${named.slice(span.end)}`;
}

/** The text of a list of ours for this era: the modern one also says who answers, and how long it may be kept. */
export function stampedList(raw: string, era: Era, identity: ServerIdentity): string {
  if (era === 'legacy') return raw;
  const meta = `${META}:{${JSON.stringify(SERVER_INFO)}:${JSON.stringify(identity)}}`;
  return `{${meta},"cacheScope":"private",${RESULT_TYPE}:"complete","ttlMs":0,${raw.slice(1)}`;
}

function withoutKey(meta: string): string {
  if (!meta.includes(SERVER_INFO)) return meta;
  const members = sliceMembers(meta);
  if (members?.delete(SERVER_INFO) !== true) return meta;
  const kept = [...members].map(
    ([key, { start, end }]) => `${JSON.stringify(key)}:${meta.slice(start, end)}`,
  );
  return `{${kept.join(',')}}`;
}

function withoutServerInfo(raw: string): string {
  const span = sliceMembers(raw)?.get('_meta');
  if (span === undefined) return raw;
  return `${raw.slice(0, span.start)}${withoutKey(raw.slice(span.start, span.end))}${raw.slice(span.end)}`;
}
