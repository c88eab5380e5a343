import * as z from 'zod';

const DURATION = /^[1-9][0-9]{0,8}(ms|s|m|h|d)$/;
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of a duration such as `500ms`, `5s`, `30m`, `1h`, `7d`; undefined when it is not one. */
export function parseDuration(text: string): number | undefined {
  const unit = DURATION.exec(text)?.[1];
  return unit === undefined ? undefined : Number(text.slice(0, -unit.length)) * (UNIT_MS[unit] as number);
}

/** Text of one form; `expected` is the whole message of its problem, as in all that follow. */
export function textOf(pattern: RegExp, expected: string) {
  return z.string({ error: expected }).regex(pattern, { error: expected });
}

export function oneOf<const T extends readonly [string, ...string[]]>(...values: T) {
  return z.enum(values, { error: `expected ${values.slice(0, -1).join(', ')} or ${values.at(-1)}` });
}

export function whole(min: number, max: number) {
  const error = `expected a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

export function listOf<T extends z.ZodType>(item: T, expected: string) {
  return z
    .array(item, { error: expected })
    .min(1, { error: expected })
    .max(1_000, { error: 'expected at most 1000 entries' });
}

export const flag = () => z.boolean({ error: 'expected true or false' });
/** What is expected of a mapping whose members say the rest. */
export const BLOCK = 'expected a block of key: value';
export const duration = () => textOf(DURATION, 'expected a duration such as 500ms, 5s, 30m, 1h or 7d');
export const group = () =>
  textOf(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'expected a group name such as support-leads');
