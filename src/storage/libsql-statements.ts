import type Connection from 'libsql';
import { CountersignError } from '../core/errors.ts';
import type { Row, SqlValue, Statement } from './database.ts';

type BindValue = string | number | bigint | null;

interface Prepared {
  readonly parameters: number;
  readonly returnsRows: boolean;
  all(params: BindValue[]): unknown[];
  run(params: BindValue[]): unknown;
}

const STATEMENTS_CACHED = 512;
const QUOTED_OR_COMMENT = /'(?:[^']|'')*'|"[^"]*"|--[^\n]*|\/\*[\s\S]*?\*\//g;

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
    // Whoever sent it can send it without, and nobody else's change is the worse for it.
    throw new CountersignError(
      'invalid_request',
      'A text in the request holds a NUL character, which cannot be kept. Send it without.',
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

/** Throws `shutting_down` on a closed connection, whose use would abort the process. */
export function checkOpen(connection: Connection.Database): void {
  if (!connection.open) throw new CountersignError('shutting_down', 'The database is closed already.');
}

/** Runs statements on one connection, each prepared once and kept. Synchronous. */
export interface Statements {
  all(statement: Statement): Row[];
  run(statement: Statement): void;
  /** Forgets what was prepared, before the connection is closed. */
  clear(): void;
}

export function createStatements(connection: Connection.Database): Statements {
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
    checkOpen(connection);
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

  return { all, run, clear: () => cache.clear() };
}
