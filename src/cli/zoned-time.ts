import { CountersignError } from '../core/errors.ts';
import { parseTime } from './duration.ts';

const DAY_MS = 86_400_000;

export interface ZonedNow {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** An IANA name such as `Europe/Vienna`. */
  readonly zone: string;
}

interface Fields {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/** Throws `invalid_request` for a name that is no time zone. */
export function checkZone(zone: string, option: string): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone;
  } catch (cause) {
    const expected = 'a time zone such as "Europe/Vienna" or "UTC"';
    throw new CountersignError('invalid_request', `${option}: expected ${expected}, but got "${zone}".`, {
      cause,
    });
  }
}

/** What a clock on the wall of the zone shows. */
function fieldsAt(at: number, zone: string): Fields {
  const parts = new Intl.DateTimeFormat('en-US-u-ca-iso8601-hc-h23', {
    timeZone: zone,
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(at);
  const of = (type: string): number => Number(parts.find((part) => part.type === type)?.value);
  return {
    year: of('year'),
    month: of('month'),
    day: of('day'),
    hour: of('hour'),
    minute: of('minute'),
    second: of('second'),
  };
}

function asUtc({ year, month, day, hour, minute, second }: Fields): number {
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/**
 * When a clock of the zone shows this. Of a time that comes twice the first; one that is skipped moves by as much as the
 * clock does.
 */
function atWall(fields: Fields, zone: string): number {
  const wall = asUtc(fields);
  const offsetAt = (at: number): number => asUtc(fieldsAt(at, zone)) - at;
  // The zone's offsets on both sides of any change; the larger one leads to the earlier moment.
  const offsets = [offsetAt(wall - DAY_MS), offsetAt(wall + DAY_MS)].sort((a, b) => b - a);
  const right = offsets.map((offset) => wall - offset).find((at) => asUtc(fieldsAt(at, zone)) === wall);
  return right ?? wall - Math.min(...offsets);
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** `2026-01-31` and `03:04:05`, as the zone's calendar and clock have it. */
export function showWall(at: number, zone: string): { readonly date: string; readonly time: string } {
  const { year, month, day, hour, minute, second } = fieldsAt(at, zone);
  return {
    date: `${year}-${two(month)}-${two(day)}`,
    time: `${two(hour)}:${two(minute)}:${two(second)}`,
  };
}

const CLOCK = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/;
const LOCAL = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2}))?)?$/;

function isReal({ month, day, hour, minute, second }: Fields): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour <= 23 && minute <= 59 && second <= 59;
}

/**
 * A point in time: RFC 3339, a duration before now, a date or a date and time of the zone, or a time of day, which is
 * the last one before now, or the first one after `after`. Throws `invalid_request` that names the option.
 */
export function parseMoment(
  text: string,
  { option, now, zone, after }: ZonedNow & { readonly option: string; readonly after?: number | undefined },
): number {
  const clock = CLOCK.exec(text);
  const local = LOCAL.exec(text);
  if (clock === null && local === null) return Date.parse(parseTime(text, option, now));
  const [, ...given] = clock ?? local ?? [];
  const numbers = given.map((part) => Number(part ?? 0));
  const [a = 0, b = 0, c = 0, hour = 0, minute = 0, second = 0] = numbers;
  const day = fieldsAt(after ?? now, zone);
  const fields: Fields =
    clock === null
      ? { year: a, month: b, day: c, hour, minute, second }
      : { ...day, hour: a, minute: b, second: c };
  if (!isReal(fields)) return Date.parse(parseTime('', option, now));
  const at = atWall(fields, zone);
  if (clock === null) return at;
  if (after !== undefined) return at > after ? at : atWall({ ...fields, day: fields.day + 1 }, zone);
  return at <= now ? at : atWall({ ...fields, day: fields.day - 1 }, zone);
}
