import { CountersignError } from './errors.ts';
import { LIMITS } from './limits.ts';

export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;
export interface JsonObject {
  [key: string]: JsonValue;
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Decodes UTF-8; throws `invalid_json` on any byte sequence that is not well-formed. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new CountersignError('invalid_json', 'The body is not valid UTF-8. Send JSON encoded as UTF-8.', {
      cause,
    });
  }
}

/**
 * Parses JSON (RFC 8259) and refuses what JSON cannot carry faithfully between two parties: duplicate keys at any
 * depth, `__proto__`, lone surrogates, integers beyond ±(2^53−1), numbers that overflow, `-0`, and nesting over
 * the limit. Throws `invalid_json` that names the offset and the reason; never echoes the input.
 */
export function parseStrict(text: string, maxDepth: number = LIMITS.jsonDepth): JsonValue {
  let at = 0;

  function refuse(reason: string, offset = at): never {
    throw new CountersignError('invalid_json', `JSON refused at offset ${offset}: ${reason}.`);
  }

  function skipSpace(): void {
    for (;;) {
      const code = text.charCodeAt(at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      at++;
    }
  }

  function parseString(): string {
    const start = at;
    at++;
    let escaped = false;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === 0x22) break;
      if (Number.isNaN(code)) refuse('a string does not end', start);
      if (code < 0x20) refuse('a control character stands unescaped in a string');
      if (code === 0x5c) {
        escaped = true;
        at++;
      }
      at++;
    }
    at++;
    let value: string;
    if (escaped) {
      try {
        value = JSON.parse(text.slice(start, at)) as string;
      } catch {
        refuse('a string holds an escape that JSON does not know', start);
      }
    } else {
      value = text.slice(start + 1, at - 1);
    }
    if (!value.isWellFormed()) refuse('a string holds a lone surrogate', start);
    return value;
  }

  function parseNumber(): number {
    const start = at;
    NUMBER.lastIndex = at;
    const token = NUMBER.exec(text)?.[0];
    if (token === undefined) refuse('a value is not JSON');
    at += token.length;
    const value = Number(token);
    if (!Number.isFinite(value)) refuse('a number is too large for a double', start);
    if (Object.is(value, -0)) refuse('negative zero does not survive a round trip', start);
    if (value === 0 && /[1-9]/.test(token.split(/[eE]/)[0] as string))
      refuse('a number is too small for a double', start);
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
      refuse('an integer is beyond ±9007199254740991; send it as a string', start);
    }
    return value;
  }

  function parseObject(depth: number): JsonObject {
    if (depth > maxDepth) refuse(`nesting is deeper than ${maxDepth}`);
    const result: JsonObject = {};
    at++;
    skipSpace();
    if (text.charCodeAt(at) === 0x7d) {
      at++;
      return result;
    }
    for (;;) {
      skipSpace();
      if (text.charCodeAt(at) !== 0x22) refuse('an object key was expected');
      const keyAt = at;
      const key = parseString();
      if (key === '__proto__') refuse('the key "__proto__" is not accepted', keyAt);
      if (Object.hasOwn(result, key)) refuse('an object holds the same key twice', keyAt);
      skipSpace();
      if (text.charCodeAt(at) !== 0x3a) refuse('a colon was expected');
      at++;
      result[key] = parseValue(depth);
      skipSpace();
      const code = text.charCodeAt(at++);
      if (code === 0x7d) return result;
      if (code !== 0x2c) refuse('a comma or a closing brace was expected', at - 1);
    }
  }

  function parseArray(depth: number): JsonValue[] {
    if (depth > maxDepth) refuse(`nesting is deeper than ${maxDepth}`);
    const result: JsonValue[] = [];
    at++;
    skipSpace();
    if (text.charCodeAt(at) === 0x5d) {
      at++;
      return result;
    }
    for (;;) {
      result.push(parseValue(depth));
      skipSpace();
      const code = text.charCodeAt(at++);
      if (code === 0x5d) return result;
      if (code !== 0x2c) refuse('a comma or a closing bracket was expected', at - 1);
    }
  }

  function keyword<T>(word: string, value: T): T {
    if (!text.startsWith(word, at)) refuse('a value is not JSON');
    at += word.length;
    return value;
  }

  function parseValue(depth: number): JsonValue {
    skipSpace();
    switch (text.charCodeAt(at)) {
      case 0x7b:
        return parseObject(depth + 1);
      case 0x5b:
        return parseArray(depth + 1);
      case 0x22:
        return parseString();
      case 0x74:
        return keyword('true', true);
      case 0x66:
        return keyword('false', false);
      case 0x6e:
        return keyword('null', null);
      default:
        return parseNumber();
    }
  }

  const value = parseValue(0);
  skipSpace();
  if (at !== text.length) refuse('something follows the value');
  return value;
}

/** The value at a path of keys; undefined when a key is missing or stands under something that is no object. */
export function valueAt(object: JsonObject, path: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = object;
  for (const key of path) value = isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  return value;
}

/** True for a plain JSON object (not null, not an array). */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
