const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;

/** A part of every day in which only what is critical is told. */
export interface QuietHours {
  /** Minutes after midnight, the end exclusive; the end is on the next day when it is not after the start. */
  readonly fromMinute: number;
  readonly toMinute: number;
  /** An IANA time zone, such as `Europe/Berlin`. */
  readonly zone: string;
}

/** Minutes after midnight that clocks show there. */
function minuteOfDay(at: number, zone: string): number {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const part = (type: string): number =>
    Number(format.formatToParts(at).find((one) => one.type === type)?.value);
  return part('hour') * 60 + part('minute');
}

function isQuiet({ fromMinute, toMinute, zone }: QuietHours, at: number): boolean {
  const minute = minuteOfDay(at, zone);
  return fromMinute < toMinute
    ? minute >= fromMinute && minute < toMinute
    : minute >= fromMinute || minute < toMinute;
}

/**
 * The first moment from `at` on that is not quiet, in epoch milliseconds: `at` itself outside of quiet hours. Where clocks
 * are changed in between, the end is when they show it; when they skip it, it is as long after `at` as it would have been.
 */
export function afterQuiet(quiet: QuietHours | undefined, at: number): number {
  if (quiet === undefined || !isQuiet(quiet, at)) return at;
  const left = (quiet.toMinute - minuteOfDay(at, quiet.zone) + DAY_MINUTES) % DAY_MINUTES;
  const end = Math.floor(at / MINUTE_MS) * MINUTE_MS + left * MINUTE_MS;
  const off = quiet.toMinute - minuteOfDay(end, quiet.zone);
  const shift = off > DAY_MINUTES / 2 ? off - DAY_MINUTES : off < -DAY_MINUTES / 2 ? off + DAY_MINUTES : off;
  const shown = end + shift * MINUTE_MS;
  return isQuiet(quiet, shown) ? end : shown;
}
