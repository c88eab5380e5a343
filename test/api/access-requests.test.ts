import { expect, test } from 'vitest';
import { type ActionStage, openActionStage } from '../approvals/action-support.ts';

const URN = 'urn:openid:authzen:access-request:error:';
const ASKED = {
  subject: { type: 'user', id: 'alice@acme.com', properties: { department: 'sales' } },
  action: { name: 'deployment.execute', properties: { version: '1.2' } },
  resource: { type: 'service', id: 'billing-api' },
  context: { environment: 'production' } as Record<string, unknown>,
};

interface Access extends ActionStage {
  evaluate(context?: object, secret?: string): Promise<any>;
  /** Evaluates, and gives what a client submits after the denial. */
  denied(): Promise<any>;
  submit(body: object, secret?: string): Promise<any>;
  task(id: string, secret?: string): Promise<any>;
}

async function openAccess(): Promise<Access> {
  const stage = await openActionStage({ settings: { experimental: ['access-requests'] } });
  const evaluate: Access['evaluate'] = async (context = {}, secret) => {
    const asked = { ...ASKED, context: { ...ASKED.context, ...context } };
    return (await stage.call('POST', '/access/v1/evaluation', asked, secret)).body;
  };
  return {
    ...stage,
    evaluate,
    async denied() {
      const { context } = await evaluate();
      const { expires_at, binding_token } = context.access_request;
      const { evaluation_id, evaluated_at, reason } = context;
      return { ...ASKED, denial: { evaluation_id, evaluated_at, expires_at, reason, binding_token } };
    },
    submit: (body, secret) => stage.call('POST', '/access/v1/requests', body, secret),
    task: (id, secret) => stage.call('GET', `/access/v1/requests/${id}`, undefined, secret),
  };
}

test('what an evaluation denies but a person may approve is requested, approved, and then true exactly once', async () => {
  const access = await openAccess();
  const { origin } = access.gateway.app;
  const denial = await access.evaluate();
  expect(denial).toMatchObject({
    decision: false,
    context: {
      reason: 'approval_required',
      access_request: { endpoint: `${origin}/access/v1/requests` },
    },
  });
  const submission = {
    ...(await access.denied()),
    context: { ...ASKED.context, business_justification: 'Renewal review' },
    requested_access: { emergency: true },
    client: { name: 'deployer' },
  };
  const submitted = await access.submit(submission);
  const { id } = submitted.body.task;
  expect(submitted).toMatchObject({
    status: 202,
    body: {
      task: {
        status: 'pending',
        status_endpoint: `${origin}/access/v1/requests/${id}`,
        links: { cancel: `${origin}/access/v1/requests/${id}/cancel` },
      },
    },
  });
  expect(submitted.headers.get('location')).toBe(`${origin}/access/v1/requests/${id}`);
  expect(submitted.body.result).toBeUndefined();
  expect((await access.task(id)).headers.get('retry-after')).toBe('5');
  expect((await access.submit(submission)).body.task.id).toBe(id);

  const seen = await access.approver.fetch('GET', `/v1/approvals/${id}`);
  expect(seen.body.view).toContain(
    '"business_justification": string (14 characters, 14 bytes) "Renewal review"',
  );
  expect(seen.body.action.metadata).toMatchObject({
    environment: 'production',
    subject_properties: { department: 'sales' },
    access_request: { requested_access: { emergency: true }, client: { name: 'deployer' } },
  });
  await access.approver.decide(id, 'approve');
  const { body: done } = await access.task(id);
  expect(done).toMatchObject({
    task: { status: 'approved' },
    result: { mode: 'reevaluate', approval: { id } },
  });

  const { approval } = done.result;
  expect(await access.evaluate({ environment: 'staging', approval })).toEqual({ decision: true });
  expect(await access.evaluate({ approval })).toEqual({
    decision: true,
    context: {
      approval: { id, approved_until: approval.approved_until },
      capability: { access_token: expect.any(String), token_type: 'Bearer', expires_in: expect.any(Number) },
    },
  });
  expect(await access.evaluate({ approval })).toMatchObject({
    decision: false,
    context: { reason: 'approval_expired', next_action: 'request', access_request: {} },
  });
  expect((await access.task(id)).body.task.status).toBe('approved');
  expect((await access.call('GET', `/v1/approvals/${id}`)).body).toMatchObject({
    state: 'executing',
    capability: { state: 'exchanged' },
  });
  const reported = await access.call('POST', `/v1/approvals/${id}/outcome`, { state: 'succeeded' });
  expect(reported.status).toBe(200);
  const configuration = await fetch(`${origin}/.well-known/authzen-configuration`);
  expect(await configuration.json()).toMatchObject({
    access_request_endpoint: `${origin}/access/v1/requests`,
    capabilities: ['urn:openid:authzen:capability:access-request'],
  });
});

test('of many evaluations with one approval a single one is true', async () => {
  const access = await openAccess();
  const { body } = await access.submit(await access.denied());
  await access.approver.decide(body.task.id, 'approve');
  const { approval } = (await access.task(body.task.id)).body.result;
  const answers = await Promise.all(Array.from({ length: 20 }, () => access.evaluate({ approval })));
  expect(answers.filter((one) => one.decision)).toHaveLength(1);
});

