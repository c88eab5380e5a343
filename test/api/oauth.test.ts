import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ASSERTION, openShop, type Shop } from '../capabilities/support/shop.ts';

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const SESSION = 'urn:countersign:params:oauth:token-type:session';

let shop: Shop;

beforeAll(async () => {
  shop = await openShop();
});
afterAll(() => shop.close());

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe('the token endpoint', () => {
  const BAD: readonly (readonly [what: string, form: string, error: string])[] = [
    ['without a grant type', '', 'invalid_request'],
    ['of an unknown grant type', 'grant_type=password', 'unsupported_grant_type'],
    [
      'that says a parameter twice',
      'grant_type=client_credentials&grant_type=client_credentials',
      'invalid_request',
    ],
    ['without an assertion', 'grant_type=client_credentials', 'invalid_request'],
    [
      'of an unknown kind of assertion',
      'grant_type=client_credentials&client_assertion_type=x&client_assertion=y',
      'invalid_request',
    ],
    ['that exchanges nothing', `grant_type=${EXCHANGE}`, 'invalid_request'],
    [
      'that exchanges an unknown type',
      `grant_type=${EXCHANGE}&subject_token=x&subject_token_type=y`,
      'invalid_request',
    ],
    ['that is not UTF-8 once decoded', 'grant_type=%FF', 'unsupported_grant_type'],
  ];

  it.each(BAD)('refuses a request %s', async (_, form, error) => {
    const { status, headers, body } = await shop.post('/oauth/token', form);
    expect([status, body.error]).toEqual([400, error]);
    expect(body).toEqual({
      error,
      error_description: expect.stringMatching(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/),
      code: expect.any(String),
      request_id: headers.get('x-request-id'),
    });
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('refuses a NUL in what it would look up', async () => {
    const { status, body } = await shop.exchange(await shop.login(), 'apr_\0');
    expect([status, body.error]).toEqual([400, 'invalid_request']);
    expect(body.error_description).toContain('text without NUL');
  });

  it('reads forms alone, of a bounded size', async () => {
    const json = await shop.post('/oauth/token', '{}', { 'content-type': 'application/json' });
    expect([json.status, json.body.error]).toEqual([400, 'invalid_request']);
    const large = await shop.post('/oauth/token', `grant_type=${'x'.repeat(100_000)}`);
    expect(large.status).toBe(413);
  });

  it('takes a client id that is the account of the assertion, and no other', async () => {
    const form = {
      grant_type: 'client_credentials',
      client_assertion_type: ASSERTION,
      client_assertion: 'a.b.c',
    };
    const { status, body } = await shop.post('/oauth/token', { ...form, client_id: 'svc_other' });
    expect([status, body.error]).toEqual([400, 'invalid_request']);
  });

  it('never looks at a cookie', async () => {
    const as = await shop.login();
    const approvalId = await shop.approved(as);
    const form = {
      grant_type: EXCHANGE,
      subject_token: approvalId,
      subject_token_type: 'urn:countersign:params:oauth:token-type:approval',
    };
    const { status, body } = await shop.post('/oauth/token', form, {
      cookie: shop.person.cookie,
      origin: shop.origin,
    });
    expect([status, body.error]).toEqual([401, 'invalid_client']);
  });

  it('exchanges a session for a child of it by the session’s token alone', async () => {
    const minted = await shop.gateway.api('POST', '/v1/sessions', { tools: ['oracle/*'], call_cap: 5 });
    const token = String(minted.body.mcp.headers.Authorization).replace('Bearer ', '');
    const form = { grant_type: EXCHANGE, subject_token: token, subject_token_type: SESSION };
    const more = { scope: 'oracle/echo oracle/pay', expires_in: '60', call_cap: '2' };
    const { status, body } = await shop.post('/oauth/token', { ...form, ...more });
    expect([status, body]).toMatchObject([
      200,
      { issued_token_type: SESSION, token_type: 'Bearer', expires_in: 60, scope: 'oracle/echo oracle/pay' },
    ]);
    expect(body.access_token).toMatch(/^cst_/);
    expect(body.mcp.headers).toEqual({ Authorization: `Bearer ${body.access_token}` });
    const wider = await shop.post('/oauth/token', { ...form, scope: '*', call_cap: '1' });
    expect([wider.status, wider.body.code]).toEqual([400, 'invalid_request']);
    for (const [name, value] of [
      ['expires_in', '0'],
      ['expires_in', '1.5'],
      ['call_cap', '-1'],
    ] as const) {
      const refused = await shop.post('/oauth/token', { ...form, [name]: value });
      expect([refused.status, refused.body.error]).toEqual([400, 'invalid_request']);
    }
  });
});

describe('what is published', () => {
  it('names the endpoints as RFC 8414 has them, and may be cached', async () => {
    const response = await fetch(`${shop.origin}/.well-known/oauth-authorization-server`);
    expect(response.headers.get('cache-control')).toContain('public');
    const metadata = (await response.json()) as Record<string, string>;
    expect(metadata).toMatchObject({
      issuer: shop.origin,
      token_endpoint: `${shop.origin}/oauth/token`,
      token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'],
    });
    for (const name of ['token_endpoint', 'introspection_endpoint', 'revocation_endpoint'])
      expect((await fetch(String(metadata[name]), { method: 'POST' })).status).not.toBe(404);
    expect((await fetch(String(metadata.jwks_uri))).status).toBe(200);
  });

  it('holds the public half of the signing key alone', async () => {
    const response = await fetch(`${shop.origin}/.well-known/jwks.json`);
    expect(response.headers.get('cache-control')).toContain('max-age');
    const { keys } = (await response.json()) as { keys: Record<string, string>[] };
    expect(keys.map((key) => Object.keys(key).sort())).toEqual([
      ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'],
    ]);
  });
});

describe('asking about a token', () => {
  it('tells those who may ask what it says while it is in force, and nothing of anything else', async () => {
    const as = await shop.login();
    const approvalId = await shop.approved(as);
    const { access_token: token } = (await shop.exchange(as, approvalId)).body;
    for (const asker of [as, shop.requesterKey, shop.gateway.apiKey]) {
      const { status, body } = await shop.post('/oauth/introspect', { token }, bearer(asker));
      expect([status, body]).toMatchObject([200, { active: true, txn: approvalId, token_type: 'Bearer' }]);
    }
    const [header, claims] = token.split('.');
    for (const other of ['x', as, shop.requesterKey, `${header}.${claims}.AAAA`]) {
      const { body } = await shop.post('/oauth/introspect', { token: other }, bearer(as));
      expect(body).toEqual({ active: false });
    }
    const twice = await shop.post('/oauth/introspect', `token=${token}&token=x`, bearer(as));
    expect([twice.status, twice.body.error]).toEqual([400, 'invalid_request']);
    expect((await shop.post('/oauth/introspect', { token })).status).toBe(401);
    const minter = await shop.gateway.api('POST', '/v1/keys', { name: 'm', roles: ['minter'] });
    expect((await shop.post('/oauth/introspect', { token }, bearer(minter.body.key))).status).toBe(400);
  });
});
