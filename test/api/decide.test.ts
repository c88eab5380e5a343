import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Countersign, isCountersignApiError } from '../../src/index.ts';
import { BASE_POLICY } from '../support/gateway.ts';
import { type Answer, type Office, openOffice } from './support/office.ts';

const POLICY = BASE_POLICY.replace(
  '    reason: Money leaves the company.\n',
  `    reason: Money leaves the company.
    redact: [/to, "result:/to"]
  - id: small-payments
    match: { tools: ["oracle/pay"] }
    when: args.amount_cents < 100
    effect: hold
    approval: { approver: automation, passkey: false }
`,
);

/** Only this policy lets a machine decide: every rule that holds a call has a say in who may decide it. */
const AUTOMATION = `version: 1
defaults: { effect: hold }
rules:
  - id: by-machine
    match: { tools: ["oracle/pay"] }
    effect: hold
    approval: { approver: automation, passkey: false }
    redact: [/to]
`;

interface Machine {
  readonly id: string;
  readonly sign: (challenge: Uint8Array) => Uint8Array;
}

const HEADER = 'x-countersign-service-account';

async function register(
  office: Office,
  { alg = 'Ed25519', name }: { alg?: 'Ed25519' | 'ES256'; name: string },
): Promise<Machine> {
  const pair: { publicKey: KeyObject; privateKey: KeyObject } =
    alg === 'Ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const made = await office.person.perform('service_account.create', {
    name,
    public_key: pair.publicKey.export({ format: 'jwk' }),
  });
  expect(made.status).toBe(201);
  return {
    id: made.body.id,
    sign: (challenge) =>
      alg === 'Ed25519'
        ? sign(null, challenge, pair.privateKey)
        : sign('sha256', challenge, { key: pair.privateKey, dsaEncoding: 'ieee-p1363' }),
  };
}

/** What a machine does to decide, with what it may get wrong. */
async function decideAs(
  office: Office,
  input: { machine: Machine; id: string; as?: string; signWith?: Machine; decision?: string },
): Promise<Answer> {
  const { machine, id, as = office.keys.requester, signWith = machine, decision = 'approve' } = input;
  const headers = { [HEADER]: machine.id };
  const offered = await office.ask('POST', `/v1/approvals/${id}/statement`, {
    as,
    headers,
    body: { decision },
  });
  if (offered.status !== 200) return offered;
  const signature = Buffer.from(signWith.sign(Buffer.from(offered.body.challenge, 'base64url')));
  const body = { statement_id: offered.body.statement_id, signature: signature.toString('base64url') };
  return office.ask('POST', `/v1/approvals/${id}/decide`, { as, headers, body });
}

async function stateOf(office: Office, id: string): Promise<string> {
  return (await office.ask('GET', `/v1/approvals/${id}`)).body.state;
}

