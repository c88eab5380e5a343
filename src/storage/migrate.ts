import { readdirSync, readFileSync } from 'node:fs';
import { CountersignError } from '../core/errors.ts';

export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
}

/** What an engine lends to bring its schema up to date. `run` executes a script of several statements. */
export interface MigrationTarget {
  /** The schema version found, 0 for an empty database. */
  version(): number;
  run(script: string): void;
}

const FILE_NAME = /^(\d{4})_([a-z0-9_]+)\.sql$/;

/** The numbered migrations beside this module, in order; they are shipped with the built files too. */
export function readMigrations(folder: URL = new URL('./migrations/', import.meta.url)): Migration[] {
  const migrations = readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => {
      const match = FILE_NAME.exec(file);
      if (match === null) {
        throw new CountersignError(
          'internal',
          `Migration ${file}: expected a name such as 0002_add_jobs.sql.`,
        );
      }
      return { version: Number(match[1]), name: file, sql: readFileSync(new URL(file, folder), 'utf8') };
    });
  for (const [index, migration] of migrations.entries()) {
    if (migration.version !== index + 1) {
      throw new CountersignError(
        'internal',
        `Migration ${migration.name}: expected number ${index + 1}; numbers have no gaps.`,
      );
    }
  }
  return migrations;
}

/**
 * Runs what is missing, forward only, in one transaction together with the new version in `meta`, so that a crash
 * leaves the old schema or the new one. Throws `config_invalid` when the database is newer than these migrations.
 */
export function migrate(target: MigrationTarget, migrations: readonly Migration[] = readMigrations()): void {
  const found = target.version();
  const newest = migrations.length;
  if (found > newest) {
    throw new CountersignError(
      'config_invalid',
      `The database has schema version ${found}, but this Countersign knows only ${newest}. ` +
        'Start the version that wrote it or a newer one; going back needs a backup from before the upgrade.',
    );
  }
  if (found === newest) return;
  const missing = migrations.slice(found).map((migration) => migration.sql);
  const record =
    `INSERT INTO meta (key, value) VALUES ('schema_version', '${newest}') ` +
    'ON CONFLICT (key) DO UPDATE SET value = excluded.value;';
  target.run(['BEGIN;', ...missing, record, 'COMMIT;'].join('\n'));
}
