import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { TestGateway } from '../support/gateway.ts';
import { BASE_POLICY } from '../support/gateway.ts';
import { heldId, type Journey, PAY, startJourney } from './journey.ts';

const AUTOMATED = BASE_POLICY.replace(
  'risk: high',
  'risk: high\n    approval: { approver: automation, passkey: false, groups: [bots] }',
);
const HEADER = 'x-countersign-service-account';

const KINDS = {
  Ed25519: () => generateKeyPairSync('ed25519'),
  'P-256': () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
} as const;

function signed(kind: keyof typeof KINDS, key: KeyObject, challenge: string): string {
  const message = Buffer.from(challenge, 'base64url');
  return sign(kind === 'P-256' ? 'sha256' : null, message, key).toString('base64url');
}

async function register(
  { person }: Journey,
  publicKey: KeyObject,
  groups: string[] = ['bots'],
): Promise<{ status: number; body: any }> {
  const public_key = publicKey.export({ format: 'pem', type: 'spki' });
  const name = `release bot of ${groups.join()}`;
  return person.perform('service_account.create', { name, groups, public_key });
}

/** The decision of a service account, from statement to answer. */
async function automate(
  gateway: TestGateway,
  by: { account: string; kind: keyof typeof KINDS; key: KeyObject; id: string },
): Promise<{ status: number; body: any }> {
  const headers = { [HEADER]: by.account };
  const path = `/v1/approvals/${by.id}`;
  const offered = await gateway.api('POST', `${path}/statement`, { decision: 'approve' }, headers);
  if (offered.status !== 200) return offered;
  const signature = signed(by.kind, by.key, offered.body.challenge);
  const body = { statement_id: offered.body.statement_id, signature };
  return gateway.api('POST', `${path}/decide`, body, headers);
}

describe('a frozen call cannot be approved', () => {
  it('by an API key, whatever its roles, nor by a session’s token, nor by nobody', async () => {
    const { gateway, person, agent } = await startJourney();
    const id = heldId(await (await agent()).call('pay', PAY));
    const offered = await person.statement(id, 'approve');
    const assertion = person.device.get({ challenge: offered.body.challenge });
    const body = { statement_id: offered.body.statement_id, assertion };
    const made = await gateway.api('POST', '/v1/keys', {
      name: 'all',
      roles: ['operator', 'minter', 'reader', 'requester'],
    });
    const token = gateway.app.session.mcp.headers.Authorization ?? '';
    const imposters = [
      {},
      { authorization: `Bearer ${made.body.key}` },
      { authorization: token },
      { authorization: '' },
    ];
    for (const headers of imposters) {
      for (const [path, sent] of [
        ['statement', { decision: 'approve' }],
        ['decide', body],
      ] as const) {
        const answer = await gateway.api('POST', `/v1/approvals/${id}/${path}`, sent, headers);
        expect([401, 403]).toContain(answer.status);
      }
    }
    expect((await gateway.api('GET', `/v1/approvals/${id}`)).body.state).toBe('pending');
    expect(gateway.received()).toEqual([]);
  });

  it('by a cookie alone: without an assertion, with one over other bytes, or with one by another person', async () => {
    const { gateway, person, agent } = await startJourney();
    const eve = await person.invite('Eve');
    const id = heldId(await (await agent()).call('pay', PAY));
    const offered = await person.statement(id, 'approve');
    const { statement_id, challenge } = offered.body;
    const other = Buffer.alloc(32, 1).toString('base64url');
    const attempts = [
      { statement_id },
      { statement_id, signature: 'AAAA' },
      { statement_id, assertion: person.device.get({ challenge: other }) },
      { statement_id, assertion: person.device.get({ challenge, userVerified: false }) },
      { statement_id, assertion: person.device.get({ challenge, type: 'webauthn.create' }) },
      { statement_id, assertion: person.device.get({ challenge, origin: 'https://evil.example' }) },
      { statement_id, assertion: eve.device.get({ challenge }) },
    ];
    for (const body of attempts) {
      const { status } = await person.fetch('POST', `/v1/approvals/${id}/decide`, body);
      expect([400, 401, 403]).toContain(status);
    }
    const stolen = { statement_id, assertion: person.device.get({ challenge }) };
    expect((await eve.fetch('POST', `/v1/approvals/${id}/decide`, stolen)).status).toBe(403);
    expect((await gateway.api('GET', `/v1/approvals/${id}`)).body.state).toBe('pending');
    expect(gateway.received()).toEqual([]);
  });

  it('by the agent’s own words in arguments or in _meta', async () => {
    const { gateway, agent } = await startJourney();
    const client = await agent();
    const words = { approved: true, approval: { state: 'approved' }, approver: 'person:per_1' };
    const results = [
      await client.call('pay', { ...PAY, ...words }),
      await client.call('pay', PAY, 'approved'),
      await client.call('pay', { ...PAY, _meta: { 'countersign/approval': 'apr_1' } }),
    ];
    const ids = results.map(heldId);
    expect(new Set(ids).size).toBe(3);
    await expect(client.call('approval_decide', { approval_id: ids[0] })).rejects.toThrow(/Unknown tool/);
    expect(gateway.received()).toEqual([]);
  });

  it('by a service account where the rule does not say that automation may', async () => {
    const journey = await startJourney();
    const { gateway, agent } = journey;
    const { publicKey, privateKey } = KINDS.Ed25519();
    const account = (await register(journey, publicKey)).body.id;
    const id = heldId(await (await agent()).call('pay', PAY));
    const answer = await automate(gateway, { account, kind: 'Ed25519', key: privateKey, id });
    expect(answer.status).toBe(403);
    expect(gateway.received()).toEqual([]);
  });
});

