import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';

/** What stands in the place of a redacted value. */
export const REDACTED = '[redacted]';

const RESULT = 'result:';

/** Those of a `redact` list that point into the arguments. */
export function argumentPointers(pointers: readonly string[]): readonly string[] {
  return pointers.filter((pointer) => !pointer.startsWith(RESULT));
}

const SHORTEST_ECHO = 4;

/** The keys of a JSON Pointer (RFC 6901 §4). */
export function tokensOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** Whether one path leads to the other, or to something inside it. */
export function keysOverlap({ a, b }: { a: readonly string[]; b: readonly string[] }): boolean {
  const shared = Math.min(a.length, b.length);
  return a.slice(0, shared).every((key, at) => key === b[at]);
}

/** Replaces the value at a path in a copy; paths that lead nowhere change nothing. `found` is told each hidden value. */
function hide(value: JsonValue, tokens: readonly string[], found: (hidden: JsonValue) => void): JsonValue {
  const [token, ...rest] = tokens;
  if (token === undefined) {
    found(value);
    return REDACTED;
  }
  if (Array.isArray(value)) {
    if (!/^(0|[1-9][0-9]*)$/.test(token) || Number(token) >= value.length) return value;
    const at = Number(token);
    const inner = hide(value[at] as JsonValue, rest, found);
    return inner === value[at] ? value : value.with(at, inner);
  }
  if (!isJsonObject(value) || !Object.hasOwn(value, token)) return value;
  const inner = hide(value[token] as JsonValue, rest, found);
  return inner === value[token] ? value : { ...value, [token]: inner };
}

function ignore(): void {
  return;
}

/** A copy of the arguments in which every pointer (RFC 6901) of a verdict's `redact` list is hidden. `result:` pointers are skipped. */
export function redactArguments(args: JsonObject, pointers: readonly string[]): JsonObject {
  return argumentPointers(pointers).reduce<JsonObject>(
    (value, pointer) => hide(value, tokensOf(pointer), ignore) as JsonObject,
    args,
  );
}

/** Whether there is a value at a path. */
function leadsToValue(value: JsonValue, tokens: readonly string[]): boolean {
  const hidden: JsonValue[] = [];
  hide(value, tokens, (found) => hidden.push(found));
  return hidden.length > 0;
}

/**
 * Those of a `redact` list under which these arguments have a value, each once, and none that lies below another: one for
 * each value that `redactArguments` leaves out.
 */
export function hidingPointers(args: JsonObject, pointers: readonly string[]): readonly string[] {
  const leading = [...new Set(argumentPointers(pointers))].filter((one) => leadsToValue(args, tokensOf(one)));
  return leading.filter((one) => !leading.some((above) => above !== one && one.startsWith(`${above}/`)));
}

function stringsIn(value: JsonValue, into: Set<string>): void {
  if (typeof value === 'string' && value.length >= SHORTEST_ECHO) into.add(value);
  else if (typeof value === 'number' && String(value).length >= SHORTEST_ECHO) into.add(String(value));
  else if (Array.isArray(value)) for (const item of value) stringsIn(item, into);
  else if (isJsonObject(value)) for (const item of Object.values(value)) stringsIn(item, into);
}

function parsed(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}

function redactText(text: string, paths: readonly string[][], found: (hidden: JsonValue) => void): string {
  const json = parsed(text);
  if (json === undefined || typeof json !== 'object' || json === null) return text;
  const hidden = paths.reduce<JsonValue>((value, path) => hide(value, path, found), json);
  return hidden === json ? text : JSON.stringify(hidden);
}

/** A copy in which none of these texts stands in any other. */
function withoutEchoes(value: JsonValue, secrets: readonly string[]): JsonValue {
  if (typeof value === 'string')
    return secrets.reduce((text, secret) => text.replaceAll(secret, REDACTED), value);
  if (Array.isArray(value)) return value.map((item) => withoutEchoes(item, secrets));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutEchoes(item, secrets)]));
}

/**
 * A copy of a tool's result in which every `result:` pointer is hidden. A pointer is tried on the result itself, on
 * `structuredContent`, and on each text block that holds JSON; what it hid is also removed from all other texts,
 * because servers repeat their structured output as text.
 */
export function redactResult(result: JsonValue, pointers: readonly string[]): JsonValue {
  const paths = pointers
    .filter((pointer) => pointer.startsWith(RESULT))
    .map((pointer) => tokensOf(pointer.slice(RESULT.length)));
  if (paths.length === 0) return result;
  const secrets = new Set<string>();
  const found = (hidden: JsonValue) => stringsIn(hidden, secrets);
  const top = paths.reduce<JsonValue>((value, path) => hide(value, path, found), result);
  if (!isJsonObject(top)) return top;
  const copy: JsonObject = { ...top };
  if (isJsonObject(copy.structuredContent)) {
    copy.structuredContent = paths.reduce<JsonValue>(
      (value, path) => hide(value, path, found),
      copy.structuredContent,
    );
  }
  if (Array.isArray(copy.content)) {
    copy.content = copy.content.map((block) =>
      isJsonObject(block) && typeof block.text === 'string'
        ? { ...block, text: redactText(block.text, paths, found) }
        : block,
    );
  }
  if (secrets.size === 0) return copy;
  return withoutEchoes(
    copy,
    [...secrets].sort((a, b) => b.length - a.length),
  );
}

/** Those of a `redact` list that hide something of this result, with their `result:`. */
export function hiddenInResult(result: JsonValue, pointers: readonly string[]): readonly string[] {
  const whole = JSON.stringify(result);
  return [...new Set(pointers)].filter(
    (one) => one.startsWith(RESULT) && JSON.stringify(redactResult(result, [one])) !== whole,
  );
}
