import { expect, test } from 'vitest';
import { DEPLOY, openActionStage } from './action-support.ts';

test('an action that policy holds waits for a person, who sees all of it, and is then exchanged and reported once', async () => {
  const stage = await openActionStage();
  const { call, approver, requester } = stage;
  const asked = await stage.request();
  expect(asked.status).toBe(202);
  expect(asked.headers.get('location')).toBe(`/v1/approvals/${asked.body.id}`);
  expect(asked.headers.get('retry-after')).toBe('1');
  expect(asked.body).toMatchObject({
    kind: 'action',
    state: 'pending',
    requester: requester.ref,
    subject: DEPLOY.actor,
    session: null,
    server: null,
    tool: DEPLOY.action,
    risk: 'high',
    reason: 'The action changes what runs in production.',
    action: {
      name: DEPLOY.action,
      resource: DEPLOY.resource,
      actor: DEPLOY.actor,
      risk: 'high',
      metadata: DEPLOY.metadata,
    },
    capability: null,
    effect: 'deployment.execute service:billing-api: version 1.2, environment production',
  });
  const { id } = asked.body;
  const seen = await approver.fetch('GET', `/v1/approvals/${id}`);
  expect(seen.body.view).toContain(`Action: ${DEPLOY.action}
Resource: ${DEPLOY.resource}
Actor: ${DEPLOY.actor}
Requested by: ci (${requester.ref})
Declared risk: high
Rule: production
`);
  expect(seen.body.view).toContain('Metadata: object (1 members)\n  "environment": string (10 characters');
  expect(seen.body.view).toContain('Arguments: object (1 members)\n  "version": string (3 characters');

  const waiting = call('GET', `/v1/approvals/${id}/wait`);
  expect((await approver.decide(id, 'approve')).body.state).toBe('approved');
  const answered = await waiting;
  expect(answered).toMatchObject({
    status: 200,
    body: { state: 'approved', capability: { state: 'issued' } },
  });

  const exchanged = await stage.exchange(id);
  expect(exchanged.status).toBe(200);
  expect((await call('GET', `/v1/approvals/${id}`)).body).toMatchObject({
    state: 'executing',
    capability: { state: 'exchanged' },
  });
  const again = await stage.exchange(id);
  expect(again.status).toBe(400);

  const reported = await call('POST', `/v1/approvals/${id}/outcome`, {
    state: 'succeeded',
    note: 'rolled out in 40 s',
  });
  expect(reported).toMatchObject({
    status: 200,
    body: { state: 'succeeded', result: { kind: 'note', text: 'rolled out in 40 s' } },
  });
  const twice = await call('POST', `/v1/approvals/${id}/outcome`, { state: 'failed' });
  expect(twice).toMatchObject({ status: 409, body: { code: 'conflict' } });

  const types = (await stage.entries(`approval=${id}`)).map((entry) => entry.type);
  expect(types).toEqual([
    'approval.requested',
    'approval.decided',
    'approval.approved',
    'capability.issued',
    'approval.executing',
    'capability.exchanged',
    'approval.outcome',
  ]);
});

test('an action that policy allows is approved at once, by policy, and its capability works once', async () => {
  const stage = await openActionStage();
  const asked = await stage.request({ metadata: { environment: 'staging' } });
  expect(asked).toMatchObject({
    status: 201,
    body: {
      state: 'approved',
      quorum: { needed: 0, approvals: [] },
      capability: { state: 'issued' },
    },
  });
  const { id } = asked.body;
  const entries = await stage.entries(`approval=${id}`);
  expect(entries.map((entry) => [entry.type, entry.body.effect ?? entry.body.basis])).toEqual([
    ['approval.requested', 'allow'],
    ['approval.approved', 'policy'],
    ['capability.issued', 'policy'],
  ]);
  expect(entries[0].body).toMatchObject({
    kind: 'action',
    quorum: 0,
    tool_def: 'none',
    aud: DEPLOY.resource,
  });
  const exchanged = await Promise.all([1, 2, 3, 4].map(() => stage.exchange(id)));
  expect(exchanged.map((one) => one.status).sort()).toEqual([200, 400, 400, 400]);
});

test('an action that policy denies is refused with the reason, which is on the ledger', async () => {
  const stage = await openActionStage();
  const asked = await stage.request({ metadata: { environment: 'moon' } });
  expect(asked).toMatchObject({
    status: 403,
    body: { code: 'denied_by_policy', detail: 'Nothing is deployed to the moon.' },
  });
  expect((await stage.call('GET', '/v1/approvals')).body.data).toEqual([]);
  expect(await stage.entries('type=call.denied')).toMatchObject([
    {
      ref: { subject: DEPLOY.actor, principal: stage.requester.ref, action: DEPLOY.action },
      body: { rule: 'moon', reason: 'Nothing is deployed to the moon.' },
    },
  ]);
});

