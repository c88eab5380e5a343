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
  return withMetaMember(typed, { key: SERVER_INFO, value: identity });
}

/**
 * A final result as 2026-07-28 wants it of what can be read again: it says how long it may be kept (a server that does
 * not say means not at all), and that only its own reader may keep it, since every reader is judged.
 */
export function readingResult(raw: string): string {
  const members = sliceMembers(raw);
  const textOf = (name: string): string | undefined => {
    const span = members?.get(name);
    return span === undefined ? undefined : raw.slice(span.start, span.end);
  };
  if (textOf('resultType') !== '"complete"') return raw;
  const ttl = Number(textOf('ttlMs'));
  const isKept = Number.isSafeInteger(ttl) && ttl >= 0;
  const kept = isKept ? raw : withMember(withoutKey(raw, 'ttlMs'), '"ttlMs":0');
  return withMember(withoutKey(kept, 'cacheScope'), '"cacheScope":"private"');
}

/** Puts a member of ours into the `_meta` of a result, in the place of any that a server has put there by that name. */
export function withMetaMember(raw: string, { key, value }: { key: string; value: unknown }): string {
  const own = `${JSON.stringify(key)}:${JSON.stringify(value)}`;
  const span = raw.includes(META) ? sliceMembers(raw)?.get('_meta') : undefined;
  if (span === undefined) return withMember(raw, `${META}:{${own}}`);
  const meta = raw.slice(span.start, span.end);
  if (!meta.startsWith('{')) return raw;
  return `${raw.slice(0, span.start)}${withMember(withoutKey(meta, key), own)}${raw.slice(span.end)}`;
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

function withoutKey(raw: string, key: string): string {
  const members = sliceMembers(raw);
  if (members?.delete(key) !== true) return raw;
  const kept = [...members].map(
    ([name, { start, end }]) => `${JSON.stringify(name)}:${raw.slice(start, end)}`,
  );
  return `{${kept.join(',')}}`;
}

function withoutServerInfo(raw: string): string {
  const span = sliceMembers(raw)?.get('_meta');
  if (span === undefined) return raw;
  return `${raw.slice(0, span.start)}${withoutKey(raw.slice(span.start, span.end), SERVER_INFO)}${raw.slice(span.end)}`;
}
