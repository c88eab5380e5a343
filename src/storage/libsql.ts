import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Connection from 'libsql';
import { CountersignError, errorText, isCountersignError } from '../core/errors.ts';
import {
  type Applied,
  ambiguousCommit,
  type Database,
  type Reader,
  type Statement,
  type Transition,
} from './database.ts';
import { checkOpen, createStatements } from './libsql-statements.ts';
import { migrate } from './migrate.ts';

const BUSY_TIMEOUT_MS = 1_000;
/** 32 MB: copying the log back is rare enough to stay out of the 99th percentile of a commit. */
const WAL_PAGES = 8_000;

export interface LibsqlOptions {
  /** The database file; its folder is made when missing. Both are readable by their owner alone. */
  readonly file: string;
  /** Hold the folder against other processes (the default). Two writers can corrupt a WAL database. */
  readonly lock?: boolean;
}

/** The error a person meets when the data directory cannot be used, with the engine's own words. */
function unusable(file: string, cause: unknown): CountersignError {
  if (isCountersignError(cause)) return cause;
  return new CountersignError(
    'config_invalid',
    `The database ${file} cannot be opened (${errorText(cause)}). Check that it is a Countersign database and that ` +
      'its folder can be written, or choose another with --data-dir.',
    { cause },
  );
}

/**
 * Takes `lock.db` in the folder of the database for as long as the process lives, also when it is killed.
 * Throws `config_invalid` when another holds it.
 */
function holdFolder(folder: string): () => void {
  const connection = new Connection(join(folder, 'lock.db'), { timeout: 0 });
  try {
    connection.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    connection.close();
    if ((cause as { code?: unknown }).code !== 'SQLITE_BUSY') throw cause;
    throw new CountersignError(
      'config_invalid',
      `data dir ${folder} is in use by another countersign process; stop it or use --data-dir`,
      { cause },
    );
  }
  return () => {
    connection.exec('ROLLBACK');
    connection.close();
  };
}

function openConnection(file: string): Connection.Database {
  closeSync(openSync(file, 'a', 0o600));
  const connection = new Connection(file, { timeout: BUSY_TIMEOUT_MS });
  connection.exec('PRAGMA journal_mode = WAL');
  connection.exec('PRAGMA synchronous = FULL');
  connection.exec(`PRAGMA wal_autocheckpoint = ${WAL_PAGES}`);
  connection.exec('PRAGMA temp_store = MEMORY');
  connection.exec('PRAGMA secure_delete = ON');
  return connection;
}

function schemaVersion(connection: Connection.Database): number {
  const table = connection
    .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'meta'")
    .all([]);
  if (table.length === 0) return 0;
  const rows = connection.prepare("SELECT value FROM meta WHERE key = 'schema_version'").all([]) as {
    value: string;
  }[];
  return Number(rows[0]?.value ?? 0);
}

/** A connection with the newest schema; throws `config_invalid` and leaves the folder free when there is none. */
function openMigrated(file: string, lock: boolean): { connection: Connection.Database; release: () => void } {
  let release = () => {};
  let connection: Connection.Database | undefined;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    if (lock) release = holdFolder(dirname(file));
    const opened = openConnection(file);
    connection = opened;
    migrate({ version: () => schemaVersion(opened), run: (script) => opened.exec(script) });
    return { connection: opened, release };
  } catch (error) {
    if (connection?.inTransaction) connection.exec('ROLLBACK');
    connection?.close();
    release();
    throw unusable(file, error);
  }
}

/**
 * Opens the embedded engine and brings its schema up to date: WAL, `synchronous=FULL`, one connection for everything,
 * prepared statements kept. Integers come back as numbers when they are safe, as bigint otherwise. Work is synchronous
 * inside, so no query ever sees a half-done batch. Throws `config_invalid` when another process holds the folder, when
 * the database is newer, or when it cannot be used.
 */
export function openLibsql({ file, lock = true }: LibsqlOptions): Database {
  const { connection, release } = openMigrated(file, lock);
  const { all, run, clear } = createStatements(connection);

  function rollback(): void {
    if (connection.inTransaction) connection.exec('ROLLBACK');
  }

  /**
   * Copies the write-ahead log into the database and empties it, so that nothing older can be read from it. What cannot
   * be done now is done the next time; no change depends on it.
   */
  function foldLog(): boolean {
    try {
      connection.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      return true;
    } catch {
      return false;
    }
  }

  function applyBatch<Entry>(
    batch: readonly Transition<Entry>[],
    seal: (accepted: readonly Transition<Entry>[]) => readonly Statement[],
  ): Applied[] {
    const results: Applied[] = [];
    const accepted: Transition<Entry>[] = [];
    rollback();
    connection.exec('BEGIN IMMEDIATE');
    try {
      for (const transition of batch) {
        const rows = transition.guard === undefined ? [] : all(transition.guard);
        if (transition.guard !== undefined && rows.length === 0) {
          results.push({ kind: 'refused' });
          continue;
        }
        for (const statement of transition.then ?? []) run(statement);
        accepted.push(transition);
        results.push({ kind: 'applied', rows });
      }
      for (const statement of seal(accepted)) run(statement);
    } catch (error) {
      rollback();
      throw error;
    }
    try {
      connection.exec('COMMIT');
    } catch (error) {
      rollback();
      throw ambiguousCommit(error);
    }
    if (accepted.some((transition) => transition.erases === true)) foldLog();
    return results;
  }

  return {
    query: async (statement) => all(statement),
    apply: async (batch, seal) => {
      checkOpen(connection);
      return applyBatch(batch, seal);
    },
    close: async () => {
      if (!connection.open) return;
      clear();
      foldLog();
      connection.close();
      release();
    },
  };
}

/**
 * A second connection that only reads, for the thread that serves while another writes. It sees each change as soon
 * as its commit has resolved. Open it after the writer, which makes the schema.
 */
export function openLibsqlReader(file: string): Reader & { close(): void } {
  const connection = new Connection(file, { timeout: BUSY_TIMEOUT_MS });
  connection.exec('PRAGMA query_only = ON');
  const { all, clear } = createStatements(connection);
  return {
    query: async (statement) => all(statement),
    close() {
      clear();
      connection.close();
    },
  };
}