test('only an idempotency key makes two requests one, and it stands for one action of one requester', async () => {
  const stage = await openActionStage();
  const first = await stage.request();
  const second = await stage.request();
  expect(second.status).toBe(202);
  expect(second.body.id).not.toBe(first.body.id);

  const keyed = await stage.request({ idempotency_key: 'release-7' });
  const again = await stage.request({ idempotency_key: 'release-7' });
  expect(again).toMatchObject({ status: 202, body: { id: keyed.body.id } });
  const other = await stage.request({ idempotency_key: 'release-7', arguments: { version: '1.3' } });
  expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_mismatch' } });
  const raced = await Promise.all(Array.from({ length: 8 }, () => stage.request({ idempotency_key: 'r-8' })));
  expect(new Set(raced.map((one) => one.body.id)).size).toBe(1);

  const stranger = await stage.newKey(['requester'], 'other');
  const theirs = { ...DEPLOY, idempotency_key: 'release-7' };
  expect((await stage.call('POST', '/v1/approvals', theirs, stranger.secret)).body.id).not.toBe(
    keyed.body.id,
  );

  await stage.approver.decide(keyed.body.id, 'deny', 'Not on a Friday.');
  expect(await stage.request({ idempotency_key: 'release-7' })).toMatchObject({
    status: 200,
    body: { id: keyed.body.id, state: 'denied', decision_reason: 'Not on a Friday.' },
  });
});

test('nobody but its requester exchanges an action or reports its outcome', async () => {
  const stage = await openActionStage();
  const id = await stage.approved();
  const stranger = await stage.newKey(['requester', 'operator'], 'other');
  expect((await stage.exchange(id, stranger.secret)).status).toBe(400);
  expect((await stage.call('GET', `/v1/approvals/${id}`)).body.state).toBe('approved');
  expect((await stage.exchange(id)).status).toBe(200);
  const lie = await stage.call(
    'POST',
    `/v1/approvals/${id}/outcome`,
    { state: 'succeeded' },
    stranger.secret,
  );
  expect(lie).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  expect((await stage.call('GET', `/v1/approvals/${id}`)).body.state).toBe('executing');
});

test('an outcome cannot be reported before the capability was exchanged', async () => {
  const stage = await openActionStage();
  const { body } = await stage.request();
  const early = await stage.call('POST', `/v1/approvals/${body.id}/outcome`, { state: 'succeeded' });
  expect(early).toMatchObject({ status: 409, body: { detail: expect.stringContaining('is pending') } });
  await stage.approver.decide(body.id, 'approve');
  const still = await stage.call('POST', `/v1/approvals/${body.id}/outcome`, { state: 'succeeded' });
  expect(still).toMatchObject({
    status: 409,
    body: { detail: expect.stringContaining('Exchange its capability first.') },
  });
});

test('a service account acts for itself, sees its own requests alone, and carries them through', async () => {
  const stage = await openActionStage();
  const keyed = await stage.request({ actor: 'release-train' });
  const bot = await stage.serviceAccount('release-bot');
  const asBot = (method: string, path: string, body?: unknown) => stage.call(method, path, body, bot.secret);

  const { actor: _left, ...deploy } = DEPLOY;
  const asked = await asBot('POST', '/v1/approvals', deploy);
  expect(asked).toMatchObject({
    status: 202,
    body: { requester: bot.ref, subject: 'service-account:release-bot' },
  });
  for (const actor of ['service-account:other', 'user:ann', 'api-key:ci', 'release-bot']) {
    const refused = await asBot('POST', '/v1/approvals', { ...DEPLOY, actor });
    expect(refused).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  }
  expect((await asBot('GET', `/v1/approvals/${keyed.body.id}`)).status).toBe(404);
  expect((await asBot('GET', `/v1/approvals/${keyed.body.id}/wait?timeout_ms=0`)).status).toBe(404);
  expect((await asBot('POST', `/v1/approvals/${keyed.body.id}/cancel`, {})).status).toBe(404);
  const listed = (await asBot('GET', `/v1/approvals?requester=${stage.requester.ref}`)).body.data;
  expect(listed.map((one: any) => one.id)).toEqual([asked.body.id]);

  const other = await stage.approver.invite('Bob');
  await other.decide(asked.body.id, 'approve');
  expect((await stage.exchange(asked.body.id, bot.secret)).status).toBe(200);
  const reported = await asBot('POST', `/v1/approvals/${asked.body.id}/outcome`, { state: 'failed' });
  expect(reported.body).toMatchObject({ state: 'failed', state_reason: null });
  expect((await asBot('GET', '/v1/sessions')).status).toBe(403);
});
