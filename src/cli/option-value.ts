import { CountersignError, errorText } from '../core/errors.ts';
import { isJsonObject, type JsonObject, parseStrict } from '../core/json.ts';

/** Collects an option that may be given more than once; commas separate too. */
export function addItems(text: string, before: readonly string[] | undefined): string[] {
  const items = text.split(',').map((item) => item.trim());
  return [...(before ?? []), ...items.filter((item) => item !== '')];
}

/** A collector of `key=value` for the option of this name; throws `invalid_request` on anything else. */
export function pairs(
  option: string,
  example: string,
): (text: string, before: Readonly<Record<string, string>> | undefined) => Record<string, string> {
  return (text, before) => {
    const cut = text.indexOf('=');
    if (cut > 0) return { ...before, [text.slice(0, cut)]: text.slice(cut + 1) };
    throw new CountersignError(
      'invalid_request',
      `${option}: expected key=value such as ${example}, but got "${text}".`,
    );
  };
}

/** Parses a JSON object, strictly, for the option of this name. */
export function objectText(option: string): (text: string) => JsonObject {
  return (text) => {
    try {
      const value = parseStrict(text);
      if (isJsonObject(value)) return value;
    } catch (cause) {
      throw new CountersignError('invalid_request', `${option}: ${errorText(cause)}`, { cause });
    }
    throw new CountersignError(
      'invalid_request',
      `${option}: expected a JSON object such as {"version":"1.2"}.`,
    );
  };
}

/** A parser of whole numbers within bounds, for the option of this name. */
export function wholeNumber(option: string, bounds: { min: number; max: number }): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= bounds.min && value <= bounds.max) return value;
    const expected = `a whole number from ${bounds.min} to ${bounds.max}`;
    throw new CountersignError('invalid_request', `${option}: expected ${expected}, but got "${text}".`);
  };
}
