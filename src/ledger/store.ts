import type { Reader, Row, Statement } from '../storage/database.ts';
import { idList } from '../storage/id-list.ts';
import type { EntryRef, EntryType } from './entry.ts';
import type { Payload } from './payload.ts';
import type { NodeRange, TileNode } from './tree.ts';

/** One row of the ledger as it is inserted: the hashed text, its leaf, and the columns that queries filter on. */
export interface EntryRow {
  readonly workspace: string;
  readonly seq: number;
  readonly ts: number;
  readonly type: EntryType;
  readonly ref: EntryRef;
  /** The canonical text. */
  readonly text: string;
  /** Hex. */
  readonly leaf: string;
}

/** A row as a reader sees it. Nothing of it is trusted before it is verified. */
export interface StoredEntry {
  readonly seq: number;
  readonly ts: number;
  readonly type: string;
  readonly text: string;
  readonly leaf: string;
}

export interface StoredCheckpoint {
  readonly size: number;
  /** Hex. */
  readonly root: string;
  readonly note: string;
  readonly signedAt: number;
}

const INSERT_ENTRY =
  'INSERT INTO ledger (seq, workspace, ts, type, action, session, subject, principal, approval, call, entry, leaf) ' +
  'VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)';
const INSERT_NODE = 'INSERT INTO ledger_node (level, idx, hash) VALUES (?, ?, ?)';
const INSERT_CHECKPOINT =
  'INSERT INTO checkpoint (size, root, note, signed_at) VALUES (?, ?, ?, ?) ON CONFLICT (size) DO NOTHING';
const COLUMNS = 'seq, ts, type, entry, leaf';

export function insertEntry({ workspace, seq, ts, type, ref, text, leaf }: EntryRow): Statement {
  return {
    sql: INSERT_ENTRY,
    params: [
      seq,
      workspace,
      ts,
      type,
      ref.action ?? null,
      ref.session ?? null,
      ref.subject ?? null,
      ref.principal ?? null,
      ref.approval ?? null,
      ref.call ?? null,
      text,
      leaf,
    ],
  };
}

export function insertNode({ level, index, hash }: TileNode): Statement {
  return { sql: INSERT_NODE, params: [level, index, Buffer.from(hash).toString('hex')] };
}

export function insertCheckpoint({ size, root, note, signedAt }: StoredCheckpoint): Statement {
  return { sql: INSERT_CHECKPOINT, params: [size, root, note, signedAt] };
}

function readEntry(row: Row): StoredEntry {
  return {
    seq: row.seq as number,
    ts: row.ts as number,
    type: row.type as string,
    text: row.entry as string,
    leaf: row.leaf as string,
  };
}

/** Up to `limit` entries with `seq >= from`, ascending. */
export async function readEntries(
  database: Reader,
  range: { from: number; limit: number },
): Promise<StoredEntry[]> {
  const rows = await database.query({
    sql: `SELECT ${COLUMNS} FROM ledger WHERE seq >= ? ORDER BY seq LIMIT ?`,
    params: [range.from, range.limit],
  });
  return rows.map(readEntry);
}

/** The texts of entries of some types with `from <= seq < to`, ascending, at most `limit`. */
export async function readEntriesOfTypes(
  database: Reader,
  range: { types: readonly EntryType[]; from: number; to: number; limit: number },
): Promise<string[]> {
  const { marks, params } = idList(range.types);
  const rows = await database.query({
    sql: `SELECT entry FROM ledger WHERE seq >= ? AND seq < ? AND type IN (${marks}) ORDER BY seq LIMIT ?`,
    params: [range.from, range.to, ...params, range.limit],
  });
  return rows.map((row) => row.entry as string);
}

/** A row with the columns that queries filter on, for those who check them against the text. */
export interface AuditRow extends StoredEntry {
  readonly ref: Readonly<Record<keyof EntryRef, string | null>>;
}

/** Up to `limit` whole rows with `from <= seq < to`, ascending. */
export async function readAuditRows(
  database: Reader,
  range: { from: number; to: number; limit: number },
): Promise<AuditRow[]> {
  const rows = await database.query({
    sql: 'SELECT * FROM ledger WHERE seq >= ? AND seq < ? ORDER BY seq LIMIT ?',
    params: [range.from, range.to, range.limit],
  });
  return rows.map((row) => {
    const { action, session, subject, principal, approval, call } = row as Record<string, string | null>;
    const ref = { action, session, subject, principal, approval, call } as AuditRow['ref'];
    return { ...readEntry(row), ref };
  });
}

