import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Connection from 'libsql';
import { CountersignError, errorText, isCountersignError } from '../core/errors.ts';
import {
  type Applied,
  ambiguousCommit,
  type Database,
  type Row,
  type SqlValue,
  type Statement,
  type Transition,
} from './database.ts';
import { migrate } from './migrate.ts';

type BindValue = string | number | bigint | null;

interface Prepared {
  readonly parameters: number;
  readonly returnsRows: boolean;
  all(params: BindValue[]): unknown[];
  run(params: BindValue[]): unknown;
}

const STATEMENTS_CACHED = 512;
const BUSY_TIMEOUT_MS = 1_000;
/** 32 MB: copying the log back is rare enough to stay out of the 99th percentile of a commit. */
const WAL_PAGES = 8_000;
const QUOTED_OR_COMMENT = /'(?:[^']|'')*'|"[^"]*"|--[^\n]*|\/\*[\s\S]*?\*\//g;

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

function countParameters(sql: string): number {
  return sql.replace(QUOTED_OR_COMMENT, '').split('?').length - 1;
}

/**
 * The driver aborts the process on a boolean, keeps the previous value of a missing parameter, cuts text at NUL and
 * binds every number as REAL (so that a TEXT column would hold `5.0`): only what survives gets through.
 */
function bindValue(value: SqlValue, position: number): BindValue {
  if (value === null || typeof value === 'bigint') return value;
  if (typeof value === 'string') {
    if (!value.includes('\0')) return value;
    throw new CountersignError(
      'internal',
      `SQL parameter ${position + 1} holds a NUL character; encode it first.`,
    );
  }
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) return BigInt(value);
    if (Number.isFinite(value) && !Number.isInteger(value)) return value;
    throw new CountersignError(
      'internal',
      `SQL parameter ${position + 1} is not a safe integer or a finite number.`,
    );
  }
  throw new CountersignError(
    'internal',
    `SQL parameter ${position + 1} has type ${typeof value}; expected text, number or null.`,
  );
}

function bindAll(statement: Statement, expected: number): BindValue[] {
  if (statement.params.length !== expected) {
    throw new CountersignError(
      'internal',
      `SQL takes ${expected} parameters, got ${statement.params.length}: ${statement.sql}`,
    );
  }
  return statement.params.map(bindValue);
}

function readRow(raw: unknown): Row {
  const row = raw as Row;
  for (const key in row) {
    const value = row[key];
    if (typeof value !== 'bigint') continue;
    const number = Number(value);
    if (Number.isSafeInteger(number)) row[key] = number;
  }
  return row;
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
  const cache = new Map<string, Prepared>();

  function prepare(sql: string): Prepared {
    const known = cache.get(sql);
    if (known !== undefined) return known;
    const statement = connection.prepare(sql);
    statement.safeIntegers(true);
    const prepared: Prepared = {
      parameters: countParameters(sql),
      returnsRows: statement.reader,
      all: (params) => statement.all(params),
      run: (params) => statement.run(params),
    };
    for (const oldest of cache.keys()) {
      if (cache.size < STATEMENTS_CACHED) break;
      cache.delete(oldest);
    }
    cache.set(sql, prepared);
    return prepared;
  }

  function all(statement: Statement): Row[] {
    const prepared = prepare(statement.sql);
    return prepared.all(bindAll(statement, prepared.parameters)).map(readRow);
  }

  /** A statement that returns rows must be read to its end, or COMMIT finds it open. */
  function run(statement: Statement): void {
    const prepared = prepare(statement.sql);
    const params = bindAll(statement, prepared.parameters);
    if (prepared.returnsRows) prepared.all(params);
    else prepared.run(params);
  }

  function rollback(): void {
    if (connection.inTransaction) connection.exec('ROLLBACK');
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
    return results;
  }

  return {
    query: async (statement) => all(statement),
    apply: async (batch, seal) => applyBatch(batch, seal),
    close: async () => {
      if (!connection.open) return;
      cache.clear();
      connection.close();
      release();
    },
  };
}
