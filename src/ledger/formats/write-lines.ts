import { setImmediate } from 'node:timers/promises';
import { CountersignError } from '../../core/errors.ts';
import type { Reader } from '../../storage/database.ts';
import type { Entry } from '../entry.ts';
import type { EntryFilter } from '../filter.ts';
import { checkFilter } from '../query.ts';
import { findEntries } from '../search/store.ts';
import { cefLine } from './cef.ts';
import { csvHeader, csvLine } from './csv.ts';
import { showEntry } from './facts.ts';

export const LINE_FORMATS = ['ndjson', 'csv', 'cef'] as const;

export type LineFormat = (typeof LINE_FORMATS)[number];

export const MEDIA_TYPES: Readonly<Record<LineFormat, string>> = {
  ndjson: 'application/x-ndjson',
  csv: 'text/csv; charset=utf-8; header=present',
  cef: 'text/plain; charset=utf-8',
};

const PAGE = 200;

export interface LinesDeps {
  readonly database: Reader;
  readonly ledger: { head(): { readonly size: number } };
  readonly version: string;
  /** Ends it with `shutting_down`. */
  readonly closing: AbortSignal;
}

function lineOf(format: LineFormat, entry: Entry, version: string): string {
  switch (format) {
    case 'ndjson':
      return `${JSON.stringify(showEntry(entry))}\n`;
    case 'csv':
      return csvLine(entry);
    case 'cef':
      return cefLine(entry, { version });
  }
}

/**
 * Every matching entry that is there now, oldest first, a page of lines at a time: memory is bounded however many there
 * are, and others are served between two pages. Throws `invalid_request` at once for a bad filter.
 */
export function writeLines(
  deps: LinesDeps,
  { filter, format }: { filter: EntryFilter; format: LineFormat },
): AsyncGenerator<string, void> {
  checkFilter(filter);
  const end = deps.ledger.head().size;
  async function* pages(): AsyncGenerator<string, void> {
    if (format === 'csv') yield csvHeader();
    for (let after = -1; ; ) {
      if (deps.closing.aborted)
        throw new CountersignError('shutting_down', 'Countersign is shutting down; the export is not whole.');
      const texts = await findEntries(deps.database, { filter, order: 'asc', after, limit: PAGE });
      const entries = texts.map((text) => JSON.parse(text) as Entry).filter(({ seq }) => seq < end);
      if (entries.length > 0) yield entries.map((entry) => lineOf(format, entry, deps.version)).join('');
      const last = entries.at(-1);
      if (last === undefined || entries.length < PAGE) return;
      after = last.seq;
      await setImmediate();
    }
  }
  return pages();
}