describe('where a rule lets a machine decide', () => {
  let office: Office;
  let machine: Machine;
  beforeAll(async () => {
    office = await openOffice({ policy: AUTOMATION });
    machine = await register(office, { name: 'bot' });
  });
  afterAll(() => office.close());

  it.each(['Ed25519', 'ES256'] as const)(
    'an %s signature over the challenge approves, and the call runs once',
    async (alg) => {
      const id = await office.freeze();
      const before = office.gateway.received().length;
      const decided = await decideAs(office, {
        machine: await register(office, { alg, name: `bot ${alg}` }),
        id,
      });
      expect([decided.status, decided.body.quorum.approvals[0].name]).toEqual([200, `bot ${alg}`]);
      const settled = await office.ask('GET', `/v1/approvals/${id}/wait`);
      expect([settled.status, settled.body.state]).toEqual([200, 'succeeded']);
      expect(office.gateway.received().length).toBe(before + 1);
    },
  );

  it('a machine that decided still does not see what policy redacts', async () => {
    const id = await office.freeze({ amount_cents: 9_001, to: 'very-secret-payee' });
    const decided = await decideAs(office, { machine, id });
    expect(decided.status).toBe(200);
    expect(decided.text).not.toContain('very-secret-payee');
    expect(decided.body.call_salt).toBeNull();
  });

  it('it denies too', async () => {
    const id = await office.freeze();
    expect((await decideAs(office, { machine, id, decision: 'deny' })).body.state).toBe('denied');
  });

  it.each([
    ['without an API key', { as: '' }, 401],
    ['with a reader key', { as: 'reader' }, 403],
    ['with a minter key', { as: 'minter' }, 403],
    ['with a person’s cookie', { as: 'person' }, 403],
  ])('it cannot decide %s', async (_, { as }, status) => {
    const id = await office.freeze();
    const keys: Record<string, string> = { ...office.keys, person: office.person.cookie };
    const headers = { [HEADER]: machine.id };
    const body = { decision: 'approve' };
    const path = `/v1/approvals/${id}/statement`;
    const answered =
      as === ''
        ? await office.askAnonymously('POST', path, { headers, body })
        : await office.ask('POST', path, { as: keys[as] ?? '', headers, body });
    expect(answered.status).toBe(status);
    expect(await stateOf(office, id)).toBe('pending');
  });

  it('another key’s signature, another’s statement and an unknown account decide nothing', async () => {
    const id = await office.freeze();
    const other = await register(office, { name: 'other bot' });
    const forged = await decideAs(office, { machine, id, signWith: other });
    expect(forged.status).toBeGreaterThanOrEqual(400);
    expect(forged.status).toBeLessThan(500);
    const unknown = await decideAs(office, { machine: { ...machine, id: 'svc_none' }, id });
    expect([unknown.status, unknown.body.code]).toEqual([403, 'forbidden']);
    const headers = { [HEADER]: machine.id };
    const offered = await office.ask('POST', `/v1/approvals/${id}/statement`, {
      as: office.keys.requester,
      headers,
      body: { decision: 'approve' },
    });
    const signature = Buffer.from(other.sign(Buffer.from(offered.body.challenge, 'base64url')));
    const stolen = await office.ask('POST', `/v1/approvals/${id}/decide`, {
      as: office.keys.requester,
      headers: { [HEADER]: other.id },
      body: { statement_id: offered.body.statement_id, signature: signature.toString('base64url') },
    });
    expect([stolen.status, stolen.body.code]).toEqual([403, 'forbidden']);
    expect(await stateOf(office, id)).toBe('pending');
  });

  it('a removed machine decides nothing, also with a statement it got before', async () => {
    const id = await office.freeze();
    const leaving = await register(office, { name: 'leaving bot' });
    const headers = { [HEADER]: leaving.id };
    const as = office.keys.requester;
    const offered = await office.ask('POST', `/v1/approvals/${id}/statement`, {
      as,
      headers,
      body: { decision: 'approve' },
    });
    await office.person.perform('service_account.remove', { service_account: leaving.id });
    const signature = Buffer.from(leaving.sign(Buffer.from(offered.body.challenge, 'base64url')));
    const late = await office.ask('POST', `/v1/approvals/${id}/decide`, {
      as,
      headers,
      body: { statement_id: offered.body.statement_id, signature: signature.toString('base64url') },
    });
    expect([late.status, late.body.code]).toEqual([403, 'forbidden']);
    expect(await stateOf(office, id)).toBe('pending');
  });

  it('the client decides with its service account', async () => {
    const id = await office.freeze();
    const client = new Countersign({
      baseUrl: office.gateway.app.origin,
      apiKey: office.keys.requester,
      serviceAccount: { id: machine.id, sign: async (challenge) => machine.sign(challenge) },
    });
    await client.approvals.approve(id, { reason: 'within the budget' });
    expect((await client.approvals.wait(id, { timeoutMs: 10_000 })).state).toBe('succeeded');
  });
});

