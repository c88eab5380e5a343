import { join } from 'node:path';
import Connection from 'libsql';
import { onTestFinished } from 'vitest';
import { emptyFrontier, leafHash, push, type TileNode } from '../../src/ledger/tree.ts';
import type { Database } from '../../src/storage/database.ts';
import { openLibsql } from '../../src/storage/libsql.ts';
import { temporaryFolder } from './fixture.ts';

export const leafOf = (index: number): Uint8Array => leafHash(`leaf ${index}`);

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** A database with the rows of a tree of so many leaves, written at once: its texts are no entries. */
export async function storeTree(size: number): Promise<Database> {
  const file = join(temporaryFolder(), 'countersign.db');
  const database = openLibsql({ file });
  onTestFinished(() => database.close());
  const connection = new Connection(file);
  const leaf = connection.prepare(
    'INSERT INTO ledger (seq, workspace, ts, type, entry, leaf) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const node = connection.prepare('INSERT INTO ledger_node (level, idx, hash) VALUES (?, ?, ?)');
  const frontier = emptyFrontier();
  connection.exec('BEGIN');
  for (let seq = 0; seq < size; seq++) {
    const hash = leafOf(seq);
    const completed: TileNode[] = [];
    push(frontier, hash, 0, completed);
    leaf.run(seq, 'default', 0, 'call.intent', `leaf ${seq}`, hex(hash));
    for (const one of completed) node.run(one.level, one.index, hex(one.hash));
  }
  connection.exec('COMMIT');
  connection.close();
  return database;
}
