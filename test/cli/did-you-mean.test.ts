import { expect, onTestFinished, test } from 'vitest';
import { nearest } from '../../src/cli/nearest.ts';
import { page, problem, startFakeGateway } from '../sdk/fake-gateway.ts';
import { openTerminal } from './run-command.ts';

async function setUp() {
  const gateway = await startFakeGateway();
  onTestFinished(() => gateway[Symbol.asyncDispose]());
  const terminal = await openTerminal({ COUNTERSIGN_URL: gateway.origin, COUNTERSIGN_API_KEY: 'cs_k' });
  return { gateway, ...terminal };
}

const SERVERS = page(
  ['sandbox', 'files'].map((name) => ({ name, kind: 'stdio', state: 'ready', tools: 1, quarantined: 0 })),
);

test.each([
  ['sandbxo', ['files', 'sandbox'], 'sandbox'],
  ['Sandbox', ['files', 'sandbox'], 'sandbox'],
  ['fles', ['files', 'sandbox'], 'files'],
  ['billing', ['files', 'sandbox'], undefined],
  ['a', ['b'], 'b'],
  ['', ['sandbox'], undefined],
])('of names near to "%s" the one that was probably meant is found', (word, names, meant) => {
  expect(nearest(word, names)).toBe(meant);
});

test('a server that is not there is answered with the one that was probably meant, or with all there are', async () => {
  const { gateway, run } = await setUp();
  gateway.on('GET /v1/servers/sandbx/tools', problem(404, 'not_found'));
  gateway.on('GET /v1/servers/billing/tools', problem(404, 'not_found'));
  gateway.on('GET /v1/servers', SERVERS);
  const near = await run('server tools sandbx');
  expect([near.code, near.stderr]).toEqual([1, expect.stringContaining('Did you mean "sandbox"?')]);
  expect((await run('server tools billing')).stderr).toContain('There are: sandbox, files.');
});

test('an id of another kind is answered with what it is the id of', async () => {
  const { gateway, run } = await setUp();
  gateway.on('GET /v1/approvals/ses_1', problem(404, 'not_found'));
  const { code, stderr } = await run('approval get ses_1');
  expect(code).toBe(1);
  expect(stderr).toContain('ses_1 is the id of a session: see "countersign session --help".');
});

test('an id with a wrong letter is answered with the right one, and a fault in looking for it changes nothing', async () => {
  const { gateway, run } = await setUp();
  gateway.on('GET /v1/jobs/job_abcdefgj', problem(404, 'not_found'));
  gateway.on('GET /v1/jobs', page([{ id: 'job_abcdefgh' }]), problem(403, 'forbidden'));
  expect((await run('job get job_abcdefgj')).stderr).toContain('Did you mean "job_abcdefgh"?');
  expect(await run('job get job_abcdefgj')).toMatchObject({
    code: 1,
    stderr: 'error: It was not_found.\n  request req_1\n',
  });
});

test('a mistyped command and a mistyped option are answered with the right ones', async () => {
  const { run } = await setUp();
  expect((await run('sesion list')).stderr).toContain('Did you mean session?');
  expect((await run('session lst')).stderr).toContain('Did you mean list?');
  expect((await run('session list --usr ann')).stderr).toContain('Did you mean --user?');
});