describe('where only people decide', () => {
  let office: Office;
  beforeAll(async () => {
    office = await openOffice({ policy: POLICY });
  });
  afterAll(() => office.close());

  it('a machine is offered no statement', async () => {
    const id = await office.freeze({ amount_cents: 50, to: 'c_50' });
    const machine = await register(office, { name: 'bot' });
    const answered = await decideAs(office, { machine, id });
    expect([answered.status, answered.body.code]).toEqual([403, 'forbidden']);
    expect(answered.body.detail).toContain('only people');
  });

  it.each(['operator', 'minter', 'reader', 'requester'] as const)(
    'an API key with the role %s cannot decide, invite or remove, whatever it sends',
    async (role) => {
      const id = await office.freeze();
      const as = office.keys[role];
      const offered = await office.person.statement(id, 'approve');
      const assertion = office.person.device.get({ challenge: offered.body.challenge });
      const statement_id = offered.body.statement_id;
      const tries = [
        await office.ask('POST', `/v1/approvals/${id}/statement`, { as, body: { decision: 'approve' } }),
        await office.ask('POST', `/v1/approvals/${id}/decide`, { as, body: { statement_id, assertion } }),
        await office.ask('POST', `/v1/approvals/${id}/decide`, {
          as,
          body: { statement_id, signature: 'x' },
        }),
        await office.ask('POST', '/v1/acts', {
          as,
          body: { act: 'approver.remove', params: { person: office.person.id } },
        }),
        await office.ask('POST', '/v1/approvers/invites', { as, body: { statement_id, assertion } }),
        await office.ask('POST', `/v1/approvers/${office.person.id}/remove`, {
          as,
          body: { statement_id, assertion },
        }),
        await office.ask('POST', '/v1/service-accounts', { as, body: { statement_id, assertion } }),
      ];
      expect(tries.map((answered) => answered.status)).toEqual(tries.map(() => 403));
      const session = office.gateway.app.session.mcp.headers;
      const agent = await office.askAnonymously('POST', `/v1/approvals/${id}/decide`, {
        headers: { ...session },
        body: { statement_id, assertion },
      });
      expect(agent.status).toBe(401);
      expect(await stateOf(office, id)).toBe('pending');
      const decided = await office.ask('POST', `/v1/approvals/${id}/decide`, {
        as: office.person.cookie,
        body: { statement_id, assertion },
      });
      expect(decided.status).toBe(200);
    },
  );

  it('a client without a service account is told where a person can decide', async () => {
    const id = await office.freeze();
    const client = new Countersign({ baseUrl: office.gateway.app.origin, apiKey: office.keys.operator });
    const refusal: unknown = await client.approvals.approve(id).catch((error: unknown) => error);
    expect(isCountersignApiError(refusal) && [refusal.code, refusal.approvalUrl]).toEqual([
      'needs_person',
      `${office.gateway.app.origin}/approvals/${id}`,
    ]);
  });

  it('hides the redacted value in the call, the view and the result', async () => {
    const id = await office.freeze({ amount_cents: 4_321, to: 'very-secret-payee' });
    const path = `/v1/approvals/${id}`;
    const as = office.person.cookie;
    const revealed = await office.ask('POST', `${path}/reveal`, { as, body: { what: 'arguments' } });
    const { digest } = revealed.body.call;
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    await office.person.decide(id, 'approve');
    for (const role of ['operator', 'reader', 'requester'] as const) {
      const as = office.keys[role];
      const settled = await office.ask('GET', `${path}/wait`, { as });
      expect(settled.body.state).toBe('succeeded');
      expect(settled.body.result.text).toContain('4321');
      expect(JSON.parse(settled.body.call).arguments).toEqual({ amount_cents: 4_321, to: '[redacted]' });
      expect([settled.body.call_salt, settled.body.call_digest]).toEqual([null, null]);
      const list = await office.ask('GET', '/v1/approvals', { as });
      expect(`${settled.text}${list.text}`).not.toContain('very-secret-payee');
      expect(`${settled.text}${list.text}`).not.toContain(digest);
    }
    const entries = await office.ask('GET', `/v1/logs?approval=${id}&limit=200`);
    expect(entries.body.data.length).toBeGreaterThan(3);
    expect(entries.text).not.toContain('very-secret-payee');
  });
});
