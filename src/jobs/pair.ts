import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';
import { LIMITS } from '../core/limits.ts';
import type { JobEnd } from './job.ts';

/** A tool that begins work, and another one that tells how it stands. Places are JSON pointers (RFC 6901). */
export interface JobPair {
  readonly server: string;
  /** The tool that begins it, by the name that the server knows; so are the others. */
  readonly start: string;
  readonly poll: string;
  readonly cancel: string | undefined;
  /** Where the answer of `start` names the work. */
  readonly id: string;
  /** The argument of `poll` and `cancel` that takes this name. */
  readonly argument: string;
  /** Where the answer of `poll` says how it stands. */
  readonly state: string;
  /** What it says there when the work has ended, in lower case. Anything else is work under way. */
  readonly ends: Readonly<Record<Exclude<JobEnd, 'unknown'>, readonly string[]>>;
  /** Where the answer of `poll` says how far it is. */
  readonly progress: string | undefined;
  readonly total: string | undefined;
  readonly message: string | undefined;
  /** How long to wait before the first poll; later ones come less often. Milliseconds. */
  readonly everyMs: number;
}

/** How work stands by the answer of the poll tool. */
export type PollReading =
  | { readonly kind: 'ended'; readonly state: Exclude<JobEnd, 'unknown'> }
  | { readonly kind: 'working'; readonly progress: JsonObject }
  | { readonly kind: 'unclear' };

/** The members of a pointer; undefined when it is none. */
export function pointerTokens(pointer: string): string[] | undefined {
  if (!/^(?:\/(?:[^~/]|~[01])*)+$/.test(pointer)) return undefined;
  return pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function valueAt(value: JsonValue | undefined, tokens: readonly string[]): JsonValue | undefined {
  return tokens.reduce<JsonValue | undefined>((found, token) => {
    if (Array.isArray(found)) return /^(?:0|[1-9][0-9]*)$/.test(token) ? found[Number(token)] : undefined;
    return isJsonObject(found) && Object.hasOwn(found, token) ? found[token] : undefined;
  }, value);
}

function parsed(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}

/** Where a result may say something: its structured content, then each text block that is a JSON object. */
function placesOf(raw: string): JsonObject[] {
  const result = parsed(raw);
  if (!isJsonObject(result)) return [];
  const content = Array.isArray(result.content) ? result.content : [];
  const texts = content.flatMap((block) =>
    isJsonObject(block) && block.type === 'text' && typeof block.text === 'string'
      ? [parsed(block.text)]
      : [],
  );
  return [result.structuredContent, ...texts].filter((one) => isJsonObject(one));
}

function read(places: readonly JsonObject[], pointer: string | undefined): JsonValue | undefined {
  const tokens = pointer === undefined ? undefined : pointerTokens(pointer);
  if (tokens === undefined) return undefined;
  for (const place of places) {
    const found = valueAt(place, tokens);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The name of the work as JSON text, from the result of the tool that began it; undefined when it gives none. */
export function readRemoteId(pair: JobPair, raw: string): string | undefined {
  const id = read(placesOf(raw), pair.id);
  const isName = (typeof id === 'string' && id !== '') || Number.isSafeInteger(id);
  const text = isName ? JSON.stringify(id) : undefined;
  return text !== undefined && text.length <= LIMITS.jobRemoteIdCharacters ? text : undefined;
}

/** The arguments of the poll and cancel tools. */
export function argumentsFor(pair: JobPair, remoteId: string): JsonObject {
  return { [pair.argument]: JSON.parse(remoteId) as JsonValue };
}

/** Reads the result of the poll tool. */
export function readPoll(pair: JobPair, raw: string): PollReading {
  const places = placesOf(raw);
  const found = read(places, pair.state);
  if (found === undefined || found === null || typeof found === 'object') return { kind: 'unclear' };
  const said = String(found).toLowerCase();
  for (const state of ['completed', 'failed', 'cancelled'] as const)
    if (pair.ends[state].includes(said)) return { kind: 'ended', state };
  const told: JsonObject = {};
  for (const member of ['progress', 'total', 'message'] as const) {
    const value = read(places, pair[member]);
    if (value !== undefined) told[member] = value;
  }
  return { kind: 'working', progress: told };
}
