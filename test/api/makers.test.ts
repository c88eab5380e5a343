import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { newApiKey } from '../../src/sdk/new-api-key.ts';
import { assertionOf, type Machine, newMachine } from '../capabilities/support/machine.ts';
import { ASSERTION } from '../capabilities/support/shop.ts';
import { connectV2 } from '../support/agents.ts';
import { type Approver, enrol } from '../support/approver.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

const POLICY = `version: 1
defaults: { effect: hold }
rules:
  - id: open
    match: { tools: ["free.look"], kinds: [action] }
    effect: hold
    approval: { exclude_requester: false }
`;

let gateway: TestGateway;
let ada: Approver;
let bob: Approver;
let count = 0;

beforeAll(async () => {
  gateway = await startTestGateway({ policy: POLICY });
  ada = await enrol(gateway.app.origin, gateway.app.enrolUrl ?? '');
});
afterAll(async () => gateway.close());
beforeEach(async () => {
  count += 1;
  bob = await ada.invite(`Bob ${count}`, ['break-glass']);
});

/** Any request with a token of an API key or a session. */
async function as(token: string, method: string, path: string, body?: unknown) {
  const response = await fetch(`${gateway.app.origin}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}

/** A key that a person makes on the page. */
async function keyOf(person: Approver, ...roles: string[]): Promise<{ key: string; id: string }> {
  const { key, hint, hash } = await newApiKey();
  const signed = await person.act('key.create', { name: 'of a person', roles, hint, hash });
  const made = await person.fetch('POST', '/v1/keys/signed', signed);
  expect(made.status).toBe(201);
  return { key, id: made.body.id };
}

async function keyByKey(key: string, ...roles: string[]): Promise<string> {
  return (await as(key, 'POST', '/v1/keys', { name: 'of a key', roles })).body.key;
}

/** A session for another user. */
async function minted(key: string): Promise<string> {
  const made = await as(key, 'POST', '/v1/sessions', { subject: 'somebody@example.com' });
  expect(made.status).toBe(201);
  return made.body.mcp.headers.Authorization.split(' ')[1];
}

/** Posts a form to the token endpoint and gives the token in its answer. */
async function tokenFor(params: Record<string, string>, authorization?: string): Promise<string> {
  const response = await fetch(`${gateway.app.origin}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams(params),
    ...(authorization === undefined ? {} : { headers: { authorization } }),
  });
  return ((await response.json()) as { access_token: string }).access_token;
}

const narrowed = (token: string): Promise<string> =>
  tokenFor(
    {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: token,
      subject_token_type: 'urn:countersign:params:oauth:token-type:session',
      call_cap: '5',
    },
    `Bearer ${token}`,
  );

async function login(machine: Machine, account: string): Promise<string> {
  const audience = `${gateway.app.origin}/oauth/token`;
  return tokenFor({
    grant_type: 'client_credentials',
    client_assertion_type: ASSERTION,
    client_assertion: await assertionOf(machine, { account, audience, nowMs: systemClock() }),
  });
}

/** A payment that the agent of this session asks for. */
async function held(token: string): Promise<string> {
  const agent = await connectV2(
    { url: `${gateway.app.origin}/mcp`, headers: { Authorization: `Bearer ${token}` } },
    'modern',
  );
  const paid: any = await agent.callTool({ name: 'pay', arguments: { amount_cents: ++count, to: 'c_1' } });
  await agent.close();
  return paid.structuredContent.approval_id;
}

async function asked(key: string, action = 'refund.create'): Promise<string> {
  const { body } = await as(key, 'POST', '/v1/approvals', { action, resource: 'shop', arguments: {} });
  return body.id;
}

const breaking = (person: Approver, id: string) =>
  person.fetch('POST', `/v1/approvals/${id}/statement`, {
    decision: 'approve',
    reason: 'fire',
    break_glass: true,
  });

/** The maker is refused at every step and told why before; somebody else may approve. */
async function expectSeparated(id: string, maker: Approver, why: RegExp): Promise<void> {
  for (const decision of ['approve', 'deny'] as const) {
    const refused = await maker.decide(id, decision);
    expect(refused).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect(refused.body.detail).toMatch(why);
  }
  expect((await breaking(maker, id)).body.detail).toMatch(why);
  const seen = (await maker.fetch('GET', `/v1/approvals/${id}`)).body;
  expect(seen).toMatchObject({ exclude_requester: true, quorum: { approvals: [] } });
  expect(seen.own_request).toMatch(why);
  expect((await ada.fetch('GET', `/v1/approvals/${id}`)).body.own_request).toBeNull();
  expect((await ada.decide(id, 'approve')).status).toBe(200);
}

