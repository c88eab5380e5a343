import { CountersignError } from '../core/errors.ts';
import type { Reader } from '../storage/database.ts';
import { parseCheckpoint } from './checkpoint.ts';
import type { Head } from './draft.ts';
import type { Entry } from './entry.ts';
import { type NoteVerifier, openNote } from './note.ts';
import {
  latestCheckpoint,
  newestOfType,
  readEntries,
  readNodes,
  type StoredCheckpoint,
  type StoredEntry,
} from './store.ts';
import {
  copyFrontier,
  emptyFrontier,
  type Frontier,
  frontierParts,
  leafHash,
  push,
  rootOf,
  TILE_HEIGHT,
} from './tree.ts';

const PAGE = 1_000;

function refuse(what: string): never {
  throw new CountersignError(
    'config_invalid',
    `The ledger was changed outside Countersign: ${what}. Nothing starts on it. Restore the data directory from a ` +
      'backup, or run "countersign logs verify" to see which entry is wrong.',
  );
}

/** Rebuilds the frontier at `size` from the stored tile nodes and the leaves after the last full tile. */
async function loadFrontier(database: Reader, size: number): Promise<Frontier> {
  const frontier = emptyFrontier();
  const { nodes, leavesFrom } = frontierParts(size);
  for (const range of nodes) {
    const hashes = await readNodes(database, range);
    if (hashes.length !== range.to - range.from) refuse(`tree nodes of level ${range.level} are missing`);
    for (const hash of hashes) push(frontier, Buffer.from(hash, 'hex'), range.level * TILE_HEIGHT);
  }
  const tail = await readEntries(database, { from: leavesFrom, limit: size - leavesFrom });
  for (const row of tail) pushRow(frontier, row);
  if (frontier.size !== size)
    refuse(`a checkpoint covers ${size} entries, but entry ${frontier.size} is missing`);
  return frontier;
}

function pushRow(frontier: Frontier, row: StoredEntry): void {
  if (row.seq !== frontier.size) refuse(`entry ${frontier.size} is missing`);
  push(frontier, leafHash(row.text));
}

function checkNote(checkpoint: StoredCheckpoint, verifier: NoteVerifier): void {
  const opened = openNote(checkpoint.note, verifier);
  if (!opened.ok) refuse(`the newest checkpoint does not fit the log key (${opened.reason})`);
  const parsed = parseCheckpoint(opened.text);
  if (
    parsed?.size !== checkpoint.size ||
    parsed.root !== checkpoint.root ||
    parsed.origin !== verifier.name
  ) {
    refuse('the newest checkpoint says something else than what was signed');
  }
}

/**
 * Takes in every entry after `head`: what a start finds after the newest checkpoint, or what a COMMIT has kept that
 * was reported as failed. Returns the new head and those entries' texts; `head` itself is left alone.
 */
export async function extendHead(database: Reader, head: Head): Promise<{ head: Head; texts: string[] }> {
  const frontier = copyFrontier(head.frontier);
  const texts: string[] = [];
  let { lastTs, signedSize, note } = head;
  for (;;) {
    const page = await readEntries(database, { from: frontier.size, limit: PAGE });
    for (const row of page) {
      pushRow(frontier, row);
      texts.push(row.text);
      lastTs = row.ts;
    }
    if (page.length < PAGE) break;
  }
  const checkpoint = await latestCheckpoint(database);
  if (checkpoint !== undefined) ({ size: signedSize, note } = checkpoint);
  return { head: { frontier, lastTs, signedSize, note }, texts };
}

function vkeyOf(text: string): string | undefined {
  const { vkey } = (JSON.parse(text) as Entry).body;
  return typeof vkey === 'string' ? vkey : undefined;
}

/**
 * The log key in force by what is stored: the newest rotation's, else that of genesis; undefined when there is neither.
 * Nothing vouches for it but the checkpoint that this key has to have signed.
 */
export async function vkeyInForce(database: Reader): Promise<string | undefined> {
  const rotated = await newestOfType(database, 'ledger.key_rotated');
  if (rotated !== undefined) return vkeyOf(rotated);
  const [first] = await readEntries(database, { from: 0, limit: 1 });
  return first?.type === 'ledger.genesis' ? vkeyOf(first.text) : undefined;
}

/**
 * The head of the stored ledger, checked against its newest checkpoint and the log key. Reads a few hundred rows
 * however long the ledger is. Throws `config_invalid` when they do not fit together.
 */
export async function openHead(database: Reader, verifier: NoteVerifier): Promise<Head> {
  const start: Head = { frontier: emptyFrontier(), lastTs: 0, signedSize: -1, note: '' };
  const checkpoint = await latestCheckpoint(database);
  if (checkpoint === undefined) return (await extendHead(database, start)).head;
  checkNote(checkpoint, verifier);
  const frontier = await loadFrontier(database, checkpoint.size);
  if (Buffer.from(rootOf(frontier)).toString('hex') !== checkpoint.root) {
    refuse(`the first ${checkpoint.size} entries do not have the root that was signed`);
  }
  const [last] = await readEntries(database, { from: checkpoint.size - 1, limit: 1 });
  const { head } = await extendHead(database, { ...start, frontier, lastTs: last?.ts ?? 0 });
  return head;
}
