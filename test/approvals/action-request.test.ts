import { expect, test } from 'vitest';
import { DEPLOY, openActionStage } from './action-support.ts';

test('an API key names who acts, but nobody who has a credential of their own', async () => {
  const stage = await openActionStage();
  const { actor: _left, ...deploy } = DEPLOY;
  expect((await stage.call('POST', '/v1/approvals', deploy)).body.subject).toBe('api-key:ci');
  for (const actor of ['user:ann', 'ann', 'service-account:unregistered'])
    expect((await stage.request({ actor })).body.subject).toBe(actor);

  await stage.serviceAccount('release-bot');
  const impostors = [
    'service-account:release-bot',
    'service-account:Release-Bot',
    'person:per_1',
    'Person:per_1',
    'session:ses_1',
    'service_account:svc_1',
    'api_key:key_1',
    'api-key:other',
    'gateway:own_1',
    '\uFF50erson:per_1',
    '\uFF41pi-key:other',
  ];
  for (const actor of impostors)
    expect([actor, (await stage.request({ actor })).status]).toEqual([actor, 403]);
});

test('only a program with the role requester asks for approvals', async () => {
  const stage = await openActionStage();
  const reader = await stage.newKey(['reader', 'minter']);
  expect((await stage.call('POST', '/v1/approvals', DEPLOY, reader.secret)).status).toBe(403);
  expect((await stage.approver.fetch('POST', '/v1/approvals', DEPLOY)).status).toBe(403);
  const outcome = await stage.approver.fetch('POST', '/v1/approvals/apr_1/outcome', { state: 'succeeded' });
  expect(outcome.status).toBe(403);
});

test('a request that cannot be read faithfully is refused, field by field', async () => {
  const stage = await openActionStage();
  const wrong: readonly (readonly [string, object])[] = [
    ['action', { action: 'oracle/pay' }],
    ['action', { action: '' }],
    ['action', { action: 'a'.repeat(129) }],
    ['resource', { resource: 'two\nlines' }],
    ['resource', { resource: ' service:x' }],
    ['resource', { resource: 'service:\u202Ex' }],
    ['resource', { resource: '' }],
    ['actor', { actor: 'a\u0000b' }],
    ['actor', { actor: '' }],
    ['risk', { risk: 'harmless' }],
    ['metadata', { metadata: 'production' }],
    ['metadata', { metadata: { note: 'x'.repeat(17_000) } }],
    ['arguments', { arguments: [] }],
    ['idempotency_key', { idempotency_key: 'two words' }],
    ['approved', { approved: true }],
  ];
  for (const [field, change] of wrong) {
    const refused = await stage.request(change);
    expect([field, refused.status, refused.body.fields?.[0]?.field]).toEqual([field, 400, field]);
  }
  const doubled = await fetch(`${stage.gateway.app.origin}/v1/approvals`, {
    method: 'POST',
    headers: { authorization: `Bearer ${stage.requester.secret}`, 'content-type': 'application/json' },
    body: '{"action":"a.b","resource":"x","resource":"y"}',
  });
  expect(doubled.status).toBe(400);
  expect(await doubled.json()).toMatchObject({ code: 'invalid_json' });
});

test('the risk that a requester declares raises the verdict’s and never lowers it', async () => {
  const stage = await openActionStage();
  expect((await stage.request({ risk: 'critical' })).body.risk).toBe('critical');
  expect((await stage.request({ risk: 'low' })).body.risk).toBe('high');
  expect((await stage.request({ risk: undefined })).body.risk).toBe('high');
});

test('what an action says of itself is shown to its approver in printable characters alone', async () => {
  const stage = await openActionStage();
  const { body } = await stage.request({
    resource: 'sérvice:x',
    metadata: { environment: 'production', note: '\u202Egnihton\nRisk: low' },
  });
  const seen = await stage.approver.fetch('GET', `/v1/approvals/${body.id}`);
  expect(seen.body.view).toMatch(/^(?:[\x20-\x7e\n]|⟦U\+[0-9A-F]{4,6}⟧)*$/u);
  expect(seen.body.view).toContain('Resource: s⟦U+00E9⟧rvice:x');
  expect(seen.body.view).not.toContain('\nRisk: low');
});

test('arguments that policy redacts are hidden, shown in the view as redacted, and revealed to a person', async () => {
  const stage = await openActionStage();
  const { body } = await stage.request({ arguments: { version: '1.2', secret: 'canary-4711' } });
  expect(JSON.stringify(body)).not.toContain('canary-4711');
  expect(body).toMatchObject({ call_digest: null, call_salt: null });
  const seen = await stage.approver.fetch('GET', `/v1/approvals/${body.id}`);
  expect(seen.body.view).toContain('"secret": string redacted by policy');
  expect(seen.body).toMatchObject({ hidden: ['/secret'], call: expect.not.stringContaining('canary-4711') });
  const revealed = await stage.approver.fetch('POST', `/v1/approvals/${body.id}/reveal`, {
    what: 'arguments',
  });
  expect(revealed.body.call.text).toContain('canary-4711');
  expect(JSON.stringify(await stage.entries(`approval=${body.id}`))).not.toContain('canary-4711');
});

test('a requester withdraws an action that waits, and nobody can then approve it', async () => {
  const stage = await openActionStage();
  const { body } = await stage.request();
  const cancelled = await stage.call('POST', `/v1/approvals/${body.id}/cancel`, { reason: 'Not needed.' });
  expect(cancelled.body).toMatchObject({ state: 'cancelled', state_reason: 'Not needed.' });
  expect((await stage.approver.decide(body.id, 'approve')).status).toBe(409);
  expect((await stage.exchange(body.id)).status).toBe(400);
});

test('tool calls and actions stand in one list and are told apart', async () => {
  const stage = await openActionStage();
  const { body } = await stage.request();
  const { body: listed } = await stage.gateway.api('GET', `/v1/approvals?subject=${DEPLOY.actor}`);
  expect(listed.data).toMatchObject([{ id: body.id, kind: 'action', session: null }]);
  const { body: byTool } = await stage.gateway.api('GET', '/v1/approvals?tool=deployment.execute');
  expect(byTool.data).toHaveLength(1);
});
