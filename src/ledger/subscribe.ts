import type { Reader } from '../storage/database.ts';
import type { Entry } from './entry.ts';
import { type EntryFilter, matchesFilter, readAgent } from './filter.ts';
import type { RunningLedger } from './ledger.ts';
import { checkFilter } from './query.ts';
import { hasLabel } from './search/label/store.ts';
import { findEntries } from './search/store.ts';

const PAGE = 200;
const BUFFERED_ENTRIES = 1_000;

export interface Subscription {
  readonly filter: EntryFilter;
  /** Start after this sequence (-1 for all there is); only what comes from now on when it is left out. */
  readonly afterSeq?: number;
  /** Ends the iteration. */
  readonly signal: AbortSignal;
}

/**
 * Every matching entry after a sequence, in order, once, without end: first what is stored, then what is appended.
 * A reader that falls behind holds at most 1,000 entries in memory and is served from the database again until it
 * has caught up. Throws `invalid_request` at once for a bad filter.
 */
export function subscribe(
  { database, ledger }: { database: Reader; ledger: Pick<RunningLedger, 'head' | 'onEntries'> },
  { filter, afterSeq, signal }: Subscription,
): AsyncIterable<Entry> {
  checkFilter(filter);
  const start = afterSeq ?? ledger.head().size - 1;
  return { [Symbol.asyncIterator]: () => follow({ database, ledger, filter, start, signal }) };
}

/** What the filter asks of an entry that its own text does not tell. */
async function isOfAgent(database: Reader, filter: EntryFilter, entry: Entry): Promise<boolean> {
  const wanted = filter.agent === undefined ? undefined : readAgent(filter.agent);
  if (wanted === undefined || !('label' in wanted)) return true;
  const { session } = entry.ref;
  return session !== undefined && (await hasLabel(database, { label: wanted.label, session }));
}

interface Follow {
  readonly database: Reader;
  readonly ledger: Pick<RunningLedger, 'onEntries'>;
  readonly filter: EntryFilter;
  readonly start: number;
  readonly signal: AbortSignal;
}

async function* follow({ database, ledger, filter, start, signal }: Follow): AsyncGenerator<Entry, void> {
  let last = start;
  let buffer: Entry[] = [];
  let behind = true;
  let wake: () => void = () => {};
  const onAbort = () => wake();
  const stop = ledger.onEntries((entries) => {
    if (behind) return;
    for (const entry of entries) if (matchesFilter(filter, entry)) buffer.push(entry);
    if (buffer.length > BUFFERED_ENTRIES) {
      buffer = [];
      behind = true;
    }
    wake();
  });
  signal.addEventListener('abort', onAbort);
  try {
    while (!signal.aborted) {
      if (behind) {
        // From here on what is appended is buffered; what is stored already comes from the database.
        behind = false;
        for (;;) {
          const texts = await findEntries(database, { filter, order: 'asc', after: last, limit: PAGE });
          for (const text of texts) {
            const entry = JSON.parse(text) as Entry;
            last = entry.seq;
            yield entry;
            if (signal.aborted) return;
          }
          if (texts.length < PAGE) break;
        }
      }
      const ready = buffer;
      buffer = [];
      for (const entry of ready) {
        if (entry.seq <= last || !(await isOfAgent(database, filter, entry))) continue;
        last = entry.seq;
        yield entry;
        if (signal.aborted) return;
      }
      if (buffer.length > 0 || behind || signal.aborted) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    stop();
    signal.removeEventListener('abort', onAbort);
  }
}
