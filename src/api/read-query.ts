import { CountersignError } from '../core/errors.ts';
import type { ApiContext } from './context.ts';

const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/i;

const DURATION = /^(\d{1,9})(s|m|h|d)$/;
const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Epoch milliseconds of a query parameter in RFC 3339; undefined when it is not there. Throws `invalid_request`. */
export function readTime(field: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const at = RFC3339.test(value) ? Date.parse(value) : Number.NaN;
  if (!Number.isNaN(at)) return at;
  const expected = 'a time in RFC 3339 such as 2026-01-31T09:00:00Z';
  throw new CountersignError('invalid_request', `${field}: expected ${expected}`, {
    fields: [{ field, expected }],
  });
}

/** The same, or so long before `now` as a duration such as `24h` says. */
export function readMoment(field: string, value: string | undefined, now: number): number | undefined {
  const [, count, unit] = DURATION.exec(value ?? '') ?? [];
  return unit === undefined ? readTime(field, value) : now - Number(count) * (UNIT_MS[unit] ?? 0);
}

/** The sequence after which an event stream begins: that of `Last-Event-ID`, else the newest. Throws `invalid_request`. */
export function resumeAfter(c: ApiContext, ledger: { head(): { readonly size: number } }): number {
  const last = c.req.header('last-event-id');
  if (last === undefined) return ledger.head().size - 1;
  if (/^-1$|^\d{1,15}$/.test(last)) return Number(last);
  const expected = 'the id of an earlier event, a whole number';
  throw new CountersignError('invalid_request', `Last-Event-ID: expected ${expected}`, {
    fields: [{ field: 'Last-Event-ID', expected }],
  });
}
