import { CountersignError } from '../core/errors.ts';
import type { JsonValue } from '../core/json.ts';
import { POLICY_LIMITS } from './rule.ts';

/** A JSON value as conditions see it: safe integers are CEL `int`s, objects have no prototype. */
export type CelValue = null | boolean | number | bigint | string | CelValue[] | { [key: string]: CelValue };

/** How large a value is, so that the cost of looping over it is known before the loop starts. */
export interface Size {
  /** JSON values of any kind. */
  nodes: number;
  characters: number;
  /** Entries of the longest list or object. */
  longest: number;
  longestString: number;
}

export function emptySize(): Size {
  return { nodes: 0, characters: 0, longest: 0, longestString: 0 };
}

/**
 * Converts JSON for CEL and adds its size to `size`. JSON numbers are doubles, so that `5` would not be an `int`:
 * safe integers become BigInt. Throws `payload_too_large` beyond `POLICY_LIMITS.argumentNodes` values.
 */
export function toCel(value: JsonValue, size: Size): CelValue {
  if (++size.nodes > POLICY_LIMITS.argumentNodes) {
    throw new CountersignError(
      'payload_too_large',
      `More than ${POLICY_LIMITS.argumentNodes} values; a condition cannot judge them.`,
    );
  }
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof value === 'string') {
    size.characters += value.length;
    size.longestString = Math.max(size.longestString, value.length);
    return value;
  }
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) {
    size.longest = Math.max(size.longest, value.length);
    return value.map((item) => toCel(item, size));
  }
  const keys = Object.keys(value);
  size.longest = Math.max(size.longest, keys.length);
  const result: { [key: string]: CelValue } = Object.create(null);
  for (const key of keys) {
    size.characters += key.length;
    result[key] = toCel(value[key] as JsonValue, size);
  }
  return result;
}
