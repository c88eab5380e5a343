import type { JsonObject, JsonValue } from './json.ts';

/** ECMA-262, JSON.parse source text access: the text of a number, and a value that is written as that text again. */
interface ExactJson {
  parse(
    text: string,
    revive: (key: string, value: JsonValue, context: { source?: string }) => unknown,
  ): JsonValue;
  rawJSON(text: string): JsonObject;
  isRawJSON(value: unknown): boolean;
}

const EXACT = JSON as unknown as ExactJson;
/** More digits than any double holds, or an exponent that may be beyond one; in a text it means a second look, no more. */
const DOUBTFUL = /\d[.\d]{15}|[eE][-+]?\d{3}/;
/** As many digits as somebody may write without the comparison costing anything. */
const INTEGER = /^-?\d{1,400}$/;

function isLossy(value: number, source: string): boolean {
  const mantissa = source.split(/[eE]/)[0] ?? '';
  if (!Number.isFinite(value) || (value === 0 && /[1-9]/.test(mantissa))) return true;
  return mantissa.replaceAll(/\D/g, '').length > 15 && String(value) !== source;
}

/**
 * Parses JSON as `JSON.parse` does, except that a number which no double holds stays the text that it was:
 * `JSON.stringify` writes it as it came, and `numberOf` reads it. Throws `SyntaxError`, and `RangeError` when it is nested
 * too deep.
 */
export function parseExact(text: string): JsonValue {
  if (!DOUBTFUL.test(text)) return JSON.parse(text) as JsonValue;
  return EXACT.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && isLossy(value, source)
      ? EXACT.rawJSON(source)
      : value,
  );
}

/** Whether a text, which must be JSON, is nested deeper than `most`: what `JSON.parse` can read, not all can write again. */
export function isDeeperThan(text: string, most: number): boolean {
  let depth = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isInString) {
      if (code === 0x5c) at++;
      else if (code === 0x22) isInString = false;
    } else if (code === 0x22) isInString = true;
    else if (code === 0x7b || code === 0x5b) {
      depth++;
      if (depth > most) return true;
    } else if (code === 0x7d || code === 0x5d) depth--;
  }
  return false;
}

function sourceOf(value: JsonValue | undefined): string | undefined {
  if (typeof value === 'number') return String(value);
  return EXACT.isRawJSON(value) ? String((value as JsonObject).rawJSON) : undefined;
}

/** The double that is nearest to a number of `parseExact`; undefined for what is no number, or beyond all doubles. */
export function numberOf(value: JsonValue | undefined): number | undefined {
  const number = Number(sourceOf(value) ?? Number.NaN);
  return Number.isFinite(number) ? number : undefined;
}

/** Whether one number of `parseExact` is greater than another: integers exactly, others as far as doubles tell. */
export function isGreater(value: JsonValue, { than }: { than: JsonValue }): boolean {
  const [one, other] = [sourceOf(value), sourceOf(than)];
  if (one === undefined || other === undefined) return false;
  if (INTEGER.test(one) && INTEGER.test(other)) return BigInt(one) > BigInt(other);
  return Number(one) > Number(other);
}
