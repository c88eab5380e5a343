import type { JudgedCount, Overview, OverviewBucket } from '../../../sdk/overview.ts';
import { percent } from './plot.ts';

export const PERIODS = {
  '1h': 'last hour',
  '24h': 'last 24 hours',
  '7d': 'last 7 days',
  '30d': 'last 30 days',
} as const;

export type Period = keyof typeof PERIODS;

const HOUR_MS = 3_600_000;

export const PERIOD_MS: Readonly<Record<Period, number>> = {
  '1h': HOUR_MS,
  '24h': 24 * HOUR_MS,
  '7d': 7 * 24 * HOUR_MS,
  '30d': 30 * 24 * HOUR_MS,
};

/** The period of an address; a day unless it names another. */
export function readPeriod(query: string, otherwise: Period = '24h'): Period {
  const given = new URLSearchParams(query).get('since') ?? '';
  return given in PERIODS ? (given as Period) : otherwise;
}

/** Everything of a period in single numbers. */
export interface Totals {
  readonly calls: number;
  readonly held: number;
  readonly denied: number;
  /** Waits that ended, however. */
  readonly ended: number;
  readonly expired: number;
  readonly decided: number;
}

const sum = (buckets: readonly OverviewBucket[], of: (bucket: OverviewBucket) => number): number =>
  buckets.reduce((total, bucket) => total + of(bucket), 0);

export function totalsOf(buckets: readonly OverviewBucket[]): Totals {
  const held = sum(buckets, (one) => one.held);
  const denied = sum(buckets, (one) => one.denied);
  const expired = sum(buckets, (one) => one.expired);
  const decided = sum(buckets, (one) => one.approved + one.refused);
  return {
    calls: sum(buckets, (one) => one.allowed) + held + denied,
    held,
    denied,
    expired,
    decided,
    ended: decided + expired + sum(buckets, (one) => one.cancelled),
  };
}

/** The numbers at the top, each with what it means; a number as such is a time in milliseconds. */
export function headlines({ buckets }: Pick<Overview, 'buckets'>): readonly {
  readonly label: string;
  readonly value: string | number;
  readonly note: string;
}[] {
  const totals = totalsOf(buckets);
  const longest = Math.max(0, ...buckets.map(({ longestMs }) => longestMs ?? 0));
  return [
    { label: 'Calls', value: `${totals.calls}`, note: `${totals.denied} denied by policy` },
    { label: 'Held', value: `${totals.held}`, note: `${percent(totals.held, totals.calls)} of calls` },
    { label: 'Decided', value: `${totals.decided}`, note: `of ${totals.ended} that ended` },
    {
      label: 'Expired',
      value: percent(totals.expired, totals.ended),
      note: `${totals.expired} ran out undecided`,
    },
    {
      label: 'Longest decision',
      value: totals.decided === 0 ? '–' : longest,
      note: 'from request to verdict',
    },
  ];
}

export const totalOf = ({ allow, hold, deny }: Omit<JudgedCount, 'value'>): number => allow + hold + deny;
