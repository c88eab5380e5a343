import { expect, onTestFinished, test } from 'vitest';
import { json, page, startFakeGateway } from '../sdk/fake-gateway.ts';
import { openTerminal } from './run-command.ts';

const WIRE = {
  name: 'oncall',
  type: 'ntfy',
  when: { risk: ['high', 'critical'], groups: null, tools: ['payments/*'] },
  digest_ms: 0,
  quiet: null,
  per_agent: 5,
  remind_ms: null,
  devices: null,
  gathered: 3,
  pending: 1,
  dead: 2,
  last_error: 'answered with 403',
};

async function setUp() {
  const gateway = await startFakeGateway();
  onTestFinished(() => gateway[Symbol.asyncDispose]());
  const terminal = await openTerminal({ COUNTERSIGN_URL: gateway.origin, COUNTERSIGN_API_KEY: 'cs_k' });
  return { gateway, ...terminal };
}

test('channel list shows what each is told of, what waits and what went wrong', async () => {
  const { gateway, run } = await setUp();
  const all = { ...WIRE, name: 'all', when: { risk: null, groups: null, tools: null }, last_error: null };
  const push = { ...all, name: 'push', type: 'push', devices: 3 };
  gateway.on('GET /v1/channels', page([WIRE, all, push]));
  const { code, stdout } = await run('channel list');
  expect(code).toBe(0);
  expect(stdout).toMatch(/oncall +ntfy +risk high,critical; tools payments\/\* +3 +1 +2 +answered with 403/);
  expect(stdout).toMatch(/all +ntfy +everything/);
  expect(stdout).toMatch(/push +push \(3 devices\) +everything/);
  expect((await run('channels list --json')).json()).toEqual([{ data: [WIRE, all, push], has_more: false }]);
});

test('channel list says where channels stand when there are none', async () => {
  const { gateway, run } = await setUp();
  gateway.on('GET /v1/channels', page([]));
  const { stdout, stderr } = await run('channel list');
  expect(stdout + stderr).toContain('in the configuration under "channels"');
});

test('channel test ends with 1 and says why when the message was not taken', async () => {
  const { gateway, run } = await setUp();
  const trial = { delivered: false, status: 403, error: 'answered with 403' };
  gateway.on('POST /v1/channels/oncall/test', json(200, trial));
  const failed = await run('channel test oncall');
  expect(failed.code).toBe(1);
  expect(failed.stdout).toContain('answered with 403');
  gateway.on('POST /v1/channels/oncall/test', json(200, { delivered: true, status: 200, error: null }));
  const { code, stdout } = await run('channel test oncall');
  expect(code).toBe(0);
  expect(stdout).toContain('Sent to oncall.');
});
