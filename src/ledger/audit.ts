import { canonicalize } from '../core/canonical.ts';
import { errorText } from '../core/errors.ts';
import { isJsonObject, type JsonObject, parseStrict } from '../core/json.ts';
import { parseCheckpoint } from './checkpoint.ts';
import type { Entry } from './entry.ts';
import { extendKeyChain, type KeyChain } from './key-chain.ts';
import { type NoteVerifier, openNote } from './note.ts';
import type { AuditRow, StoredCheckpoint } from './store.ts';
import { type Frontier, leafHash, push, rootOf, type TileNode } from './tree.ts';

/** The first thing that is wrong, at the entry where it shows. */
export interface Problem {
  readonly seq: number;
  readonly reason: string;
}

const MEMBERS = 'body,log,ref,seq,ts,type,v';

function readText(text: string): JsonObject | string {
  try {
    const value = parseStrict(text);
    if (!isJsonObject(value)) return 'its text is not a JSON object';
    return canonicalize(value) === text ? value : 'its text is not in canonical form (RFC 8785)';
  } catch (error) {
    return `its text is not JSON that a ledger holds (${errorText(error)})`;
  }
}

function columnProblem(row: AuditRow, entry: JsonObject): string | undefined {
  for (const field of ['seq', 'ts', 'type'] as const) {
    if (entry[field] !== row[field]) return `its column ${field} does not say what its text says`;
  }
  const ref = entry.ref;
  if (!isJsonObject(ref)) return 'its text has no ref';
  for (const [field, value] of Object.entries(row.ref)) {
    if ((ref[field] ?? null) !== value) return `its column ${field} does not say what its text says`;
  }
  return undefined;
}

/** What is wrong with one row by itself and in its place; `expected` is what the row before it leads to. */
export function auditRow(
  row: AuditRow,
  expected: { seq: number; ts: number; log: string },
): Problem | undefined {
  const { seq } = expected;
  if (row.seq !== seq) return { seq, reason: `entry ${seq} is missing; entry ${row.seq} comes in its place` };
  if (Buffer.from(leafHash(row.text)).toString('hex') !== row.leaf) {
    return { seq, reason: 'its text does not have the stored leaf hash' };
  }
  const entry = readText(row.text);
  if (typeof entry === 'string') return { seq, reason: entry };
  if (Object.keys(entry).join() !== MEMBERS || entry.v !== 1) {
    return { seq, reason: `its text is not an entry of version 1 (members ${MEMBERS})` };
  }
  if (entry.log !== expected.log) return { seq, reason: `it belongs to another log than ${expected.log}` };
  const reason = columnProblem(row, entry);
  if (reason !== undefined) return { seq, reason };
  if (row.ts < expected.ts) return { seq, reason: 'its time is before that of the entry before it' };
  return undefined;
}

/** The chain after a row that `auditRow` has found sound, or what is wrong with the key that it brings. */
export function auditKey(row: AuditRow, chain: KeyChain): KeyChain | Problem {
  if (row.type !== 'ledger.genesis' && row.type !== 'ledger.key_rotated') return chain;
  const extended = extendKeyChain(chain, JSON.parse(row.text) as Entry);
  return typeof extended === 'string' ? { seq: row.seq, reason: extended } : extended;
}

/** What is wrong with a stored checkpoint by itself: signature, origin, and columns against the signed text. */
export function auditCheckpoint(checkpoint: StoredCheckpoint, verifier: NoteVerifier): string | undefined {
  const opened = openNote(checkpoint.note, verifier);
  if (!opened.ok) return `the checkpoint of size ${checkpoint.size} is not valid: ${opened.reason}`;
  const signed = parseCheckpoint(opened.text);
  if (signed?.origin !== verifier.name) return `the checkpoint of size ${checkpoint.size} is of another log`;
  if (signed.size !== checkpoint.size || signed.root !== checkpoint.root) {
    return `the checkpoint of size ${checkpoint.size} says something else than what was signed`;
  }
  return undefined;
}

/** Extends the tree by a row and returns the tile nodes that are complete now. */
export function extendTree(frontier: Frontier, row: AuditRow): TileNode[] {
  const completed: TileNode[] = [];
  push(frontier, Buffer.from(row.leaf, 'hex'), 0, completed);
  return completed;
}

export function rootHex(frontier: Frontier): string {
  return Buffer.from(rootOf(frontier)).toString('hex');
}
