import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import {
  type AssertionChange,
  assertionOf,
  type Machine,
  newMachine,
  proofOf,
} from '../capabilities/support/machine.ts';
import { type Answer, ASSERTION, openShop, type Shop } from '../capabilities/support/shop.ts';

let shop: Shop;

beforeAll(async () => {
  shop = await openShop();
});
afterAll(() => shop.close());

function signed(change: AssertionChange = {}, by: Machine = shop.bot): Promise<string> {
  const audience = `${shop.origin}/oauth/token`;
  return assertionOf(by, { account: shop.bot.id, audience, nowMs: systemClock() }, change);
}

function logIn(client_assertion: string, headers: Record<string, string> = {}): Promise<Answer> {
  const form = { grant_type: 'client_credentials', client_assertion_type: ASSERTION, client_assertion };
  return shop.post('/oauth/token', form, headers);
}

async function register(machine: Machine, name: string): Promise<string> {
  const made = await shop.person.perform('service_account.create', {
    name,
    groups: [],
    public_key: machine.jwk,
  });
  return made.body.id;
}

const as = (token: string, scheme = 'Bearer') => ({ authorization: `${scheme} ${token}` });

async function get(path: string, headers: Record<string, string>): Promise<number> {
  return (await fetch(`${shop.origin}${path}`, { headers })).status;
}

