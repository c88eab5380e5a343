import { CountersignError } from '../core/errors.ts';

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const EXAMPLES = '"90s", "30m", "12h" or "7d"';

function parse(text: string): number | undefined {
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text);
  return match ? Number(match[1]) * UNITS[match[2] as keyof typeof UNITS] : undefined;
}

/** Milliseconds of a duration such as `30m`. Throws `invalid_request` that names the option. */
export function parseDuration(text: string, option: string): number {
  const ms = parse(text);
  if (ms !== undefined) return ms;
  throw new CountersignError(
    'invalid_request',
    `${option}: expected a duration such as ${EXAMPLES}, but got "${text}".`,
  );
}

/** RFC 3339 of a point in time: as given, or so long before `now` when it is a duration. */
export function parseTime(text: string, option: string, now: number): string {
  const ago = parse(text);
  const at = ago === undefined ? Date.parse(text) : now - ago;
  if (Number.isFinite(at) && (ago !== undefined || /^\d{4}-\d{2}-\d{2}/.test(text)))
    return new Date(at).toISOString();
  const expected = `a time such as "2026-01-31T12:00:00Z", or a duration before now such as ${EXAMPLES}`;
  throw new CountersignError('invalid_request', `${option}: expected ${expected}, but got "${text}".`);
}

/** `4 m 05 s`, `2 h 10 m`, `3 d 4 h`: a length of time for people. */
export function showDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  const [d, h, m, s] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3_600) % 24,
    Math.floor(seconds / 60) % 60,
    seconds % 60,
  ];
  if (d > 0) return `${d} d ${h} h`;
  if (h > 0) return `${h} h ${m} m`;
  return m > 0 ? `${m} m ${String(s).padStart(2, '0')} s` : `${s} s`;
}
