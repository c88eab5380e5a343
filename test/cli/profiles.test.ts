import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { page, startFakeGateway } from '../sdk/fake-gateway.ts';
import { openTerminal } from './run-command.ts';

async function setUp(env: Record<string, string> = {}) {
  const gateway = await startFakeGateway();
  onTestFinished(() => gateway[Symbol.asyncDispose]());
  gateway.on('GET /v1/sessions', page([]));
  const terminal = await openTerminal(env);
  const file = join(terminal.dir, 'home/.config/countersign/config.json');
  const keyUsed = () => gateway.seen.at(-1)?.headers.authorization;
  return { gateway, ...terminal, file, keyUsed };
}

test('a profile is kept in a file of its owner alone, and its key comes from standard input', async () => {
  const { run, gateway, file } = await setUp();
  const readStdin = async () => 'cs_secret\n';
  const added = await run(`profile add prod --url ${gateway.origin} --api-key-stdin`, { readStdin });
  expect(added.code).toBe(0);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({
    current: 'prod',
    profiles: { prod: { url: gateway.origin, api_key: 'cs_secret' } },
  });
  const listed = await run('profile list');
  expect(listed.stdout).toContain('prod');
  expect(listed.stdout + listed.stderr + added.stdout + added.stderr).not.toContain('cs_secret');
});

test('a profile that is named wins over the environment, and flags win over it', async () => {
  const { run, gateway, keyUsed } = await setUp({
    COUNTERSIGN_URL: 'http://127.0.0.1:1',
    COUNTERSIGN_API_KEY: 'cs_environment',
  });
  await run(`profile add prod --url ${gateway.origin} --api-key cs_profile`);
  expect((await run('session list --profile prod')).code).toBe(0);
  expect(keyUsed()).toBe('Bearer cs_profile');
  expect((await run('session list --profile prod --api-key cs_flag')).code).toBe(0);
  expect(keyUsed()).toBe('Bearer cs_flag');
  expect((await run('session list')).code).toBe(1);
});

test('COUNTERSIGN_PROFILE names a profile, and the one in use counts where nothing else names a gateway', async () => {
  const { run, gateway, keyUsed } = await setUp();
  await run(`profile add one --url ${gateway.origin} --api-key cs_one`);
  await run(`profile add two --url ${gateway.origin} --api-key cs_two`);
  await run('session list');
  expect(keyUsed()).toBe('Bearer cs_one');
  await run('profile use two');
  await run('session list');
  expect(keyUsed()).toBe('Bearer cs_two');
  await run('session list', { env: { COUNTERSIGN_PROFILE: 'one' } });
  expect(keyUsed()).toBe('Bearer cs_one');
  expect((await run('profile remove two')).stderr).toContain('In use: none.');
  expect((await run('session list')).stderr).toContain('No gateway is known');
});

test('the gateway that runs in this folder comes before the profile in use', async () => {
  const { run, dir, gateway, keyUsed } = await setUp();
  await run('profile add far --url http://127.0.0.1:1 --api-key cs_far');
  await mkdir(join(dir, '.countersign'));
  await writeFile(
    join(dir, '.countersign/cli.json'),
    JSON.stringify({ origin: gateway.origin, api_key: 'cs_here' }),
  );
  expect((await run('session list')).code).toBe(0);
  expect(keyUsed()).toBe('Bearer cs_here');
});

test('the key of a profile is not sent to another address', async () => {
  const { run, gateway } = await setUp();
  await run('profile add far --url http://far.example --api-key cs_far');
  const asked = await run(`session list --profile far --url ${gateway.origin}`);
  expect([asked.code, asked.stderr]).toEqual([4, expect.stringContaining('No API key')]);
  expect(gateway.seen).toEqual([]);
});

test('profiles that other users can read are not used', async () => {
  const { run, gateway, file } = await setUp();
  await run(`profile add prod --url ${gateway.origin} --api-key cs_k`);
  await chmod(file, 0o644);
  const { code, stderr } = await run('session list');
  expect([code, stderr]).toEqual([1, expect.stringContaining(`run: chmod 600 ${file}`)]);
});

test('a profile that is not there is answered with the one that was probably meant', async () => {
  const { run, gateway } = await setUp();
  await run(`profile add production --url ${gateway.origin} --api-key cs_k`);
  const { code, stderr } = await run('session list --profile prodution');
  expect([code, stderr]).toEqual([2, 'error: There is no profile "prodution". Did you mean "production"?\n']);
});

test('a malformed profile is named with its member', async () => {
  const { run, file } = await setUp();
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, '{"profiles":{"prod":{"uri":"http://x"}}}', { mode: 0o600 });
  expect((await run('profile list')).stderr).toContain('profiles.prod.uri: expected one of url');
});
