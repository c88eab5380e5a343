import { LIMITS } from '../core/limits.ts';
import type { Reader } from '../storage/database.ts';
import {
  countGivenByPolicy,
  countRunOut,
  countTypes,
  decisionTimes,
  type JudgedRow,
  newestJudged,
  seqAt,
} from './activity/store.ts';
import { readSize } from './store.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Lengths of a bucket that people can read off an axis. */
const BUCKETS_MS = [
  MINUTE_MS,
  5 * MINUTE_MS,
  15 * MINUTE_MS,
  30 * MINUTE_MS,
  HOUR_MS,
  3 * HOUR_MS,
  6 * HOUR_MS,
  12 * HOUR_MS,
  DAY_MS,
] as const;

/** What happened in one stretch of time. Times in milliseconds. */
export interface ActivityBucket {
  /** Its beginning, since the epoch. */
  readonly at: number;
  /** Calls that policy let through, sent back, or froze. */
  readonly allowed: number;
  readonly denied: number;
  readonly held: number;
  /** Of waits that ended in this time: how. */
  readonly approved: number;
  readonly refused: number;
  readonly expired: number;
  readonly cancelled: number;
  /**
   * How long people took for the newest `LIMITS.overviewDecisions` of each decision: half of them at most so long, and
   * the longest; null when nobody decided.
   */
  readonly medianMs: number | null;
  readonly longestMs: number | null;
}

/** A value and how the calls with it were judged. */
export interface ActivityCount {
  readonly value: string | null;
  readonly allow: number;
  readonly hold: number;
  readonly deny: number;
}

export interface Activity {
  readonly since: number;
  readonly until: number;
  readonly bucketMs: number;
  readonly buckets: readonly ActivityBucket[];
  /** By rule (null for the default), action, session and subject: of the newest calls, the most frequent first. */
  readonly judged: {
    readonly counted: number;
    /** False when there were more calls than were counted. */
    readonly complete: boolean;
    readonly rules: readonly ActivityCount[];
    readonly actions: readonly ActivityCount[];
    readonly sessions: readonly ActivityCount[];
    readonly subjects: readonly ActivityCount[];
  };
}

/** The shortest readable bucket of which no more than `LIMITS.overviewBuckets` are needed. */
export function bucketFor(rangeMs: number): number {
  return BUCKETS_MS.find((length) => rangeMs / length <= LIMITS.overviewBuckets) ?? DAY_MS;
}

const COUNTED = [
  'call.intent',
  'call.denied',
  'approval.requested',
  'approval.approved',
  'approval.denied',
  'approval.expired',
  'approval.cancelled',
] as const;

async function countBucket(
  database: Reader,
  bucket: { at: number; from: number; to: number },
): Promise<ActivityBucket> {
  const types = await countTypes(database, bucket, COUNTED);
  const count = (type: (typeof COUNTED)[number]): number => types.get(type) ?? 0;
  const given = count('approval.approved');
  const expired = count('approval.expired');
  // Policy gives an approval in the transaction of its request: what it gave was asked for in the same stretch.
  const byPolicy = given === 0 ? 0 : await countGivenByPolicy(database, bucket);
  const runOut = expired === 0 ? 0 : await countRunOut(database, bucket);
  const isDecided = given + count('approval.denied') > byPolicy;
  const times = isDecided ? await decisionTimes(database, bucket, LIMITS.overviewDecisions) : [];
  times.sort((a, b) => a - b);
  return {
    at: bucket.at,
    allowed: count('call.intent') + byPolicy,
    denied: count('call.denied'),
    held: count('approval.requested') - byPolicy,
    approved: given - byPolicy,
    refused: count('approval.denied'),
    expired: expired - runOut,
    cancelled: count('approval.cancelled'),
    medianMs: times[Math.ceil(times.length / 2) - 1] ?? null,
    longestMs: times.at(-1) ?? null,
  };
}

function countBy(rows: readonly JudgedRow[], of: 'rule' | 'action' | 'session' | 'subject'): ActivityCount[] {
  const counts = new Map<string | null, { allow: number; hold: number; deny: number }>();
  for (const row of rows) {
    const value = row[of] ?? null;
    if (value === null && of !== 'rule') continue;
    const count = counts.get(value) ?? { allow: 0, hold: 0, deny: 0 };
    count[row.verdict] += 1;
    counts.set(value, count);
  }
  const total = ({ allow, hold, deny }: Omit<ActivityCount, 'value'>): number => allow + hold + deny;
  return [...counts]
    .map(([value, count]) => ({ value, ...count }))
    .sort((a, b) => total(b) - total(a) || ((a.value ?? '') < (b.value ?? '') ? -1 : 1))
    .slice(0, of === 'rule' ? LIMITS.overviewRules : LIMITS.facetValues);
}

/**
 * Counts what happened in a time, `until` exclusive, by stretches of it. The cost is bounded: counts come from an index,
 * and what needs the entries themselves is read of the newest `LIMITS.facetEntries`. The caller bounds the time.
 */
export async function countActivity(
  database: Reader,
  range: { since: number; until: number },
): Promise<Activity> {
  const bucketMs = bucketFor(range.until - range.since);
  const since = Math.floor(range.since / bucketMs) * bucketMs;
  const size = await readSize(database);
  const first = await seqAt(database, { ts: since, size });
  const buckets: ActivityBucket[] = [];
  let from = first;
  for (let at = since; at < range.until; at += bucketMs) {
    const to = await seqAt(database, { ts: Math.min(at + bucketMs, range.until), size });
    buckets.push(await countBucket(database, { at, from, to }));
    from = to;
  }
  const found = await newestJudged(database, { from: first, to: from }, LIMITS.facetEntries + 1);
  const rows = found.slice(0, LIMITS.facetEntries);
  return {
    since,
    until: range.until,
    bucketMs,
    buckets,
    judged: {
      counted: rows.length,
      complete: found.length === rows.length,
      rules: countBy(rows, 'rule'),
      actions: countBy(rows, 'action'),
      sessions: countBy(rows, 'session'),
      subjects: countBy(rows, 'subject'),
    },
  };
}
