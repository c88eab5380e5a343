import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { formatCheckpoint } from '../../../src/ledger/checkpoint.ts';
import { type Entry, entryText } from '../../../src/ledger/entry.ts';
import { formatSlot, SLOTS } from '../../../src/ledger/head-slots.ts';
import { type KeySigner, parseSkey } from '../../../src/ledger/note.ts';
import { emptyFrontier, leafHash, push, rootOf, type TileNode } from '../../../src/ledger/tree.ts';
import type { SqlValue } from '../../../src/storage/database.ts';
import type { Copy } from './copy.ts';

const REFS = ['session', 'subject', 'principal', 'approval', 'call', 'action'] as const;

/** Whoever can write to the database file, triggers or not. */
export interface Attacker {
  sql(text: string, ...params: SqlValue[]): Record<string, any>[];
  entries(): Entry[];
  /** The first entry of a type, about this approval if one is given. */
  entry(type: string, approval?: string): Entry;
  /** Puts these texts in the place of the whole ledger, with sound leaves and tree nodes; checkpoints stay. */
  rewrite(texts: readonly string[]): void;
  /** Adds an entry behind the last one, as sound as a writer without the log's key can make it. */
  append(entry: Pick<Entry, 'type' | 'ref' | 'body'>): void;
  /** What the holder of the log's key does on top: signs every stored size anew, and the end. Gives the newest note. */
  sign(key: KeySigner): string;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** The log's secret key, for the attacker who holds it. */
export function stolenKey(copy: Copy): KeySigner {
  const [skey = ''] = readFileSync(join(copy.dataDir, 'ledger.key'), 'utf8').split('\n');
  return parseSkey(skey) as KeySigner;
}

/** Puts a note in the place of the kept head, as who writes to the whole folder can. */
export function plantHead(copy: Copy, note: string): void {
  writeFileSync(join(copy.dataDir, 'ledger.head'), formatSlot(note).toString().repeat(SLOTS), {
    mode: 0o600,
  });
}

/** Opens the database of a copy beside the gateway, does it, and closes it again. */
export function tamper<T>(copy: Copy, act: (attacker: Attacker) => T): T {
  const database = new Database(copy.database, { timeout: 5_000 });
  const sql: Attacker['sql'] = (text, ...params) => {
    const statement = database.prepare(text);
    if (statement.reader) return statement.all(...params) as Record<string, any>[];
    statement.run(...params);
    return [];
  };
  const texts = (): string[] => sql('SELECT entry FROM ledger ORDER BY seq').map((row) => row.entry);
  const entries = (): Entry[] => texts().map((text) => JSON.parse(text) as Entry);

  function insert(text: string, completed: TileNode[], frontier: ReturnType<typeof emptyFrontier>): void {
    const seq = frontier.size;
    const entry = JSON.parse(text) as Entry;
    const leaf = leafHash(text);
    push(frontier, leaf, 0, completed);
    sql(
      `INSERT INTO ledger (seq, workspace, ts, type, ${REFS.join(', ')}, entry, leaf)
       VALUES (?, 'default', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      seq,
      entry.ts,
      entry.type,
      ...REFS.map((member) => entry.ref[member] ?? null),
      text,
      hex(leaf),
    );
  }

  function rewrite(written: readonly string[]): void {
    sql('DELETE FROM ledger');
    sql('DELETE FROM ledger_node');
    const completed: TileNode[] = [];
    const frontier = emptyFrontier();
    for (const text of written) insert(text, completed, frontier);
    for (const node of completed)
      sql('INSERT INTO ledger_node VALUES (?, ?, ?)', node.level, node.index, hex(node.hash));
  }

  for (const name of ['ledger_no_update', 'ledger_no_delete']) sql(`DROP TRIGGER IF EXISTS ${name}`);
  const attacker: Attacker = {
    sql,
    entries,
    entry(type, approval) {
      const found = entries().find(
        (one) => one.type === type && (approval === undefined || one.ref.approval === approval),
      );
      if (found === undefined) throw new Error(`there is no ${type}`);
      return found;
    },
    rewrite,
    append({ type, ref, body }) {
      const last = entries().at(-1) as Entry;
      const entry = { ...last, seq: last.seq + 1, ts: Math.max(last.ts, Date.now()), type, ref, body };
      rewrite([...texts(), entryText(entry)]);
    },
    sign(key) {
      const frontier = emptyFrontier();
      const written = texts();
      const sizes = new Set(sql('SELECT size FROM checkpoint').map((row) => Number(row.size)));
      sql('DELETE FROM checkpoint');
      let note = '';
      for (const text of written) {
        push(frontier, leafHash(text));
        const { size } = frontier;
        if (!sizes.has(size) && size !== written.length) continue;
        const root = hex(rootOf(frontier));
        note = key.sign(formatCheckpoint({ origin: key.name, size, root }));
        sql('INSERT INTO checkpoint VALUES (?, ?, ?, ?)', size, root, note, Date.now());
      }
      return note;
    },
  };
  try {
    return act(attacker);
  } finally {
    database.close();
  }
}