describe('a service account', () => {
  it.each(['ES256', 'EdDSA'] as const)('logs in by a JWT that its %s key signed', async (algorithm) => {
    const machine = await newMachine(algorithm);
    const account = await register(machine, `bot-${algorithm}`);
    const claims = { iss: account, sub: account, aud: shop.origin };
    const { status, headers, body } = await logIn(await signed({ claims }, machine));
    expect([status, body]).toEqual([
      200,
      { access_token: expect.stringMatching(/^csa_.{43}$/), token_type: 'Bearer', expires_in: 600 },
    ]);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(await get('/v1/approvals', as(body.access_token))).toBe(200);
  });

  const now = () => Math.floor(systemClock() / 1_000);
  const BAD: readonly (readonly [what: string, change: () => AssertionChange])[] = [
    ['for another audience', () => ({ claims: { aud: 'https://other.example' } })],
    ['for this gateway and another', () => ({ claims: { aud: [shop.origin, 'https://other.example'] } })],
    ['for nobody', () => ({ claims: { aud: undefined } })],
    ['that has run out', () => ({ claims: { exp: now() - 10 } })],
    ['that lasts longer than a minute', () => ({ claims: { exp: now() + 90 } })],
    ['that never ends', () => ({ claims: { exp: undefined } })],
    ['that begins later', () => ({ claims: { nbf: now() + 30 } })],
    ['without an id', () => ({ claims: { jti: undefined } })],
    ['issued by another', () => ({ claims: { iss: 'svc_other' } })],
    ['about another', () => ({ claims: { sub: 'svc_other' } })],
    ['of an account that does not exist', () => ({ claims: { iss: 'svc_none', sub: 'svc_none' } })],
    ['of what is no text', () => ({ claims: { iss: true, sub: true } })],
    ['of what no database holds', () => ({ claims: { iss: 'svc_\0', sub: 'svc_\0' } })],
    ['of a type for something else', () => ({ header: { typ: 'dpop+jwt' } })],
  ];

  it.each(BAD)('is refused with an assertion %s', async (_, change) => {
    const { status, headers, body } = await logIn(await signed(change()));
    expect([status, body.error]).toEqual([401, 'invalid_client']);
    expect(headers.get('www-authenticate')).toContain('Bearer');
  });

  it('is refused with the assertion of another key, without a signature, and with nonsense', async () => {
    const [header, claims] = (await signed()).split('.');
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${claims}.`;
    const foreign = await signed({}, await newMachine());
    for (const assertion of [foreign, none, `${header}.${claims}.`, 'x', 'a.b.c'])
      expect((await logIn(assertion)).status).toBe(401);
  });

  it('is refused when its assertion was used before, after a restart too', async () => {
    const own = await openShop();
    const audience = `${own.origin}/oauth/token`;
    const assertion = await assertionOf(own.bot, { account: own.bot.id, audience, nowMs: systemClock() });
    const form = {
      grant_type: 'client_credentials',
      client_assertion_type: ASSERTION,
      client_assertion: assertion,
    };
    const statuses = await Promise.all(
      Array.from({ length: 20 }, async () => (await own.post('/oauth/token', form)).status),
    );
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    await own.gateway.restart();
    expect((await own.post('/oauth/token', form)).status).toBe(401);
    await own.close();
  });

  it('that was removed is refused at once, with its tokens', async () => {
    const machine = await newMachine();
    const account = await register(machine, 'short-lived');
    const claims = { iss: account, sub: account };
    const { body } = await logIn(await signed({ claims }, machine));
    expect(await get('/v1/approvals', as(body.access_token))).toBe(200);
    await shop.person.perform('service_account.remove', { service_account: account });
    expect(await get('/v1/approvals', as(body.access_token))).toBe(401);
    expect((await logIn(await signed({ claims }, machine))).status).toBe(401);
  });
});

describe('an access token', () => {
  it('reaches what a requester may do, and nothing of operators, readers or people', async () => {
    const token = await shop.login();
    const { id } = (await shop.request(token)).body;
    expect(await get(`/v1/approvals/${id}`, as(token))).toBe(200);
    expect(await get(`/v1/approvals/${id}/wait?timeout_ms=0`, as(token))).toBe(202);
    for (const path of ['/v1/logs', '/v1/keys', '/v1/sessions', '/v1/approvers', '/v1/policies', '/v1/me'])
      expect([path, await get(path, as(token))]).toEqual([path, 403]);
    for (const [path, body] of [
      ['/v1/keys', { name: 'x', roles: ['operator'] }],
      ['/v1/sessions', {}],
      ['/v1/acts', { act: 'approver.remove', params: { person: 'per_x' } }],
      ['/v1/capability-keys/rotate', {}],
      [`/v1/approvals/${id}/resolve`, { as: 'succeeded', note: 'x' }],
      [`/v1/approvals/${id}/statement`, { decision: 'approve' }],
    ] as const) {
      const response = await fetch(`${shop.origin}${path}`, {
        method: 'POST',
        headers: { ...as(token), 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      expect([path, response.status]).toEqual([path, 403]);
    }
  });

  it('of one account sees nothing of another', async () => {
    const machine = await newMachine();
    const account = await register(machine, 'onlooker');
    const { body } = await logIn(await signed({ claims: { iss: account, sub: account } }, machine));
    const approvalId = await shop.approved(await shop.login());
    expect(await get(`/v1/approvals/${approvalId}`, as(body.access_token))).toBe(404);
    const stolen = await shop.exchange(body.access_token, approvalId);
    expect([stolen.status, stolen.body.error]).toEqual([400, 'unauthorized_client']);
  });

  it('is ended by its account, and by nobody else', async () => {
    const [token, other] = [await shop.login(), await shop.login()];
    const machine = await newMachine();
    const account = await register(machine, 'stranger');
    const stranger = await logIn(await signed({ claims: { iss: account, sub: account } }, machine));
    for (const asker of [shop.requesterKey, stranger.body.access_token])
      expect((await shop.post('/oauth/revoke', { token }, as(asker))).status).toBe(200);
    expect(await get('/v1/approvals', as(token))).toBe(200);
    expect((await shop.post('/oauth/revoke', { token }, as(other))).status).toBe(200);
    expect(await get('/v1/approvals', as(token))).toBe(401);
    expect(await get('/v1/approvals', as(other))).toBe(200);
  });

  it('that is bound to a key is good only with a fresh proof by that key', async () => {
    const key = await newMachine();
    const bound = await logIn(await signed(), { dpop: await shop.proof(key, '/oauth/token') });
    expect([bound.status, bound.body.token_type]).toEqual([200, 'DPoP']);
    const token: string = bound.body.access_token;
    const request = { method: 'GET', url: `${shop.origin}/v1/approvals`, nowMs: systemClock() };
    const dpop = await proofOf(key, { ...request, accessToken: token });
    const foreign = await proofOf(await newMachine(), { ...request, accessToken: token });
    const elsewhere = await proofOf(key, { ...request, url: `${shop.origin}/v1/me`, accessToken: token });
    expect(await get('/v1/approvals', as(token))).toBe(401);
    expect(await get('/v1/approvals', as(token, 'DPoP'))).toBe(401);
    for (const proof of [foreign, elsewhere, await proofOf(key, request)])
      expect(await get('/v1/approvals', { ...as(token, 'DPoP'), dpop: proof })).toBe(401);
    expect(await get('/v1/approvals', { ...as(token), dpop })).toBe(401);
    expect(await get('/v1/approvals', { ...as(token, 'DPoP'), dpop })).toBe(200);
    expect(await get('/v1/approvals', { ...as(token, 'DPoP'), dpop })).toBe(401);
  });

  it('that is bound exchanges an approval with the proof of the same request', async () => {
    const key = await newMachine();
    const bound = await logIn(await signed(), { dpop: await shop.proof(key, '/oauth/token') });
    const token: string = bound.body.access_token;
    const approvalId = await shop.approved(await shop.login());
    const { status, body } = await shop.exchange(
      token,
      approvalId,
      {},
      {
        ...as(token, 'DPoP'),
        dpop: await shop.proof(key, '/oauth/token', token),
      },
    );
    expect([status, body.token_type]).toEqual([200, 'DPoP']);
  });

  it('is kept only as its hash', async () => {
    const token = await shop.login();
    const { readFile } = await import('node:fs/promises');
    const files = ['countersign.db', 'countersign.db-wal'].map((name) => `${shop.gateway.dir}/data/${name}`);
    for (const file of files) expect((await readFile(file)).includes(token)).toBe(false);
  });
});
