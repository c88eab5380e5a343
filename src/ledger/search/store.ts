import type { Reader, SqlValue } from '../../storage/database.ts';
import { type EntryFilter, REF_FIELDS, readPattern } from '../filter.ts';

/** A pattern that stands for at most so many stored values is answered from an index, value by value. */
const VALUES_MAX = 64;
/** Fields with an index in the order of the sequence: with one of them given, the rest is a filter on few rows. */
const INDEXED = ['approval', 'session', 'subject', 'principal'] as const;

type PatternField = 'action' | 'type';

interface Condition {
  readonly sql: string;
  readonly params: readonly SqlValue[];
}

export interface EntryRange {
  readonly filter: EntryFilter;
  readonly order: 'asc' | 'desc';
  /** Only entries beyond this sequence in the direction of `order`. */
  readonly after?: number;
  readonly limit: number;
}

/** The first sequence whose entry is at or after a time, or one beyond every entry; times never go back. */
async function firstSeqSince(database: Reader, ts: number): Promise<number> {
  const [row] = await database.query({
    sql: 'SELECT seq FROM ledger WHERE ts >= ? ORDER BY ts, seq LIMIT 1',
    params: [ts],
  });
  return typeof row?.seq === 'number' ? row.seq : Number.MAX_SAFE_INTEGER;
}

/** The stored values that start with a prefix, found by hopping through the index; undefined when they are many. */
async function storedValues(
  database: Reader,
  { field, prefix }: { field: PatternField; prefix: string },
): Promise<string[] | undefined> {
  const values: string[] = [];
  let from: Condition = { sql: `${field} >= ?`, params: [prefix] };
  for (;;) {
    const [row] = await database.query({
      sql: `SELECT ${field} AS value FROM ledger WHERE ${field} IS NOT NULL AND ${from.sql} ORDER BY ${field} LIMIT 1`,
      params: from.params,
    });
    const value = row?.value;
    if (typeof value !== 'string' || !value.startsWith(prefix)) return values;
    if (values.length === VALUES_MAX) return undefined;
    values.push(value);
    from = { sql: `${field} > ?`, params: [value] };
  }
}

function startsWith(field: PatternField, prefix: string): Condition {
  return { sql: `substr(${field}, 1, ?) = ?`, params: [[...prefix].length, prefix] };
}

/** What every matching row fulfils but for the patterns that end in `*`. */
async function plainConditions(database: Reader, { filter, order, after }: EntryRange): Promise<Condition[]> {
  const conditions: Condition[] = [];
  for (const field of REF_FIELDS) {
    const value = filter[field];
    if (value !== undefined) conditions.push({ sql: `${field} = ?`, params: [value] });
  }
  const { since, until } = filter;
  if (since !== undefined)
    conditions.push({ sql: 'seq >= ?', params: [await firstSeqSince(database, since)] });
  if (until !== undefined)
    conditions.push({ sql: 'seq < ?', params: [await firstSeqSince(database, until)] });
  if (after !== undefined) conditions.push({ sql: order === 'asc' ? 'seq > ?' : 'seq < ?', params: [after] });
  return conditions;
}

/**
 * Alternatives, each of which an index answers in the order of the sequence; their union is what matches. A range over
 * an index would make the engine sort every row that it covers.
 */
async function alternatives(database: Reader, range: EntryRange): Promise<Condition[][]> {
  const { filter } = range;
  const conditions = await plainConditions(database, range);
  const hasIndex = INDEXED.some((field) => filter[field] !== undefined);
  let split: Condition[][] | undefined;
  for (const field of ['action', 'type'] as const) {
    const pattern = filter[field];
    if (pattern === undefined) continue;
    const parts = readPattern(pattern);
    if ('exact' in parts) {
      conditions.push({ sql: `${field} = ?`, params: [parts.exact] });
      continue;
    }
    const values =
      hasIndex || split ? undefined : await storedValues(database, { field, prefix: parts.prefix });
    if (values === undefined) conditions.push(startsWith(field, parts.prefix));
    else split = values.map((value) => [{ sql: `${field} = ?`, params: [value] }]);
  }
  return split === undefined ? [conditions] : split.map((one) => [...conditions, ...one]);
}

/** The texts of the entries that match, in the order of their sequence. */
export async function findEntries(database: Reader, range: EntryRange): Promise<string[]> {
  const { order, limit } = range;
  const direction = order === 'asc' ? 'ASC' : 'DESC';
  const found: { seq: number; text: string }[] = [];
  const queries = await alternatives(database, range);
  for (const conditions of queries) {
    const where = conditions.map((condition) => condition.sql).join(' AND ');
    const rows = await database.query({
      sql: `SELECT seq, entry FROM ledger ${where === '' ? '' : `WHERE ${where}`} ORDER BY seq ${direction} LIMIT ?`,
      params: [...conditions.flatMap((condition) => condition.params), limit],
    });
    for (const row of rows) found.push({ seq: row.seq as number, text: row.entry as string });
  }
  if (queries.length > 1) found.sort((a, b) => (order === 'asc' ? a.seq - b.seq : b.seq - a.seq));
  return found.slice(0, limit).map((one) => one.text);
}
