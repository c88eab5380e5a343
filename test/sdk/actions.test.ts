import { expect, onTestFinished, test } from 'vitest';
import { Countersign } from '../../src/sdk/countersign.ts';
import { json, startFakeGateway } from './fake-gateway.ts';
import { approvalDetailWire } from './wire-samples.ts';

const wire = {
  ...approvalDetailWire,
  kind: 'action',
  subject: 'user-1',
  session: null,
  server: null,
  action: { name: 'a.b', resource: 'r:1', actor: 'user-1', risk: null, metadata: { ownerTeam: 'pay' } },
  capability: { id: 'cap_1', state: 'issued', expires_at: '2026-01-01T00:05:00.000Z' },
};

async function setUp() {
  const gateway = await startFakeGateway();
  onTestFinished(() => gateway[Symbol.asyncDispose]());
  return { gateway, client: new Countersign({ baseUrl: gateway.origin, apiKey: 'cs_k' }) };
}

test('an action is requested in the names of the API, and its own names are left alone', async () => {
  const { gateway, client } = await setUp();
  gateway.on('POST /v1/approvals', json(202, wire));
  const approval = await client.approvals.request({
    action: 'a.b',
    resource: 'r:1',
    metadata: { ownerTeam: 'pay' },
    arguments: { dryRun: true },
    idempotencyKey: 'k1',
  });
  expect(gateway.seen[0]?.body).toEqual({
    action: 'a.b',
    resource: 'r:1',
    metadata: { ownerTeam: 'pay' },
    arguments: { dryRun: true },
    idempotency_key: 'k1',
  });
  expect(approval).toMatchObject({
    kind: 'action',
    session: null,
    action: { metadata: { ownerTeam: 'pay' } },
    capability: { id: 'cap_1', state: 'issued', expiresAt: '2026-01-01T00:05:00.000Z' },
  });
});

test('waiting for an action ends once it is approved, and its outcome can be waited for', async () => {
  const { gateway, client } = await setUp();
  gateway.on(
    'GET /v1/approvals/apr_1/wait',
    json(202, wire),
    json(200, { ...wire, state: 'approved' }),
    json(202, { ...wire, state: 'executing' }),
    json(200, { ...wire, state: 'failed' }),
  );
  expect((await client.approvals.wait('apr_1')).state).toBe('approved');
  expect((await client.approvals.wait('apr_1')).state).toBe('failed');
});

test('a request for a user is made in that user’s name and no other', async () => {
  const { gateway, client } = await setUp();
  gateway.on('POST /v1/approvals', json(202, wire));
  gateway.on('GET /v1/approvals/apr_1', json(200, wire));
  gateway.on('POST /v1/approvals/apr_1/outcome', json(200, { ...wire, state: 'succeeded' }));
  const { approvals } = client.forUser('user-1');
  await approvals.request({ action: 'a.b', resource: 'r:1' });
  expect(gateway.seen[0]?.body).toMatchObject({ actor: 'user-1' });
  const other = approvals.request({ action: 'a.b', resource: 'r:1', actor: 'user-2' });
  await expect(other).rejects.toMatchObject({ code: 'invalid_request' });
  expect((await approvals.reportOutcome('apr_1', { state: 'succeeded', note: 'done' })).state).toBe(
    'succeeded',
  );
  expect(gateway.seen.at(-1)?.body).toEqual({ state: 'succeeded', note: 'done' });
  const strange = client.forUser('user-2').approvals.reportOutcome('apr_1', { state: 'failed' });
  await expect(strange).rejects.toMatchObject({ code: 'not_found' });
});
