import { generateKeyPairSync, sign } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Countersign } from '../../src/sdk/countersign.ts';
import { unwrapWebhook } from '../../src/sdk/unwrap-webhook.ts';
import { json, page, problem, startFakeGateway } from './fake-gateway.ts';
import { webhookDeliveryWire, webhookWire } from './wire-samples.ts';

const NOW = Date.UTC(2026, 0, 1);
const SECRET = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const OTHER = `whsec_${Buffer.alloc(32, 2).toString('base64')}`;
const BODY = '{"type":"approval.decided","timestamp":"2026-01-01T00:00:00.000Z","data":{"approval":"apr_1"}}';
const pair = generateKeyPairSync('ed25519');
const { x = '' } = pair.publicKey.export({ format: 'jwk' });
const PUBLIC = `whpk_${Buffer.from(x, 'base64url').toString('base64')}`;

/** Headers as the independent package signs them, and an asymmetric signature beside it. */
function headersOf(body = BODY, at = NOW): Record<string, string> {
  const seconds = String(Math.floor(at / 1_000));
  const content = Buffer.from(`evt_1.${seconds}.${body}`);
  const mac = new Webhook(SECRET).sign('evt_1', new Date(at), body);
  const asymmetric = sign(null, content, pair.privateKey).toString('base64');
  return {
    'webhook-id': 'evt_1',
    'webhook-timestamp': seconds,
    'webhook-signature': `${mac} v1a,${asymmetric}`,
  };
}

const at = (ms: number) => ({ now: () => ms });

describe('unwrapping a message', () => {
  it.each([
    ['the secret', SECRET],
    ['the public key', PUBLIC],
    ['one key of several', [OTHER, SECRET]],
  ])('with %s gives the event under its id', async (_, keys) => {
    expect(await unwrapWebhook(BODY, headersOf(), keys, at(NOW))).toEqual({
      id: 'evt_1',
      type: 'approval.decided',
      timestamp: '2026-01-01T00:00:00.000Z',
      data: { approval: 'apr_1' },
    });
  });

  it('takes the headers of fetch and of Node, and a body of bytes', async () => {
    const bytes = new TextEncoder().encode(BODY);
    const upper = Object.fromEntries(
      Object.entries(headersOf()).map(([name, value]) => [name.toUpperCase(), value]),
    );
    for (const headers of [new Headers(headersOf()), upper])
      expect(await unwrapWebhook(bytes, headers, SECRET, at(NOW))).toMatchObject({ id: 'evt_1' });
  });

  it.each([
    ['another body', BODY.replace('apr_1', 'apr_2'), headersOf(), SECRET],
    ['another id', BODY, { ...headersOf(), 'webhook-id': 'evt_2' }, SECRET],
    ['another time', BODY, { ...headersOf(), 'webhook-timestamp': String(NOW / 1_000 + 1) }, SECRET],
    ['another secret', BODY, headersOf(), OTHER],
    ['no key', BODY, headersOf(), []],
    ['no signature', BODY, { ...headersOf(), 'webhook-signature': '' }, SECRET],
    ['no id', BODY, { ...headersOf(), 'webhook-id': '' }, SECRET],
    ['a time that is none', BODY, { ...headersOf(), 'webhook-timestamp': '1e9' }, SECRET],
    ['a signature of another version', BODY, { ...headersOf(), 'webhook-signature': 'v2,AAAA' }, SECRET],
    [
      'the asymmetric signature under the name of the other',
      BODY,
      { ...headersOf(), 'webhook-signature': (headersOf()['webhook-signature'] ?? '').split('v1a')[1] ?? '' },
      PUBLIC,
    ],
    ['a signature that is no base64', BODY, { ...headersOf(), 'webhook-signature': 'v1,%%' }, SECRET],
  ])('with %s is refused', async (_, body, headers, keys) => {
    await expect(unwrapWebhook(body, headers, keys, at(NOW))).rejects.toMatchObject({
      code: 'invalid_signature',
    });
  });

  it('is refused when its time is too far from now, on either side', async () => {
    const unwrap = (now: number, toleranceMs?: number) =>
      unwrapWebhook(BODY, headersOf(), SECRET, { ...at(now), toleranceMs });
    for (const now of [NOW + 300_000, NOW - 300_000])
      expect(await unwrap(now)).toMatchObject({ id: 'evt_1' });
    for (const now of [NOW + 300_001, NOW - 300_001])
      await expect(unwrap(now)).rejects.toMatchObject({ code: 'invalid_signature' });
    await expect(unwrap(NOW + 2_000, 1_000)).rejects.toMatchObject({ code: 'invalid_signature' });
  });

  it('says what a key looks like when it is given none, and never shows the one it was given', async () => {
    const refused = unwrapWebhook(BODY, headersOf(), 'canary', at(NOW));
    await expect(refused).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.not.stringContaining('canary'),
    });
  });
});

