import { describe, expect, onTestFinished, test } from 'vitest';
import { json, page, startFakeGateway } from '../sdk/fake-gateway.ts';
import { webhookDeliveryWire, webhookWire } from '../sdk/wire-samples.ts';
import { openTerminal } from './run-command.ts';

const SECRET = { ...webhookWire, secret: 'whsec_AA==' };

async function setUp() {
  const gateway = await startFakeGateway();
  onTestFinished(() => gateway[Symbol.asyncDispose]());
  const terminal = await openTerminal({ COUNTERSIGN_URL: gateway.origin, COUNTERSIGN_API_KEY: 'cs_k' });
  return { gateway, ...terminal };
}

describe('webhook add', () => {
  test('sends what was asked for, and shows the secret with a remark that it is gone then', async () => {
    const { gateway, run } = await setUp();
    gateway.on('POST /v1/webhooks', json(201, SECRET));
    const line = 'webhook add https://hooks.example/in --event job.completed,call.completed --description ci';
    const { code, stdout, stderr } = await run(line);
    expect(code).toBe(0);
    expect(stdout).toContain('whsec_AA==');
    expect(stderr).toContain('The secret is not shown again');
    expect(gateway.seen[0]?.body).toEqual({
      url: 'https://hooks.example/in',
      events: ['job.completed', 'call.completed'],
      description: 'ci',
    });
  });

  test('with --json prints the names of the REST API', async () => {
    const { gateway, run } = await setUp();
    gateway.on('POST /v1/webhooks', json(201, SECRET));
    expect((await run('webhooks add https://hooks.example/in --json')).json()).toEqual([SECRET]);
  });
});

test('webhook list and get show whether one is on, what waits and what is dead', async () => {
  const { gateway, run } = await setUp();
  const off = { ...webhookWire, enabled: false, disabled_reason: 'gone' };
  gateway.on('GET /v1/webhooks', page([webhookWire, off]));
  gateway.on('GET /v1/webhooks/whk_1', json(200, off));
  const { stdout } = await run('webhook list');
  expect(stdout).toMatch(/whk_1 +on +https:\/\/hooks.example\/in +\* +0 +1/);
  expect(stdout).toMatch(/whk_1 +off \(gone\)/);
  expect((await run('webhook get whk_1')).stdout).toMatch(/State +off: gone/);
});

test('webhook on and off switch it', async () => {
  const { gateway, run } = await setUp();
  gateway.on('POST /v1/webhooks/whk_1/update', json(200, webhookWire));
  expect((await run('webhook off whk_1')).code).toBe(0);
  expect((await run('webhook on whk_1')).code).toBe(0);
  expect(gateway.seen.map(({ body }) => body)).toEqual([{ enabled: false }, { enabled: true }]);
});

test('webhook test ends with 1 and says why when the message was not taken', async () => {
  const { gateway, run } = await setUp();
  const trial = { event: 'evt_1', delivered: false, status: 404, error: 'answered with 404' };
  gateway.on(
    'POST /v1/webhooks/whk_1/test',
    json(200, trial),
    json(200, { ...trial, delivered: true, status: 200, error: null }),
  );
  const failed = await run('webhook test whk_1');
  expect([failed.code, failed.stdout]).toEqual([1, expect.stringContaining('answered with 404')]);
  const taken = await run('webhook test whk_1');
  expect([taken.code, taken.stdout]).toEqual([0, 'Delivered: answered with 200.\n']);
});

test('webhook deliveries lists the dead, and redeliver makes one or all of them again', async () => {
  const { gateway, run } = await setUp();
  gateway.on('GET /v1/webhooks/whk_1/deliveries', page([webhookDeliveryWire]));
  gateway.on('POST /v1/webhooks/whk_1/redeliver', json(200, { id: 'whk_1', count: 1 }));
  const { stdout } = await run('webhook deliveries whk_1 --state dead');
  expect(stdout).toContain('evt_1  job.completed  dead   10        answered with 500');
  expect(gateway.seen[0]?.query).toMatchObject({ state: 'dead' });
  expect((await run('webhook redeliver whk_1 evt_1')).stdout).toBe('1 delivery is made again.\n');
  await run('webhook redeliver whk_1');
  expect(gateway.seen.slice(1).map(({ body }) => body)).toEqual([{ event: 'evt_1' }, {}]);
});

test('webhook rotate takes how long the old keys go on, and remove ends it', async () => {
  const { gateway, run } = await setUp();
  gateway.on('POST /v1/webhooks/whk_1/rotate', json(200, SECRET));
  gateway.on('POST /v1/webhooks/whk_1/remove', json(200, { id: 'whk_1', removed: true }));
  expect((await run('webhook rotate whk_1 --overlap 2h')).stdout).toContain('whsec_AA==');
  expect(gateway.seen[0]?.body).toEqual({ overlap_ms: 7_200_000 });
  expect((await run('webhook remove whk_1 --json')).json()).toEqual([{ id: 'whk_1', removed: true }]);
});