/** The sequence after the newest entry. */
export async function readSize(database: Reader): Promise<number> {
  const [row] = await database.query({ sql: 'SELECT MAX(seq) AS newest FROM ledger', params: [] });
  return typeof row?.newest === 'number' ? row.newest + 1 : 0;
}

/** The hex hashes of the stored nodes of a level with `from <= index < to`, in order; those of level 0 are the leaves. */
export async function readNodes(database: Reader, { level, from, to }: NodeRange): Promise<string[]> {
  const rows = await database.query(
    level === 0
      ? { sql: 'SELECT leaf AS hash FROM ledger WHERE seq >= ? AND seq < ? ORDER BY seq', params: [from, to] }
      : {
          sql: 'SELECT hash FROM ledger_node WHERE level = ? AND idx >= ? AND idx < ? ORDER BY idx',
          params: [level, from, to],
        },
  );
  return rows.map((row) => row.hash as string);
}

function readCheckpointRow(row: Row): StoredCheckpoint {
  return {
    size: row.size as number,
    root: row.root as string,
    note: row.note as string,
    signedAt: row.signed_at as number,
  };
}

/** The checkpoint of exactly this size, or undefined when none was signed. */
export async function checkpointOfSize(
  database: Reader,
  size: number,
): Promise<StoredCheckpoint | undefined> {
  const [row] = await database.query({ sql: 'SELECT * FROM checkpoint WHERE size = ?', params: [size] });
  return row === undefined ? undefined : readCheckpointRow(row);
}

/** The text of the newest entry of a type, as the type column has it. */
export async function newestOfType(database: Reader, type: EntryType): Promise<string | undefined> {
  const [row] = await database.query({
    sql: 'SELECT entry FROM ledger WHERE type = ? ORDER BY seq DESC LIMIT 1',
    params: [type],
  });
  return row?.entry as string | undefined;
}

/** The checkpoint of the largest size, or undefined when none was ever signed. */
export async function latestCheckpoint(database: Reader): Promise<StoredCheckpoint | undefined> {
  const [row] = await database.query({
    sql: 'SELECT * FROM checkpoint ORDER BY size DESC LIMIT 1',
    params: [],
  });
  return row === undefined ? undefined : readCheckpointRow(row);
}

/** Up to `limit` checkpoints with `size >= from`, ascending. */
export async function readCheckpoints(
  database: Reader,
  range: { from: number; limit: number },
): Promise<StoredCheckpoint[]> {
  const rows = await database.query({
    sql: 'SELECT * FROM checkpoint WHERE size >= ? ORDER BY size LIMIT ?',
    params: [range.from, range.limit],
  });
  return rows.map(readCheckpointRow);
}

/** Appends a payload; goes into the transition of the entry that commits to it. */
export function insertPayload(payload: Payload): Statement {
  const { id, workspace, commitment, salt, ciphertext, subject, createdAt, eraseAt } = payload;
  return {
    sql:
      'INSERT INTO payload (id, workspace, commitment, salt, ciphertext, subject, created_at, erase_at) ' +
      'VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    params: [id, workspace, commitment, salt, ciphertext, subject, createdAt, eraseAt ?? null],
  };
}

/** The payload of a call, unless it was erased. */
export async function readPayload(
  database: Reader,
  { workspace, id }: { workspace: string; id: string },
): Promise<Payload | undefined> {
  const [row] = await database.query({
    sql: 'SELECT * FROM payload WHERE id = ? AND workspace = ?',
    params: [id, workspace],
  });
  if (row === undefined) return undefined;
  return {
    id: row.id as string,
    workspace: row.workspace as string,
    commitment: row.commitment as string,
    salt: row.salt as string,
    ciphertext: row.ciphertext as string,
    subject: row.subject as string,
    createdAt: row.created_at as number,
    ...(row.erase_at == null ? {} : { eraseAt: row.erase_at as number }),
  };
}
