import type { CallOptions, Http } from './http.ts';

/** What happened in one stretch of time. Times in milliseconds. */
export interface OverviewBucket {
  /** Its beginning, RFC 3339. */
  readonly at: string;
  /** Calls that policy let through. */
  readonly allowed: number;
  readonly denied: number;
  /** Calls that were frozen until people decide. */
  readonly held: number;
  /** How waits ended in this time. */
  readonly approved: number;
  readonly refused: number;
  readonly expired: number;
  readonly cancelled: number;
  /** How long deciding took, of the newest 200 approvals and denials: half at most so long. Null when nobody decided. */
  readonly medianMs: number | null;
  readonly longestMs: number | null;
}

/** A value and how the calls with it were judged. */
export interface JudgedCount {
  /** Null for the default of the policy. */
  readonly value: string | null;
  readonly allow: number;
  readonly hold: number;
  readonly deny: number;
}

export interface Overview {
  readonly since: string;
  readonly until: string;
  readonly bucketMs: number;
  readonly buckets: readonly OverviewBucket[];
  /** Of the newest calls, the most frequent first. */
  readonly judged: {
    readonly counted: number;
    /** False when there were more calls than were counted. */
    readonly complete: boolean;
    readonly rules: readonly JudgedCount[];
    readonly actions: readonly JudgedCount[];
    readonly sessions: readonly JudgedCount[];
    readonly subjects: readonly JudgedCount[];
  };
}

interface BucketWire extends Omit<OverviewBucket, 'medianMs' | 'longestMs'> {
  readonly median_ms: number | null;
  readonly longest_ms: number | null;
}

interface OverviewWire extends Omit<Overview, 'bucketMs' | 'buckets'> {
  readonly bucket_ms: number;
  readonly buckets: readonly BucketWire[];
}

export interface OverviewInput {
  /** RFC 3339, or a duration before now; 24 hours unless told, 31 days at most. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

/** Counts what happened in a time, in at most 48 stretches of it. */
export type AskOverview = (input?: OverviewInput, options?: CallOptions) => Promise<Overview>;

export function createOverview(http: Http): AskOverview {
  return async (input = {}, options) => {
    const call = { method: 'GET', path: '/v1/overview', query: { ...input }, options } as const;
    const { bucket_ms: bucketMs, buckets, ...rest } = (await http.json<OverviewWire>(call)).body;
    return {
      ...rest,
      bucketMs,
      buckets: buckets.map(({ median_ms: medianMs, longest_ms: longestMs, ...counts }) => ({
        ...counts,
        medianMs,
        longestMs,
      })),
    };
  };
}
