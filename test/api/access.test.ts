import { expect, test } from 'vitest';
import { type ActionStage, openActionStage } from '../approvals/action-support.ts';

/** The deployment to production that policy holds, as AuthZEN says it. */
const ASKED = {
  subject: { type: 'user', id: 'alice@acme.com' },
  action: { name: 'deployment.execute', properties: { version: '1.2' } },
  resource: { type: 'service', id: 'billing-api' },
  context: { environment: 'production', time: '2026-01-01T00:00:00Z' },
};
const inEnvironment = (environment: string) => ({ ...ASKED, context: { environment } });
const evaluate = (stage: ActionStage, body: object, secret?: string) =>
  stage.call('POST', '/access/v1/evaluation', body, secret);

test('an evaluation is true only where policy allows, and says why it is false', async () => {
  const stage = await openActionStage();
  expect(await evaluate(stage, inEnvironment('staging'))).toMatchObject({
    status: 200,
    body: { decision: true },
  });
  const held = await evaluate(stage, ASKED);
  expect(held.body).toEqual({
    decision: false,
    context: {
      reason: 'approval_required',
      reason_user: { en: 'The action changes what runs in production.' },
    },
  });
  expect((await evaluate(stage, inEnvironment('moon'))).body).toEqual({
    decision: false,
    context: { reason: 'policy_denied', reason_user: { en: 'Nothing is deployed to the moon.' } },
  });
  expect(await stage.entries('type=access.evaluated')).toMatchObject([
    { body: { decision: true, effect: 'allow', rule: 'staging' } },
    {
      ref: { subject: 'user:alice@acme.com', principal: stage.requester.ref, action: 'deployment.execute' },
      body: {
        decision: false,
        effect: 'hold',
        rule: 'production',
        subject: 'user:alice@acme.com',
        resource: 'service:billing-api',
      },
    },
    { body: { decision: false, effect: 'deny', rule: 'moon' } },
  ]);
  expect((await stage.call('GET', '/v1/approvals')).body.data).toEqual([]);
});

test('policy sees an evaluation as it sees any action', async () => {
  const stage = await openActionStage({
    policy: `version: 1
defaults: { effect: deny }
rules:
  - id: seen
    match: { tools: ["read"], kinds: [action] }
    when: |
      actor == "user:ann" && resource == "document:q4" && args.pages == 3 && server == "" &&
      metadata.subject_properties.department == "sales" && metadata.resource_properties.owner == "bo" &&
      metadata.ip == "10.0.0.1" && !has(metadata.time)
    effect: allow
`,
  });
  const asked = {
    subject: { type: 'user', id: 'ann', properties: { department: 'sales' } },
    action: { name: 'read', properties: { pages: 3 } },
    resource: { type: 'document', id: 'q4', properties: { owner: 'bo' } },
    context: { ip: '10.0.0.1', time: 'now' },
  };
  expect((await evaluate(stage, asked)).body).toEqual({ decision: true });
  expect((await evaluate(stage, { ...asked, subject: { type: 'user', id: 'ann' } })).body.decision).toBe(
    false,
  );
});

test('an evaluation that is not AuthZEN is refused field by field, and no person evaluates', async () => {
  const stage = await openActionStage();
  const wrong: readonly (readonly [string, object])[] = [
    ['subject', { subject: undefined }],
    ['subject.id', { subject: { type: 'user' } }],
    ['subject.id', { subject: { type: 'user', id: 'a\nb' } }],
    ['subject.type', { subject: { type: 'a user', id: 'x' } }],
    ['resource.type', { resource: { id: 'x' } }],
    ['action.name', { action: { name: 'a/b' } }],
    ['context', { context: 'production' }],
    ['context.subject_properties', { context: { subject_properties: { admin: true } } }],
    ['evaluations', { evaluations: [] }],
  ];
  for (const [field, change] of wrong) {
    const refused = await evaluate(stage, { ...ASKED, ...change });
    expect([field, refused.status, refused.body.fields?.[0]?.field]).toEqual([field, 400, field]);
  }
  const minter = await stage.newKey(['minter']);
  expect((await evaluate(stage, ASKED, minter.secret)).status).toBe(403);
  expect((await evaluate(stage, ASKED, 'cs_unknown')).status).toBe(401);
  const reader = await stage.newKey(['reader']);
  expect((await evaluate(stage, ASKED, reader.secret)).status).toBe(200);
  const bot = await stage.serviceAccount('release-bot');
  expect((await evaluate(stage, ASKED, bot.secret)).status).toBe(200);
  expect((await stage.approver.fetch('POST', '/access/v1/evaluation', ASKED)).status).toBe(403);
});

test('a request id comes back, and the configuration says where the evaluation endpoint is', async () => {
  const stage = await openActionStage();
  const { origin } = stage.gateway.app;
  const response = await fetch(`${origin}/access/v1/evaluation`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${stage.requester.secret}`,
      'content-type': 'application/json',
      'x-request-id': 'pep-4711',
    },
    body: JSON.stringify(ASKED),
  });
  expect(response.headers.get('x-request-id')).toBe('pep-4711');
  const known = await fetch(`${origin}/.well-known/authzen-configuration`);
  expect(await known.json()).toEqual({
    policy_decision_point: origin,
    access_evaluation_endpoint: `${origin}/access/v1/evaluation`,
  });
  expect((await stage.call('POST', '/access/v1/requests', {})).status).toBe(404);
  const named = { ...ASKED, context: { ...ASKED.context, approval: { id: 'apr_1' } } };
  expect((await evaluate(stage, named)).body.decision).toBe(false);
});
