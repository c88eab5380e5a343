import type { CallOptions } from './http.ts';
import type { LogEntry, LogFilter, LogQuery } from './log-entry.ts';
import type { Paged } from './page.ts';
import { groupOf, type TimelineItem, timelineOf } from './timeline.ts';

export interface TimelineOptions extends CallOptions {
  /** How many entries are read at most, the oldest first. 2,000 unless told. */
  readonly limit?: number | undefined;
}

export interface Timeline {
  readonly items: readonly TimelineItem[];
  /** False when the limit was reached before the end of the asked time. */
  readonly complete: boolean;
}

type Query = (query: LogQuery, options?: CallOptions) => Paged<LogEntry>;

const PAGE = 200;
const LIMIT = 2_000;
/** Calls and approvals that are looked up whole because a part of them lies outside the asked time. */
const WHOLE_MAX = 200;

const FIRST: ReadonlySet<string> = new Set(['call.intent', 'approval.requested']);
const LAST: ReadonlySet<string> = new Set([
  'call.outcome',
  'approval.outcome',
  'approval.denied',
  'approval.expired',
  'approval.cancelled',
  'approval.void',
]);

/** What of these is not told from its beginning to its end. */
function partial(entries: readonly LogEntry[]): LogEntry[] {
  const groups = Map.groupBy(
    entries.filter(({ ref }) => ref.approval !== undefined || ref.call !== undefined),
    groupOf,
  );
  return [...groups.values()].flatMap((group) => {
    const isWhole = group.some(({ type }) => FIRST.has(type)) && group.some(({ type }) => LAST.has(type));
    return isWhole ? [] : group.slice(0, 1);
  });
}

async function readAll(
  query: Query,
  asked: LogQuery,
  { limit, ...options }: TimelineOptions & { limit: number },
): Promise<{ entries: LogEntry[]; complete: boolean }> {
  const entries: LogEntry[] = [];
  for await (const entry of query({ ...asked, order: 'asc', limit: Math.min(PAGE, limit) }, options)) {
    if (entries.length === limit) return { entries, complete: false };
    entries.push(entry);
  }
  return { entries, complete: true };
}

/**
 * Reads matching entries and tells them by calls and approvals. What began before the asked time, or ended after it, is
 * told whole, for the first 200 of such.
 */
export async function readTimeline(
  query: Query,
  filter: LogFilter = {},
  options: TimelineOptions = {},
): Promise<Timeline> {
  const limit = options.limit ?? LIMIT;
  const { entries, complete } = await readAll(query, filter, { ...options, limit });
  const bySeq = new Map(entries.map((entry) => [entry.seq, entry]));
  for (const { ref } of partial(entries).slice(0, WHOLE_MAX)) {
    const { approval, call, session } = ref;
    const about = approval === undefined ? { call, session } : { approval };
    const whole = await readAll(query, about, { ...options, limit });
    for (const entry of whole.entries) bySeq.set(entry.seq, entry);
  }
  const all = [...bySeq.values()].sort((a, b) => a.seq - b.seq);
  return { items: timelineOf(all), complete };
}
