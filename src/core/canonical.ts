import { CountersignError } from './errors.ts';
import type { JsonValue } from './json.ts';

function byUtf16(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function canonicalString(value: string): string {
  if (!value.isWellFormed())
    throw new CountersignError('internal', 'A lone surrogate has no canonical form.');
  return JSON.stringify(value);
}

/**
 * The one canonical text of a JSON value (RFC 8785, JSON Canonicalization Scheme). Equal values give equal text
 * whatever the order of their keys. Throws `internal` on what JSON cannot hold; input from `parseStrict` never does.
 */
export function canonicalize(value: JsonValue): string {
  if (typeof value === 'string') return canonicalString(value);
  if (value === null || typeof value === 'boolean') return JSON.stringify(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value))
      throw new CountersignError('internal', 'A number that is not finite has no canonical form.');
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map(canonicalize).join(',')}]`;
  if (typeof value !== 'object')
    throw new CountersignError('internal', `A ${typeof value} has no canonical form.`);
  const members = Object.keys(value)
    .sort(byUtf16)
    .map((key) => `${canonicalString(key)}:${canonicalize(value[key] as JsonValue)}`);
  return `{${members.join(',')}}`;
}
