import type { Reader } from '../../storage/database.ts';
import type { StoredText } from '../store.ts';

/** The first sequence whose entry is at or after a time; undefined when there is none. Times never go back. */
export async function firstSeqSince(database: Reader, ts: number): Promise<number | undefined> {
  const [row] = await database.query({
    sql: 'SELECT seq FROM ledger WHERE ts >= ? ORDER BY ts, seq LIMIT 1',
    params: [ts],
  });
  return row === undefined ? undefined : Number(row.seq);
}

const JUDGED = `type IN ('call.intent', 'call.denied', 'approval.requested')`;

/** The entries of judged calls with `from <= seq < to`, ascending. */
export async function judgedEntries(
  database: Reader,
  { from, to }: { from: number; to: number },
): Promise<StoredText[]> {
  const rows = await database.query({
    sql: `SELECT seq, entry FROM ledger WHERE seq >= ? AND seq < ? AND ${JUDGED} ORDER BY seq`,
    params: [from, to],
  });
  return rows.map((row) => ({ seq: Number(row.seq), text: String(row.entry) }));
}

/** How many calls were judged in the entries with `from <= seq < to`. */
export async function countJudged(
  database: Reader,
  { from, to }: { from: number; to: number },
): Promise<number> {
  const [row] = await database.query({
    sql: `SELECT count(*) AS calls FROM ledger WHERE seq >= ? AND seq < ? AND ${JUDGED}`,
    params: [from, to],
  });
  return Number(row?.calls ?? 0);
}

/** The sequence of the oldest of the newest `count` judged calls; undefined when there are not so many. */
export async function judgedSeqFromEnd(
  database: Reader,
  { from, to, count }: { from: number; to: number; count: number },
): Promise<number | undefined> {
  const [row] = await database.query({
    sql: `SELECT seq FROM ledger WHERE seq >= ? AND seq < ? AND ${JUDGED} ORDER BY seq DESC LIMIT 1 OFFSET ?`,
    params: [from, to, count - 1],
  });
  return row === undefined ? undefined : Number(row.seq);
}

/** The entry by which a call (`req_…`) or an approval (`apr_…`) was judged; undefined when there is none. */
export async function judgedEntry(database: Reader, id: string): Promise<StoredText | undefined> {
  const [payload] = await database.query({ sql: 'SELECT subject FROM payload WHERE id = ?', params: [id] });
  const isApproval = id.startsWith('apr_');
  // Calls have no index of their own; those of one subject have.
  const narrowed = !isApproval && payload !== undefined;
  const [row] = await database.query({
    sql: `SELECT seq, entry FROM ledger WHERE ${narrowed ? 'subject = ? AND ' : ''}${isApproval ? 'approval' : 'call'} = ? AND type = ?`,
    params: [
      ...(narrowed ? [String(payload.subject)] : []),
      id,
      isApproval ? 'approval.requested' : 'call.intent',
    ],
  });
  return row === undefined ? undefined : { seq: Number(row.seq), text: String(row.entry) };
}

const marksOf = (ids: readonly string[]): string => ids.map(() => '?').join(', ');

/** What an approval keeps of its request; `call` is undefined once it was erased. */
export interface ApprovalRow {
  readonly call: string | undefined;
  /** JSON. */
  readonly verdict: string;
}

/** By id. */
export async function approvalRows(
  database: Reader,
  ids: readonly string[],
): Promise<Map<string, ApprovalRow>> {
  if (ids.length === 0) return new Map();
  const rows = await database.query({
    sql: `SELECT id, call_text, verdict, redacted_at FROM approval WHERE id IN (${marksOf(ids)})`,
    params: ids,
  });
  return new Map(
    rows.map((row) => [
      String(row.id),
      {
        call: row.redacted_at == null ? String(row.call_text) : undefined,
        verdict: String(row.verdict),
      },
    ]),
  );
}

export interface SessionRow {
  readonly labels: Readonly<Record<string, string>>;
  readonly createdAt: number;
}

/** By id. */
export async function sessionRows(
  database: Reader,
  ids: readonly string[],
): Promise<Map<string, SessionRow>> {
  if (ids.length === 0) return new Map();
  const rows = await database.query({
    sql: `SELECT id, labels, created_at FROM session WHERE id IN (${marksOf(ids)})`,
    params: ids,
  });
  return new Map(
    rows.map((row) => [
      String(row.id),
      {
        labels: JSON.parse(String(row.labels)) as Record<string, string>,
        createdAt: Number(row.created_at),
      },
    ]),
  );
}

/** How many calls a session had made before an entry: those that its count holds. */
export async function callsBefore(
  database: Reader,
  { session, seq }: { session: string; seq: number },
): Promise<number> {
  const [row] = await database.query({
    sql: `SELECT count(*) AS calls FROM ledger WHERE session = ? AND seq < ? AND (type = 'approval.requested'
      OR (type = 'call.intent' AND instr(entry, '"own":true') = 0 AND instr(entry, '"method":') = 0))`,
    params: [session, seq],
  });
  return Number(row?.calls ?? 0);
}

/** A definition of a tool, as JSON, with its hash. */
export interface DefinitionRow {
  readonly hash: string;
  readonly definition: string;
}

/** Every definition that is still known: those in force, and those that wait to be accepted. */
export async function toolDefinitions(database: Reader, workspace: string): Promise<DefinitionRow[]> {
  const rows = await database.query({
    sql: `SELECT hash, definition FROM tool_pin WHERE workspace = ? AND hash IS NOT NULL
      UNION SELECT candidate_hash, candidate_definition FROM tool_pin
      WHERE workspace = ? AND candidate_hash IS NOT NULL`,
    params: [workspace, workspace],
  });
  return rows.map((row) => ({ hash: String(row.hash), definition: String(row.definition) }));
}

/** The files of a policy version, by name; undefined when it was never in force here. */
export async function policyFiles(
  database: Reader,
  { workspace, hash }: { workspace: string; hash: string },
): Promise<Readonly<Record<string, string>> | undefined> {
  const [row] = await database.query({
    sql: 'SELECT files FROM policy_version WHERE workspace = ? AND hash = ?',
    params: [workspace, hash],
  });
  return row === undefined ? undefined : (JSON.parse(String(row.files)) as Record<string, string>);
}