async function setUp() {
  const gateway = await startFakeGateway();
  onTestFinished(() => gateway[Symbol.asyncDispose]());
  return { gateway, client: new Countersign({ baseUrl: gateway.origin, apiKey: 'cs_k', maxRetries: 0 }) };
}

it('webhooks are added, changed, rotated, tried and removed by their routes', async () => {
  const { gateway, client } = await setUp();
  const secret = { ...webhookWire, secret: SECRET };
  gateway.on('POST /v1/webhooks', json(201, secret));
  gateway.on('GET /v1/webhooks', page([webhookWire]));
  gateway.on('GET /v1/webhooks/whk_1', json(200, webhookWire));
  gateway.on('POST /v1/webhooks/whk_1/update', json(200, webhookWire));
  gateway.on('POST /v1/webhooks/whk_1/rotate', json(200, secret));
  gateway.on('POST /v1/webhooks/whk_1/test', json(200, { event: 'evt_1', delivered: true, status: 200 }));
  gateway.on('POST /v1/webhooks/whk_1/remove', json(200, { id: 'whk_1', removed: true }));
  const { webhooks } = client;
  const url = 'https://hooks.example/in';
  expect(await webhooks.create({ url, events: ['job.completed'] })).toMatchObject({ secret: SECRET });
  expect((await webhooks.list()).data).toMatchObject([{ id: 'whk_1', publicKey: 'whpk_AA==', dead: 1 }]);
  expect(await webhooks.get('whk_1')).toMatchObject({ disabledReason: null, previousUntil: null });
  await webhooks.update('whk_1', { enabled: false });
  await webhooks.rotate('whk_1', { overlapMs: 0 });
  expect(await webhooks.test('whk_1')).toEqual({ event: 'evt_1', delivered: true, status: 200, error: null });
  await webhooks.remove('whk_1');
  expect(gateway.seen.filter(({ method }) => method === 'POST').map(({ body }) => body)).toEqual([
    { url, events: ['job.completed'] },
    { enabled: false },
    { overlap_ms: 0 },
    {},
    {},
  ]);
});

it('deliveries are listed by their state, and made again by their event or all at once', async () => {
  const { gateway, client } = await setUp();
  gateway.on('GET /v1/webhooks/whk_1/deliveries', page([webhookDeliveryWire]));
  gateway.on(
    'POST /v1/webhooks/whk_1/redeliver',
    json(200, { id: 'whk_1', count: 2 }),
    problem(409, 'conflict'),
  );
  const { data } = await client.webhooks.deliveries('whk_1', { state: 'dead' });
  expect(data).toMatchObject([{ event: 'evt_1', state: 'dead', nextAt: null, attemptedAt: null }]);
  expect(gateway.seen[0]?.query).toEqual({ state: 'dead' });
  expect(await client.webhooks.redeliver('whk_1')).toBe(2);
  await expect(client.webhooks.redeliver('whk_1', { event: 'evt_1' })).rejects.toMatchObject({
    code: 'conflict',
  });
  expect(gateway.seen.slice(1).map(({ body }) => body)).toEqual([{}, { event: 'evt_1' }]);
});
