import { CountersignError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';

/**
 * What a person wrote beside an act, trimmed; undefined when that is nothing. Throws `invalid_request` that names the
 * field when it is too long or holds what cannot be stored faithfully (a NUL, a lone surrogate).
 */
export function parseReason(field: string, text: string | undefined): string | undefined {
  const words = text?.trim();
  if (words === undefined || words === '') return undefined;
  if (words.length <= LIMITS.reasonCharacters && words.isWellFormed() && !words.includes('\0')) return words;
  const expected = `at most ${LIMITS.reasonCharacters} characters of text without NUL`;
  throw new CountersignError('invalid_request', `${field}: expected ${expected}`, {
    fields: [{ field, expected }],
  });
}

/** Our own words about a failure, as they can be stored: bounded, and without what storage refuses. */
export function plainNote(text: string): string {
  return text.slice(0, LIMITS.reasonCharacters).replaceAll('\0', '�').toWellFormed();
}
