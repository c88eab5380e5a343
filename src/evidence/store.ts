import type { Verdict } from '../policy/verdict.ts';
import type { Reader, Row } from '../storage/database.ts';
import { hidesOfCall, hidesOfResult } from './hidden-texts.ts';

/** An entry as stored, to be read and judged. */
export interface StoredText {
  readonly seq: number;
  readonly text: string;
}

async function texts(
  database: Reader,
  query: { where: string; params: readonly (string | number)[] },
): Promise<StoredText[]> {
  const rows = await database.query({
    sql: `SELECT seq, entry FROM ledger WHERE ${query.where}`,
    params: query.params,
  });
  return rows.map((row) => ({ seq: Number(row.seq), text: String(row.entry) }));
}

/** Every entry about an approval, in order. */
export function entriesOfApproval(database: Reader, approvalId: string): Promise<StoredText[]> {
  return texts(database, { where: 'approval = ? ORDER BY seq', params: [approvalId] });
}

/** Every entry of these types, in no order. */
export async function entriesOfTypes(database: Reader, types: readonly string[]): Promise<StoredText[]> {
  const found = await Promise.all(
    types.map((type) => texts(database, { where: 'type = ? ORDER BY seq', params: [type] })),
  );
  return found.flat();
}

const SESSION_TYPES = "('session.minted', 'session.narrowed', 'session.revoked')";

/** Every entry that begins or ends one of these sessions, in no order. */
export async function entriesOfSessions(
  database: Reader,
  sessions: readonly string[],
): Promise<StoredText[]> {
  const where = `session = ? AND type IN ${SESSION_TYPES} ORDER BY seq`;
  const found = await Promise.all(sessions.map((session) => texts(database, { where, params: [session] })));
  return found.flat();
}

/** The entry by which each of these sessions began, in no order. */
export async function beginningsOf(database: Reader, sessions: readonly string[]): Promise<StoredText[]> {
  const where = `session = ? AND type IN ('session.minted', 'session.narrowed') ORDER BY seq LIMIT 1`;
  const found = await Promise.all(sessions.map((session) => texts(database, { where, params: [session] })));
  return found.flat();
}

/** For each witness the largest size that it has cosigned, up to `size`. */
export async function cosignedSizes(database: Reader, size: number): Promise<number[]> {
  const rows = await database.query({
    sql: 'SELECT MAX(size) AS size FROM cosignature WHERE size <= ? GROUP BY witness',
    params: [size],
  });
  return rows.map((row) => Number(row.size));
}

/** A sealed payload with what opens it. */
export interface SealedRow {
  readonly commitment: string;
  readonly ciphertext: string;
  readonly salt: string;
}

function marksOf(ids: readonly string[]): string {
  return ids.map(() => '?').join(', ');
}

/** Those of these payloads that were not erased, by id. */
export async function payloadRows(
  database: Reader,
  { workspace, ids }: { workspace: string; ids: readonly string[] },
): Promise<Map<string, SealedRow>> {
  if (ids.length === 0) return new Map();
  const rows = await database.query({
    sql: `SELECT id, commitment, salt, ciphertext FROM payload WHERE workspace = ? AND id IN (${marksOf(ids)})`,
    params: [workspace, ...ids],
  });
  return new Map(rows.map((row) => [String(row.id), row as unknown as SealedRow]));
}

type Disclosed = { readonly salt: string; readonly text: string };

function textOf(row: Row, member: string): Disclosed | undefined {
  const salt = row[`${member}_salt`];
  const text = row[`${member}_text`];
  return typeof salt === 'string' && salt !== '' && typeof text === 'string' ? { salt, text } : undefined;
}

/** The texts that an approval's entries commit to, by the members that do, and whether policy hides values of its call. */
export interface ApprovalTexts {
  readonly action: Disclosed | undefined;
  readonly view: Disclosed | undefined;
  readonly result: Disclosed | undefined;
  readonly hidesCall: boolean;
}

function textsOf(row: Row): ApprovalTexts {
  const verdict = JSON.parse(String(row.verdict)) as Verdict;
  const [action, view, result] = ['call', 'view', 'result'].map((member) => textOf(row, member));
  const hidesCall = hidesOfCall(String(row.call_text), verdict);
  const hidesResult =
    result !== undefined && row.result_kind === 'result' && hidesOfResult(result.text, verdict);
  return {
    action: hidesCall ? undefined : action,
    view,
    result: hidesResult ? undefined : result,
    hidesCall,
  };
}

/** The texts of those of these approvals that were not erased, without any of which policy hides values. */
export async function approvalTexts(
  database: Reader,
  ids: readonly string[],
): Promise<Map<string, ApprovalTexts>> {
  if (ids.length === 0) return new Map();
  const rows = await database.query({
    sql: `SELECT id, verdict, call_text, call_salt, view_text, view_salt, result_kind, result_text, result_salt
      FROM approval WHERE redacted_at IS NULL AND id IN (${marksOf(ids)})`,
    params: ids,
  });
  return new Map(rows.map((row) => [String(row.id), textsOf(row)]));
}
