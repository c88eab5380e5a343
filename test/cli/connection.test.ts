import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { page, startFakeGateway } from '../sdk/fake-gateway.ts';
import { openTerminal } from './run-command.ts';

async function setUp(env: Record<string, string> = {}) {
  const gateway = await startFakeGateway();
  onTestFinished(() => gateway[Symbol.asyncDispose]());
  gateway.on('GET /v1/keys', page([]));
  const terminal = await openTerminal(env);
  const save = async (value: unknown, dir = '.countersign') => {
    await mkdir(join(terminal.dir, dir), { recursive: true });
    await writeFile(
      join(terminal.dir, dir, 'cli.json'),
      typeof value === 'string' ? value : JSON.stringify(value),
    );
  };
  const keys = () => gateway.seen.map((one) => one.headers.authorization);
  return { gateway, ...terminal, save, keys };
}

describe('which gateway, and with what key', () => {
  test('comes from the data directory when nothing else is said', async () => {
    const { gateway, run, save, keys } = await setUp();
    await save({ origin: gateway.origin, api_key: 'cs_saved' });
    await save({ origin: gateway.origin, api_key: 'cs_other' }, 'elsewhere');
    expect((await run('key list')).code).toBe(0);
    expect((await run('key list --data-dir elsewhere')).code).toBe(0);
    expect((await run('key list', { env: { COUNTERSIGN_DATA_DIR: 'elsewhere' } })).code).toBe(0);
    expect(keys()).toEqual(['Bearer cs_saved', 'Bearer cs_other', 'Bearer cs_other']);
  });

  test('comes from flags before the environment, and from the environment before the data directory', async () => {
    const { gateway, run, save, keys, dir } = await setUp();
    await save({ origin: 'http://127.0.0.1:1', api_key: 'cs_saved' });
    await writeFile(join(dir, 'key'), 'cs_file\n');
    const env = { COUNTERSIGN_URL: gateway.origin, COUNTERSIGN_API_KEY: 'cs_env' };
    await run('key list', { env });
    await run('--api-key cs_flag key list', { env });
    await run(`key list --url ${gateway.origin}`, { env: { COUNTERSIGN_API_KEY_FILE: join(dir, 'key') } });
    expect(keys()).toEqual(['Bearer cs_env', 'Bearer cs_flag', 'Bearer cs_file']);
  });

  test('a saved key never goes to another gateway than the one that saved it', async () => {
    const { gateway, run, save, keys } = await setUp();
    await save({ origin: 'http://localhost:8420', api_key: 'cs_saved' });
    const { code, stderr } = await run(`key list --url ${gateway.origin}`);
    expect(code).toBe(4);
    expect(stderr).toContain(`No API key for ${gateway.origin}`);
    expect(keys()).toEqual([]);
  });

  test('unknown, the command says how to start or name one', async () => {
    const { run } = await setUp();
    const { code, stderr } = await run('key list');
    expect(code).toBe(2);
    expect(stderr).toContain('countersign up');
  });

  test('a damaged file and an absent key file are named', async () => {
    const { gateway, run, save, dir } = await setUp();
    const env = { COUNTERSIGN_URL: gateway.origin, COUNTERSIGN_API_KEY_FILE: join(dir, 'nosuch') };
    expect((await run('key list', { env })).stderr).toContain('nosuch does not exist or is empty');
    await save('{');
    expect((await run('key list')).stderr).toContain(join(dir, '.countersign', 'cli.json'));
  });

  test('nobody listening there is told with what to do', async () => {
    const { run } = await setUp();
    const { code, stderr } = await run('key list --url http://127.0.0.1:1 --api-key k');
    expect(code).toBe(1);
    expect(stderr).toContain('could not be reached');
    expect(stderr).toContain('countersign up');
  });
});

describe('usage', () => {
  test('errors end with 2 and suggest what was meant', async () => {
    const { run } = await setUp();
    const wrong = {
      aproval: 'Did you mean approval?',
      'session mnt': 'Did you mean mint?',
      'key list --jsn': 'Did you mean --json?',
    };
    for (const [line, hint] of Object.entries(wrong)) {
      const { code, stdout, stderr } = await run(line);
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toContain(hint);
    }
    expect((await run([])).code).toBe(2);
  });

  test('help and version are data and end with 0', async () => {
    const { run } = await setUp();
    const help = await run('logs query --help');
    expect([help.code, help.stderr]).toEqual([0, '']);
    expect(help.stdout).toContain('countersign logs query --action sandbox/payments_refund --since 24h');
    expect(await run('--version')).toMatchObject({ code: 0, stdout: '9.9.9\n' });
  });

  test('keys are listed to the end, of one state where that is asked', async () => {
    const { gateway, run } = await setUp();
    gateway.on('GET /v1/keys', page([]));
    const env = { COUNTERSIGN_URL: gateway.origin, COUNTERSIGN_API_KEY: 'k' };
    await run('key list', { env });
    await run('key list --state revoked', { env });
    expect(gateway.seen.map(({ query }) => query.state)).toEqual([undefined, 'revoked']);
  });

  test('colour is for terminals, unless NO_COLOR is set', async () => {
    const { gateway, run } = await setUp();
    const wire = { id: 'key_1', name: 'n', roles: [], hint: 'cs_n', created_by: 'x', created_at: 't' };
    gateway.on('GET /v1/keys', page([wire]));
    const env = { COUNTERSIGN_URL: gateway.origin, COUNTERSIGN_API_KEY: 'k' };
    const isTty = { stdout: true, stderr: true };
    expect((await run('key list', { env, isTty })).stdout).toContain('\u001b[2m');
    expect((await run('key list', { env: { ...env, NO_COLOR: '1' }, isTty })).stdout).not.toContain('\u001b');
    expect((await run('key list', { env })).stdout).not.toContain('\u001b');
  });
});
