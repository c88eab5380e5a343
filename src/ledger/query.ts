import { CountersignError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { Reader } from '../storage/database.ts';
import type { Entry } from './entry.ts';
import type { EntryFilter } from './filter.ts';
import { findEntries } from './search/store.ts';
import { wordsOf } from './words.ts';

export interface EntryQuery extends EntryFilter {
  /** By sequence, which is also by time; newest first unless said otherwise. */
  readonly order?: 'asc' | 'desc';
  /** From the previous page, of a query with the same order. */
  readonly cursor?: string;
  readonly limit?: number;
}

export interface EntryPage {
  readonly entries: readonly Entry[];
  /** There when more may follow. */
  readonly nextCursor?: string;
}

function refuse(field: string, expected: string): never {
  throw new CountersignError('invalid_request', `${field}: expected ${expected}`, {
    fields: [{ field, expected }],
  });
}

function writeCursor(order: 'asc' | 'desc', seq: number): string {
  return Buffer.from(`${order}:${seq}`).toString('base64url');
}

function readCursor(cursor: string, order: 'asc' | 'desc'): number {
  const match = /^(asc|desc):([0-9]{1,16})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'));
  if (match === null) return refuse('cursor', 'the next_cursor of the previous page, unchanged');
  if (match[1] !== order)
    return refuse('cursor', `the cursor of a query with order=${match[1]}; start again without a cursor`);
  return Number(match[2]);
}

function checkPattern(field: 'action' | 'tool' | 'type', pattern: string | undefined): void {
  if (pattern?.slice(0, -1).includes('*')) {
    refuse(field, 'an exact value, or the start of one followed by a single "*" at the end');
  }
}

function checkText(text: string | undefined): void {
  if (text === undefined) return;
  const words = wordsOf(text).length;
  if (words < 1 || words > LIMITS.searchedWords)
    refuse('text', `1 to ${LIMITS.searchedWords} words of letters and digits`);
}

/** Throws `invalid_request` for a filter that no entry store can answer: a `*` that does not stand at the end, say. */
export function checkFilter(filter: EntryFilter): void {
  checkPattern('action', filter.action);
  checkPattern('tool', filter.tool);
  checkPattern('type', filter.type);
  checkText(filter.text);
}

/**
 * One page of entries. Reads by key, so that a page costs the same however deep it lies, and entries that arrive
 * meanwhile neither shift nor repeat it. Throws `invalid_request` that names the field.
 */
export async function queryEntries(database: Reader, query: EntryQuery): Promise<EntryPage> {
  const { order = 'desc', cursor, limit = LIMITS.pageSizeDefault, ...filter } = query;
  checkFilter(filter);
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMITS.pageSizeMax) {
    refuse('limit', `a whole number from 1 to ${LIMITS.pageSizeMax}`);
  }
  const after = cursor === undefined ? {} : { after: readCursor(cursor, order) };
  const texts = await findEntries(database, { filter, order, limit: limit + 1, ...after });
  const entries = texts.slice(0, limit).map((text) => JSON.parse(text) as Entry);
  const last = entries[entries.length - 1];
  if (texts.length <= limit || last === undefined) return { entries };
  return { entries, nextCursor: writeCursor(order, last.seq) };
}