describe('whoever made what asks does not decide it, and somebody else does', () => {
  it('when they made the key that minted the session', async () => {
    const id = await held(await minted((await keyOf(bob, 'minter')).key));
    await expectSeparated(id, bob, /^You made the API key that minted this session; another person must/);
    const settled = (await ada.fetch('GET', `/v1/approvals/${id}/wait?timeout_ms=15000`)).body;
    expect(settled.state).toBe('succeeded');
  });

  it('when a key that they made has made the key that minted the session, however many stand between', async () => {
    const first = (await keyOf(bob, 'operator')).key;
    const third = await keyByKey(await keyByKey(first, 'operator'), 'minter');
    const why = /^You made the API key behind the one that minted this session;/;
    await expectSeparated(await held(await minted(third)), bob, why);
  });

  it('when the session was narrowed from one that their key minted, twice', async () => {
    const root = await minted((await keyOf(bob, 'minter')).key);
    const id = await held(await narrowed(await narrowed(root)));
    await expectSeparated(id, bob, /^You made the API key that minted this session;/);
  });

  it('when they made the key that requests an action', async () => {
    const id = await asked((await keyOf(bob, 'requester')).key);
    await expectSeparated(id, bob, /^You made the API key that requested this action;/);
  });

  it('when they registered the service account that requests an action', async () => {
    const machine = await newMachine();
    const name = `worker ${count}`;
    const params = { name, groups: [], public_key: machine.jwk };
    const account = (await bob.perform('service_account.create', params)).body.id;
    const id = await asked(await login(machine, account));
    await expectSeparated(id, bob, /^You registered the service account that requested this action;/);
  });

  it('when the key was revoked since', async () => {
    const made = await keyOf(bob, 'minter');
    const id = await held(await minted(made.key));
    expect((await bob.fetch('POST', `/v1/keys/${made.id}/revoke`, {})).status).toBe(200);
    await expectSeparated(id, bob, /^You made the API key that minted this session;/);
  });
});

describe('whoever made what asks', () => {
  it('decides it where the rule excludes nobody, and does not break the glass for it', async () => {
    const id = await asked((await keyOf(bob, 'requester')).key, 'free.look');
    const seen = (await bob.fetch('GET', `/v1/approvals/${id}`)).body;
    expect(seen).toMatchObject({ exclude_requester: false, own_request: expect.stringMatching(/^You made/) });
    expect((await breaking(bob, id)).status).toBe(403);
    expect((await bob.decide(id, 'approve')).status).toBe(200);
  });

  it('decides what others made ask: the gateway’s own session and key, and the keys of other people', async () => {
    await keyOf(bob, 'minter');
    for (const token of [await minted(gateway.apiKey), await minted((await keyOf(ada, 'minter')).key)])
      expect((await bob.decide(await held(token), 'approve')).status).toBe(200);
    const key = await keyByKey(gateway.apiKey, 'requester');
    expect((await bob.decide(await asked(key), 'approve')).status).toBe(200);
  });

  it('and was removed leaves it to the others to decide', async () => {
    const { key } = await keyOf(bob, 'minter');
    const id = await held(await minted(key));
    expect((await ada.perform('approver.remove', { person: bob.id })).status).toBe(200);
    expect((await bob.decide(id, 'approve')).status).toBe(401);
    expect((await ada.decide(id, 'approve')).status).toBe(200);
    const later = await held(await minted(key));
    expect((await ada.decide(later, 'approve')).status).toBe(200);
  });

  it('cannot put it in a batch, and those who may can', async () => {
    const { key } = await keyOf(bob, 'requester');
    const approvals = [await asked(key, 'refund.make'), await asked(key, 'refund.make')];
    const refused = await bob.fetch('POST', '/v1/approval-batches/statement', {
      approvals,
      decision: 'approve',
    });
    expect(refused).toMatchObject({
      status: 403,
      body: { detail: expect.stringMatching(/^You made the API/) },
    });
    const offered = await ada.fetch('POST', '/v1/approval-batches/statement', {
      approvals,
      decision: 'approve',
    });
    expect(offered.status).toBe(200);
  });
});