test('an approval is good for exactly what was approved, for its requester alone', async () => {
  const access = await openAccess();
  const { body } = await access.submit(await access.denied());
  const { id } = body.task;
  expect((await access.evaluate({ approval: { id } })).context).toMatchObject({ reason: 'approval_expired' });
  await access.approver.decide(id, 'approve');
  const { approval } = (await access.task(id)).body.result;

  const wrong = { ...ASKED, context: { ...ASKED.context, approval: { id: 'apr_\0' } } };
  expect((await access.call('POST', '/access/v1/evaluation', wrong)).status).toBe(400);
  const stranger = await access.newKey(['requester', 'operator'], 'other');
  const stolen = await access.evaluate({ approval }, stranger.secret);
  expect(stolen).toEqual({
    decision: false,
    context: { reason: 'approval_unverifiable', next_action: 'none' },
  });
  const others = [
    { subject: { type: 'user', id: 'bob@acme.com' } },
    { subject: { ...ASKED.subject, properties: { department: 'it' } } },
    { action: { name: 'deployment.execute', properties: { version: '1.3' } } },
    { resource: { type: 'service', id: 'ledger' } },
    { context: { ...ASKED.context, region: 'eu', approval } },
  ];
  for (const change of others) {
    const asked = { ...ASKED, context: { ...ASKED.context, approval }, ...change };
    const { body: answer } = await access.call('POST', '/access/v1/evaluation', asked);
    expect(answer).toMatchObject({
      decision: false,
      context: { reason: 'out_of_scope', next_action: 'request' },
    });
  }
  await access.gateway.writePolicy('version: 1\ndefaults: { effect: deny }\n');
  const rules = async () => (await access.gateway.api('GET', '/v1/policies')).body.rules.length;
  await expect.poll(rules).toBe(0);
  expect((await access.evaluate({ approval })).context.reason).toBe('policy_denied');
  expect((await access.call('GET', `/v1/approvals/${id}`)).body.state).toBe('approved');
});

test('a request needs the very denial that it follows', async () => {
  const access = await openAccess();
  const good = await access.denied();
  const with_ = (denial: object) => ({ ...good, denial: { ...good.denial, ...denial } });
  const [head, body, signature] = good.denial.binding_token.split('.');
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString());
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const wrong: readonly (readonly [string, object])[] = [
    ['no token', with_({ binding_token: undefined })],
    ['another subject', { ...good, subject: { ...good.subject, id: 'bob@acme.com' } }],
    ['another resource', { ...good, resource: { ...good.resource, id: 'ledger' } }],
    ['another action', { ...good, action: { name: 'deployment.execute' } }],
    ['another context', { ...good, context: { environment: 'staging' } }],
    ['no context', { ...good, context: undefined }],
    ['another expiry', with_({ expires_at: '2099-01-01T00:00:00.000Z' })],
    ['another evaluation', with_({ evaluation_id: 'req_other' })],
    ['changed claims', with_({ binding_token: `${head}.${encode({ ...claims, exp: 9e9 })}.${signature}` })],
    ['no algorithm', with_({ binding_token: `${encode({ alg: 'none' })}.${body}.` })],
    ['nonsense', with_({ binding_token: 'x' })],
  ];
  for (const [what, submission] of wrong) {
    const refused = await access.submit(submission);
    expect([what, refused.status, refused.body.type]).toEqual([what, 400, `${URN}invalid_denial_binding`]);
  }
  const stranger = await access.newKey(['requester'], 'other');
  expect((await access.submit(good, stranger.secret)).body.type).toBe(`${URN}invalid_denial_binding`);
  expect((await access.submit(good)).status).toBe(202);
  const items = await access.submit({ ...good, items: [] });
  expect([items.status, items.body.fields[0].field]).toEqual([400, 'items']);
});

test('a task belongs to its requester, is withdrawn while it waits, and never leaves a final status', async () => {
  const access = await openAccess();
  const { body } = await access.submit(await access.denied());
  const { id } = body.task;
  const stranger = await access.newKey(['requester', 'operator'], 'other');
  expect((await access.task(id, stranger.secret)).body).toMatchObject({
    status: 404,
    type: `${URN}unknown_task`,
  });
  const cancel = (secret?: string) =>
    access.call('POST', `/access/v1/requests/${id}/cancel`, { comment: 'Not needed.' }, secret);
  expect((await cancel(stranger.secret)).status).toBe(404);
  expect((await cancel()).body.task.status).toBe('cancelled');
  expect((await cancel()).body).toMatchObject({ status: 409, type: `${URN}invalid_task_state` });
  expect((await access.task(id)).body.task.status).toBe('cancelled');

  const denied = (await access.submit(await access.denied())).body.task.id;
  await access.approver.decide(denied, 'deny');
  expect((await access.task(denied)).body).toMatchObject({ task: { status: 'denied' } });
  expect((await access.task(denied)).body.result).toBeUndefined();
});

test('one idempotency key stands for one request', async () => {
  const access = await openAccess();
  const send = async (body: object) => {
    const response = await fetch(`${access.gateway.app.origin}/access/v1/requests`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${access.requester.secret}`,
        'content-type': 'application/json',
        'idempotency-key': 'key-1',
      },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as any };
  };
  const submission = await access.denied();
  const first = await send(submission);
  expect((await send(submission)).body.task.id).toBe(first.body.task.id);
  const other = await send({ ...submission, requested_access: { emergency: true } });
  expect(other).toMatchObject({ status: 409, body: { type: `${URN}duplicate_request` } });
});

test('a denial offers a request only to those who could make it', async () => {
  const access = await openAccess();
  const reader = await access.newKey(['reader']);
  expect((await access.evaluate({}, reader.secret)).context.access_request).toBeUndefined();
  const bot = await access.serviceAccount('release-bot');
  expect((await access.evaluate({}, bot.secret)).context.access_request).toBeUndefined();
  const own = { ...ASKED, subject: { type: 'service-account', id: 'release-bot' } };
  const { body } = await access.call('POST', '/access/v1/evaluation', own, bot.secret);
  expect(body.context.access_request).toBeDefined();
  const { body: stolen } = await access.call('POST', '/access/v1/evaluation', own);
  expect(stolen.context.access_request).toBeUndefined();
});
