/** `4 min 05 s`, `2 h 10 min`, `3 d 4 h`; zero and below is `0 s`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (hours >= 24) return `${Math.floor(hours / 24)} d ${hours % 24} h`;
  if (hours > 0) return `${hours} h ${minutes % 60} min`;
  if (minutes > 0) return `${minutes} min ${String(seconds % 60).padStart(2, '0')} s`;
  return `${seconds} s`;
}

/** `1 call`, `2 calls`. */
export const count = (of: number, one: string): string => `${of} ${one}${of === 1 ? '' : 's'}`;

const both = (words: string, rest: number, one: string): string =>
  rest === 0 ? words : `${words} ${count(rest, one)}`;

/** The same as it is spoken: `4 minutes 5 seconds`, `2 hours 10 minutes`, `3 days`. */
export function durationWords(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (hours >= 24) return both(count(Math.floor(hours / 24), 'day'), hours % 24, 'hour');
  if (hours > 0) return both(count(hours, 'hour'), minutes % 60, 'minute');
  if (minutes > 0) return both(count(minutes, 'minute'), seconds % 60, 'second');
  return count(seconds, 'second');
}

/** A short time in full, `12 ms` or as `duration` has it: machines take milliseconds, people minutes. */
export function shortTime(ms: number): string {
  return ms < 1_000 ? `${ms} ms` : duration(ms);
}

/** The same as it is spoken. */
export function shortTimeWords(ms: number): string {
  return ms < 1_000 ? count(ms, 'millisecond') : durationWords(ms);
}

/** `2026-01-05 12:00:00 UTC`: one form for everybody who talks about the same call. */
export function utc(rfc3339: string): string {
  return rfc3339.replace('T', ' ').replace(/(?:\.\d+)?Z$/, ' UTC');
}

/**
 * The exact time in the zone that somebody wants to read it in: UTC, or this device’s own with its name behind it, such as
 * `2026-01-05 13:00:00 CET`. `timeZone` (IANA) stands in for the device’s.
 */
export function exactTime(rfc3339: string, zone: 'utc' | 'local', timeZone?: string): string {
  if (zone === 'utc') return utc(rfc3339);
  const format = new Intl.DateTimeFormat('en-GB', {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
    timeZone,
  });
  const part = Object.fromEntries(
    format.formatToParts(new Date(rfc3339)).map(({ type, value }) => [type, value]),
  );
  return `${part.year}-${part.month}-${part.day} ${part.hour}:${part.minute}:${part.second} ${part.timeZoneName}`;
}
