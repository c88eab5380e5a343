import { createReadStream, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { CliDeps } from '../../src/cli/ports.ts';
import { verifyExport } from '../../src/evidence/verify-export.ts';
import { goodLog } from '../evidence/support/good-log.ts';
import { logKey } from '../evidence/support/scribe.ts';
import { problem, type Reply, startFakeGateway } from '../sdk/fake-gateway.ts';
import { openTerminal } from './run-command.ts';

const PORT: Partial<CliDeps> = {
  verifyExport: (file, options) => verifyExport(createReadStream(file), options),
};

const lines =
  (text: string, cutAt?: number): Reply =>
  (_request, response) =>
    void response.writeHead(200, { 'content-type': 'application/x-ndjson' }).end(text.slice(0, cutAt));

const entriesIn = (text: string): number =>
  text.split('\n').filter((line) => line.startsWith('{"entry"')).length;

async function setUp() {
  const gateway = await startFakeGateway();
  onTestFinished(() => gateway[Symbol.asyncDispose]());
  const terminal = await openTerminal({ COUNTERSIGN_URL: gateway.origin, COUNTERSIGN_API_KEY: 'cs_k' });
  const run = (line: string) => terminal.run(line, PORT);
  return { gateway, dir: terminal.dir, run };
}

describe('logs export', () => {
  test('writes a whole file that only its owner reads, and tells what it asked for', async () => {
    const { gateway, dir, run } = await setUp();
    const text = goodLog().scribe.export();
    gateway.on('GET /v1/logs/export', lines(text));
    const { code, stdout, stderr } = await run('logs export --out all.ndjson --payloads --approval apr_1');
    const file = join(dir, 'all.ndjson');
    expect([code, stdout]).toEqual([0, `Exported ${entriesIn(text)} entries to ${file}\n`]);
    expect(stderr).toContain('countersign logs verify --export all.ndjson');
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(existsSync(`${file}.part`)).toBe(false);
    expect(gateway.seen[0]).toMatchObject({ query: { payloads: 'true', approval: 'apr_1' } });
    const again = await run('logs export --out all.ndjson');
    expect([again.code, again.stderr]).toEqual([
      2,
      expect.stringContaining('exists already; name another file'),
    ]);
  });

  test('writes to stdout what comes, byte for byte', async () => {
    const { gateway, run } = await setUp();
    const text = goodLog().scribe.export();
    gateway.on('GET /v1/logs/export', lines(text));
    const { code, stdout, stderr } = await run('logs export');
    expect([code, stdout, stderr]).toEqual([0, text, `Exported ${entriesIn(text)} entries.\n`]);
  });

  test('keeps nothing of an export that was cut off or refused', async () => {
    const { gateway, dir, run } = await setUp();
    const text = goodLog().scribe.export();
    for (const cutAt of [0, 10, 5_000, text.length - 1]) {
      gateway.on('GET /v1/logs/export', lines(text, cutAt));
      const { code, stderr } = await run('logs export --out cut.ndjson');
      expect([code, stderr]).toEqual([1, expect.stringContaining('cut off before its end')]);
    }
    gateway.on('GET /v1/logs/export', problem(403, 'forbidden'));
    expect((await run('logs export --out cut.ndjson')).code).toBe(4);
    expect([existsSync(join(dir, 'cut.ndjson')), existsSync(join(dir, 'cut.ndjson.part'))]).toEqual([
      false,
      false,
    ]);
  });
});

describe('logs verify', () => {
  test('of an export needs the key of the log, and says where not to take it from', async () => {
    const { run } = await setUp();
    const { code, stderr } = await run('logs verify --export x.ndjson');
    expect([code, stderr]).toEqual([2, expect.stringContaining('the one in the export proves nothing')]);
    const lone = await run(`logs verify --key ${logKey().vkey}`);
    expect([lone.code, lone.stderr]).toEqual([
      2,
      expect.stringContaining('--export: expected the file to verify'),
    ]);
  });

  test('tells what is wrong with a key, a witness or a checkpoint that cannot be read', async () => {
    const { dir, run } = await setUp();
    writeFileSync(join(dir, 'x.ndjson'), goodLog().scribe.export());
    writeFileSync(join(dir, 'note'), 'hello');
    const good = `logs verify --export x.ndjson --key ${logKey().vkey}`;
    const wrong = {
      'logs verify --export x.ndjson --key nonsense': 'key: expected',
      [`${good} --witness nonsense`]: 'witness: expected',
      [`${good} --checkpoint note`]: 'checkpoint: expected a signed checkpoint',
      [`${good} --checkpoint none`]: '--checkpoint: none cannot be read',
    };
    for (const [line, message] of Object.entries(wrong)) {
      const { code, stderr } = await run(line);
      expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
    }
    expect((await run(good)).code).toBe(0);
    const missing = await run(`logs verify --export none.ndjson --key ${logKey().vkey}`);
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining('none.ndjson')]);
  });

  test('ends with 7 for another key, and shows untrusted names as what they are', async () => {
    const { dir, run } = await setUp();
    const { scribe } = goodLog();
    writeFileSync(join(dir, 'x.ndjson'), scribe.export());
    const other = await run(`logs verify --export x.ndjson --key ${logKey(5).vkey}`);
    expect([other.code, other.stdout]).toEqual([7, expect.stringContaining('is not a key of this log')]);
    const { code, stdout } = await run(`logs verify --export x.ndjson --key ${logKey().vkey} --json`);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, established: { undisclosed: 18 } });
  });
});
