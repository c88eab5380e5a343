import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LibsqlOptions, openLibsql } from '../../src/storage/libsql.ts';
import { storageContract } from './contract.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-libsql-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function open(options: Partial<LibsqlOptions> = {}) {
  return openLibsql({ file: join(folder, 'data', 'countersign.db'), ...options });
}

storageContract('libsql', async () => open());

describe('openLibsql', () => {
  it('writes to the disk before a commit counts', async () => {
    const database = open();
    expect(await database.query({ sql: 'PRAGMA journal_mode', params: [] })).toEqual([
      { journal_mode: 'wal' },
    ]);
    expect(await database.query({ sql: 'PRAGMA synchronous', params: [] })).toEqual([{ synchronous: 2 }]);
    await database.close();
  });

  it('keeps what was written when it is opened again', async () => {
    const first = open();
    const then = [{ sql: 'INSERT INTO meta (key, value) VALUES (?, ?)', params: ['a', '1'] }];
    await first.apply([{ then, entries: [] }], () => []);
    await first.close();
    const second = open();
    expect(await second.query({ sql: "SELECT value FROM meta WHERE key = 'a'", params: [] })).toEqual([
      { value: '1' },
    ]);
    await second.close();
  });

  it('makes database and folder readable by their owner alone', async () => {
    await open().close();
    expect(statSync(join(folder, 'data', 'countersign.db')).mode & 0o077).toBe(0);
    expect(statSync(join(folder, 'data')).mode & 0o077).toBe(0);
  });

  it('refuses a folder that is already open, and says what to do', async () => {
    const first = open();
    expect(() => open()).toThrow(
      `data dir ${join(folder, 'data')} is in use by another countersign process; stop it or use --data-dir`,
    );
    await first.close();
    await open().close();
  });

  it('refuses a folder that another process holds, until that process is killed', async () => {
    const script = join(folder, 'hold.ts');
    const module = new URL('../../src/storage/libsql.ts', import.meta.url).href;
    writeFileSync(
      script,
      `import { openLibsql } from ${JSON.stringify(module)};
       openLibsql({ file: ${JSON.stringify(join(folder, 'data', 'countersign.db'))} });
       process.stdout.write('held');
       setInterval(() => {}, 1000);`,
    );
    const holder = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(holder.stdout, 'data');
    expect(() => open()).toThrow(/in use by another countersign process/);
    const exit = once(holder, 'exit');
    holder.kill('SIGKILL');
    await exit;
    await open().close();
  });

  it('leaves the folder free when it cannot open the database', async () => {
    const database = open();
    await database.apply(
      [
        {
          then: [{ sql: "UPDATE meta SET value = '999' WHERE key = 'schema_version'", params: [] }],
          entries: [],
        },
      ],
      () => [],
    );
    await database.close();
    for (let attempt = 0; attempt < 2; attempt++) expect(() => open()).toThrow(/schema version 999/);
  });

  it('says which file is not a database, and leaves the folder free', async () => {
    mkdirSync(join(folder, 'data'));
    writeFileSync(
      join(folder, 'data', 'countersign.db'),
      'not a database, but long enough to be read as one'.repeat(50),
    );
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(() => open()).toThrow(/^The database .*countersign\.db cannot be opened \(.*not a database/);
    }
  });

  it('says which folder cannot be made', () => {
    writeFileSync(join(folder, 'data'), '');
    expect(() => open()).toThrow(/^The database .*countersign\.db cannot be opened \(/);
  });

  it('may be closed twice', async () => {
    const database = open();
    await database.close();
    await database.close();
  });
});

describe('a closed database', () => {
  it('refuses queries and changes and does not take the process with it', async () => {
    const database = open();
    await database.close();
    const statement = { sql: 'SELECT 1', params: [] };
    await expect(database.query(statement)).rejects.toMatchObject({ code: 'shutting_down' });
    await expect(database.apply([{ entries: [] }], () => [])).rejects.toMatchObject({
      code: 'shutting_down',
    });
  });
});
