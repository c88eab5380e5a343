import { CountersignError } from '../core/errors.ts';

/** Collects an option that may be given more than once; commas separate too. */
export function addItems(text: string, before: readonly string[] | undefined): string[] {
  const items = text.split(',').map((item) => item.trim());
  return [...(before ?? []), ...items.filter((item) => item !== '')];
}

/** Collects `key=value`; throws `invalid_request` on anything else. */
export function addLabel(
  text: string,
  before: Readonly<Record<string, string>> | undefined,
): Record<string, string> {
  const cut = text.indexOf('=');
  if (cut > 0) return { ...before, [text.slice(0, cut)]: text.slice(cut + 1) };
  throw new CountersignError(
    'invalid_request',
    `--label: expected key=value such as team=support, but got "${text}".`,
  );
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
