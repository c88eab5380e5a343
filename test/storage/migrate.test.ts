import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import Connection from 'libsql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Migration, type MigrationTarget, migrate, readMigrations } from '../../src/storage/migrate.ts';

let connection: Connection.Database;
let folder: string;
beforeEach(() => {
  connection = new Connection(':memory:');
  folder = mkdtempSync(join(tmpdir(), 'countersign-migrate-'));
});
afterEach(() => {
  connection.close();
  rmSync(folder, { recursive: true, force: true });
});

const FIRST: Migration = {
  version: 1,
  name: '0001_first.sql',
  sql: 'CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT);',
};
const SECOND: Migration = { version: 2, name: '0002_second.sql', sql: 'CREATE TABLE second (id TEXT);' };
const BROKEN: Migration = {
  version: 3,
  name: '0003_broken.sql',
  sql: 'CREATE TABLE third (id TEXT); NOT SQL;',
};

function target(version: number): MigrationTarget {
  return { version: () => version, run: (script) => connection.exec(script) };
}

function tables(): string[] {
  const rows = connection
    .prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    .all([]);
  return (rows as { name: string }[]).map((row) => row.name);
}

describe('migrate', () => {
  it('runs everything on an empty database and records the version', () => {
    migrate(target(0), [FIRST, SECOND]);
    expect(tables()).toEqual(['meta', 'second']);
    expect(connection.prepare('SELECT key, value FROM meta').all([])).toEqual([
      { key: 'schema_version', value: '2' },
    ]);
  });

  it('runs only what is missing', () => {
    migrate(target(0), [FIRST]);
    migrate(target(1), [FIRST, SECOND]);
    migrate(target(2), [FIRST, SECOND]);
    expect(tables()).toEqual(['meta', 'second']);
  });

  it('keeps nothing of an upgrade that fails half way', () => {
    migrate(target(0), [FIRST]);
    expect(() => migrate(target(1), [FIRST, SECOND, BROKEN])).toThrow();
    connection.exec('ROLLBACK');
    expect(tables()).toEqual(['meta']);
  });

  it('refuses a database that is newer', () => {
    expect(() => migrate(target(3), [FIRST, SECOND])).toThrow(
      /schema version 3, but this Countersign knows only 2/,
    );
  });
});

describe('readMigrations', () => {
  it('reads the shipped files in order', () => {
    const migrations = readMigrations();
    expect(migrations[0]?.name).toBe('0001_initial.sql');
    expect(migrations.map((migration) => migration.version)).toEqual(migrations.map((_, index) => index + 1));
  });

  it('refuses a gap and a name without a number', () => {
    const url = pathToFileURL(`${folder}/`);
    writeFileSync(join(folder, '0002_second.sql'), '');
    expect(() => readMigrations(url)).toThrow(/expected number 1/);
    writeFileSync(join(folder, 'first.sql'), '');
    expect(() => readMigrations(url)).toThrow(/expected a name/);
  });
});