describe('where a rule says that automation may decide, a service account', () => {
  it.each(Object.keys(KINDS) as (keyof typeof KINDS)[])(
    'with a registered %s key decides, and the ledger says who it was',
    async (kind) => {
      const journey = await startJourney({ policy: AUTOMATED });
      const { gateway, agent, settled, entries } = journey;
      const { publicKey, privateKey } = KINDS[kind]();
      const account = (await register(journey, publicKey)).body.id;
      const id = heldId(await (await agent()).call('pay', PAY));

      const forged = await automate(gateway, { account, kind, key: KINDS[kind]().privateKey, id });
      expect(forged.status).toBe(401);
      expect((await automate(gateway, { account: 'svc_none', kind, key: privateKey, id })).status).toBe(403);
      expect(gateway.received()).toEqual([]);

      expect((await automate(gateway, { account, kind, key: privateKey, id })).status).toBe(200);
      expect((await settled(id)).state).toBe('succeeded');
      expect(gateway.received()).toHaveLength(1);
      expect(await entries(id)).toContain('approval.outcome');
      const { body } = await gateway.api('GET', `/v1/logs?approval=${id}&type=approval.decided`);
      expect(body.data[0].ref.principal).toBe(`service_account:${account}`);
    },
  );

  it('of another group, or one that was removed, does not', async () => {
    const journey = await startJourney({ policy: AUTOMATED });
    const { gateway, person, agent } = journey;
    const [one, two] = [KINDS.Ed25519(), KINDS.Ed25519()];
    const outsider = (await register(journey, one.publicKey, ['others'])).body.id;
    const removed = (await register(journey, two.publicKey)).body.id;
    const gone = await person.perform('service_account.remove', { service_account: removed });
    expect(gone.status).toBe(200);
    const id = heldId(await (await agent()).call('pay', PAY));
    for (const [account, { privateKey }] of [
      [outsider, one],
      [removed, two],
    ] as const) {
      const answer = await automate(gateway, { account, kind: 'Ed25519', key: privateKey, id });
      expect(answer.status).toBe(403);
    }
    expect(gateway.received()).toEqual([]);
  });

  it('cannot be registered by an API key', async () => {
    const { gateway } = await startJourney();
    const public_key = KINDS.Ed25519().publicKey.export({ format: 'pem', type: 'spki' });
    const { status } = await gateway.api('POST', '/v1/acts', {
      act: 'service_account.create',
      params: { name: 'bot', public_key },
    });
    expect(status).toBe(403);
  });
});
