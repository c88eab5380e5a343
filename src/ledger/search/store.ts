import type { Reader, Row, SqlValue } from '../../storage/database.ts';
import type { EntryFilter } from '../filter.ts';
import type { Choice, Condition, Source } from './condition.ts';
import { choicesOf } from './plan/store.ts';
import { textChoices } from './text/store.ts';

/** Beyond so many rows two ways of finding are equally slow, and are not told apart. */
const COUNTED_ROWS = 2_000;
const EVERYTHING: Source = { from: 'ledger', sql: '1 = 1', params: [] };
const FROM: Readonly<Record<Source['from'], string>> = {
  ledger: 'ledger',
  word: 'ledger_word AS found CROSS JOIN ledger ON ledger.seq = found.seq',
};

export interface EntryRange {
  readonly filter: EntryFilter;
  readonly order: 'asc' | 'desc';
  /** Only entries beyond this sequence in the direction of `order`. */
  readonly after?: number;
  readonly limit: number;
}

/** How to find what a range asks for: sources whose union holds it all, and what each row of theirs must still fulfil. */
interface Plan {
  readonly sources: readonly Source[];
  readonly tests: readonly Condition[];
  /** Bounds of the sequence; `from` is within, `to` is not. */
  readonly from: number;
  readonly to: number;
}

/** The first sequence whose entry is at or after a time, or one beyond every entry; times never go back. */
async function firstSeqSince(database: Reader, ts: number): Promise<number> {
  const [row] = await database.query({
    sql: 'SELECT seq FROM ledger WHERE ts >= ? ORDER BY ts, seq LIMIT 1',
    params: [ts],
  });
  return typeof row?.seq === 'number' ? row.seq : Number.MAX_SAFE_INTEGER;
}

async function boundsOf(
  database: Reader,
  { filter: { since, until }, order, after }: EntryRange,
): Promise<{ from: number; to: number }> {
  let from = since === undefined ? 0 : await firstSeqSince(database, since);
  let to = until === undefined ? Number.MAX_SAFE_INTEGER : await firstSeqSince(database, until);
  if (after !== undefined && order === 'asc') from = Math.max(from, after + 1);
  if (after !== undefined && order === 'desc') to = Math.min(to, after);
  return { from, to };
}

/** The SQL of the rows of a source that lie within the bounds and pass the tests. */
function rowsOf(
  source: Source,
  { tests, from, to }: Omit<Plan, 'sources'>,
): { readonly seq: string; readonly sql: string; readonly params: readonly SqlValue[] } {
  const seq = source.from === 'word' ? 'found.seq' : 'ledger.seq';
  const bounds = { sql: `${seq} >= ? AND ${seq} < ?`, params: [from, to] };
  const all = [source, bounds, ...tests];
  return {
    seq,
    sql: `FROM ${FROM[source.from]} WHERE ${all.map(({ sql }) => sql).join(' AND ')}`,
    params: all.flatMap(({ params }) => params),
  };
}

/** How many rows the sources yield, as far as that makes a difference. */
async function countRows(
  database: Reader,
  sources: readonly Source[],
  bounds: { from: number; to: number },
): Promise<number> {
  let rows = 0;
  for (const source of sources) {
    if (rows >= COUNTED_ROWS) break;
    const { sql, params } = rowsOf(source, { ...bounds, tests: [] });
    const [counted] = await database.query({
      sql: `SELECT count(*) AS n FROM (SELECT 1 ${sql} LIMIT ?)`,
      params: [...params, COUNTED_ROWS],
    });
    rows += Number(counted?.n ?? 0);
  }
  return rows;
}

/** Starts from what yields the fewest rows. */
async function planOf(database: Reader, range: EntryRange): Promise<Plan> {
  const { filter } = range;
  const bounds = await boundsOf(database, range);
  const choices = await choicesOf(database, filter);
  if (filter.text !== undefined) choices.push(...(await textChoices(database, filter.text)));
  const able = choices.filter((choice) => choice.sources !== undefined);
  let start: Choice | undefined = able[0];
  if (able.length > 1) {
    let fewest = Number.POSITIVE_INFINITY;
    for (const choice of able) {
      const rows = await countRows(database, choice.sources ?? [], bounds);
      if (rows < fewest) start = choice;
      fewest = Math.min(rows, fewest);
    }
  }
  const tests = choices.filter((choice) => choice !== start).map(({ test }) => test);
  return { sources: start?.sources ?? [EVERYTHING], tests, ...bounds };
}

/** The rows that a range asks for, in order, each once. */
async function findRows(database: Reader, range: EntryRange, columns: string): Promise<Row[]> {
  const { order, limit } = range;
  const plan = await planOf(database, range);
  const compare = (a: Row, b: Row): number =>
    order === 'asc' ? Number(a.seq) - Number(b.seq) : Number(b.seq) - Number(a.seq);
  let found: Row[] = [];
  for (const source of plan.sources) {
    const worst = found[limit - 1];
    const beyond = worst === undefined ? {} : { [order === 'asc' ? 'to' : 'from']: Number(worst.seq) };
    const { seq, sql, params } = rowsOf(source, { ...plan, ...beyond });
    const rows = await database.query({
      sql: `SELECT ${columns} ${sql} ORDER BY ${seq} ${order === 'asc' ? 'ASC' : 'DESC'} LIMIT ?`,
      params: [...params, limit],
    });
    if (plan.sources.length === 1) return rows;
    // One entry may hold several of the words that were asked for.
    const bySeq = new Map([...found, ...rows].map((row) => [row.seq, row]));
    found = [...bySeq.values()].sort(compare).slice(0, limit);
  }
  return found;
}

/** The texts of the entries that match, in the order of their sequence. */
export async function findEntries(database: Reader, range: EntryRange): Promise<string[]> {
  const rows = await findRows(database, range, 'ledger.seq AS seq, ledger.entry AS entry');
  return rows.map((row) => String(row.entry));
}

/** What of an entry can be counted. */
export interface FacetRow {
  readonly type: string;
  readonly action: string | undefined;
  readonly session: string | undefined;
  readonly subject: string | undefined;
  readonly principal: string | undefined;
  /** Only of types that record one in their body. */
  readonly effect: string | undefined;
}

const FACET_COLUMNS = `ledger.seq AS seq, ledger.type AS type, ledger.action AS action, ledger.session AS session,
  ledger.subject AS subject, ledger.principal AS principal,
  CASE WHEN ledger.type IN ('approval.requested', 'access.evaluated')
    THEN json_extract(ledger.entry, '$.body.effect') END AS effect`;

/** The same for counting: what groups the newest entries that match. */
export async function findFacetRows(
  database: Reader,
  { filter, limit }: Pick<EntryRange, 'filter' | 'limit'>,
): Promise<FacetRow[]> {
  const rows = await findRows(database, { filter, order: 'desc', limit }, FACET_COLUMNS);
  const text = (value: SqlValue | undefined): string | undefined =>
    value == null ? undefined : String(value);
  return rows.map(({ type, action, session, subject, principal, effect }) => ({
    type: String(type),
    action: text(action),
    session: text(session),
    subject: text(subject),
    principal: text(principal),
    effect: text(effect),
  }));
}
