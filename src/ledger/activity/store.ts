import type { Reader, SqlValue } from '../../storage/database.ts';

/** Entries from the first sequence to before the second. */
export interface SeqRange {
  readonly from: number;
  readonly to: number;
}

/** The first sequence whose entry is at or after a time; `size` when there is none. Times never go back. */
export async function seqAt(database: Reader, at: { ts: number; size: number }): Promise<number> {
  const [row] = await database.query({
    sql: 'SELECT seq FROM ledger WHERE ts >= ? ORDER BY ts, seq LIMIT 1',
    params: [at.ts],
  });
  return row === undefined ? at.size : Number(row.seq);
}

/** How many entries of each type there are; reads nothing but an index. */
export async function countTypes(
  database: Reader,
  { from, to }: SeqRange,
  types: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const rows = await database.query({
    sql: `SELECT type, count(*) AS n FROM ledger WHERE type IN (${types.map(() => '?').join(', ')})
      AND seq >= ? AND seq < ? GROUP BY type`,
    params: [...types, from, to],
  });
  return new Map(rows.map((row) => [String(row.type), Number(row.n)]));
}

/** How many approvals policy gave by itself, at once, so that nobody was asked. */
export async function countGivenByPolicy(database: Reader, { from, to }: SeqRange): Promise<number> {
  const [row] = await database.query({
    sql: `SELECT count(*) AS n FROM ledger WHERE type = 'approval.approved' AND seq >= ? AND seq < ?
      AND json_extract(entry, '$.body.basis') = 'policy'`,
    params: [from, to],
  });
  return Number(row?.n ?? 0);
}

/** How many approvals ran out although they had been given. */
export async function countRunOut(database: Reader, { from, to }: SeqRange): Promise<number> {
  // The plus keeps the engine to the index by approval, of which a request has few entries.
  const [row] = await database.query({
    sql: `SELECT count(*) AS n FROM ledger AS ended WHERE ended.type = 'approval.expired'
      AND ended.seq >= ? AND ended.seq < ? AND EXISTS (SELECT 1 FROM ledger AS given
        WHERE given.approval = ended.approval AND +given.type = 'approval.approved')`,
    params: [from, to],
  });
  return Number(row?.n ?? 0);
}

const DECIDED = ['approval.approved', 'approval.denied'] as const;

/** How long the newest of each kind of decision had been waited for, in milliseconds, `limit` of each at most. */
export async function decisionTimes(
  database: Reader,
  { from, to }: SeqRange,
  limit: number,
): Promise<number[]> {
  const times: number[] = [];
  for (const type of DECIDED) {
    const rows = await database.query({
      sql: `SELECT ended.ts - asked.ts AS waited FROM ledger AS ended CROSS JOIN ledger AS asked
          ON asked.approval = ended.approval AND +asked.type = 'approval.requested'
        WHERE ended.type = ? AND ended.seq >= ? AND ended.seq < ?
          AND coalesce(json_extract(ended.entry, '$.body.basis'), '') <> 'policy'
        ORDER BY ended.seq DESC LIMIT ?`,
      params: [type, from, to, limit],
    });
    times.push(...rows.map((row) => Number(row.waited)));
  }
  return times;
}

/** A call as policy judged it. */
export interface JudgedRow {
  readonly seq: number;
  readonly verdict: 'allow' | 'hold' | 'deny';
  readonly action: string | undefined;
  readonly session: string | undefined;
  readonly subject: string | undefined;
  /** Undefined for the default. */
  readonly rule: string | undefined;
}

const JUDGED = ['call.intent', 'call.denied', 'approval.requested'] as const;

/** The newest judged calls. */
export async function newestJudged(database: Reader, range: SeqRange, limit: number): Promise<JudgedRow[]> {
  const text = (value: SqlValue | undefined): string | undefined =>
    value == null ? undefined : String(value);
  const found: JudgedRow[] = [];
  // Type by type: each is in the order of its index, so that nothing is sorted that is then left out.
  for (const type of JUDGED) {
    const rows = await database.query({
      sql: `SELECT seq, action, session, subject, json_extract(entry, '$.body.rule') AS rule,
          json_extract(entry, '$.body.effect') AS effect
        FROM ledger WHERE type = ? AND seq >= ? AND seq < ? ORDER BY seq DESC LIMIT ?`,
      params: [type, range.from, range.to, limit],
    });
    for (const row of rows) {
      const isHold = type === 'approval.requested' && row.effect !== 'allow';
      found.push({
        seq: Number(row.seq),
        verdict: type === 'call.denied' ? 'deny' : isHold ? 'hold' : 'allow',
        action: text(row.action),
        session: text(row.session),
        subject: text(row.subject),
        rule: text(row.rule),
      });
    }
  }
  return found.sort((a, b) => b.seq - a.seq).slice(0, limit);
}
