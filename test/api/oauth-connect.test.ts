import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyText } from '../evidence/support/verify.ts';
import type { Approver } from '../support/approver.ts';
import { AGENT_REDIRECT, type OauthAgent, oauthAgent } from '../support/oauth-agent.ts';
import { type Office, openOffice } from './support/office.ts';

let office: Office;
let person: Approver;
let agent: OauthAgent;
let origin: string;
beforeAll(async () => {
  office = await openOffice();
  ({ person } = office);
  ({ origin } = office.gateway.app);
  agent = oauthAgent(origin);
});
afterAll(() => office.close());

const CHALLENGE = (): string =>
  `Bearer resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp", scope="mcp"`;

describe('discovery', () => {
  it('begins at the MCP endpoint, which tells a client without a token where to ask', async () => {
    for (const method of ['POST', 'GET', 'DELETE']) {
      const response = await fetch(`${origin}/mcp`, { method });
      expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, CHALLENGE()]);
      expect(await response.json()).toMatchObject({ jsonrpc: '2.0', error: { code: -32000 } });
    }
  });

  it('takes no token in a query', async () => {
    const tokens = await agent.connect(person);
    const { status, headers } = await agent.initialize(undefined, `/mcp?access_token=${tokens.access_token}`);
    expect([status, headers.get('www-authenticate')]).toEqual([401, CHALLENGE()]);
  });

  it('finds the resource, at its own well-known path and at the bare one (RFC 9728)', async () => {
    for (const path of ['/mcp', '']) {
      const answered = await office.askAnonymously('GET', `/.well-known/oauth-protected-resource${path}`);
      expect([answered.status, answered.body]).toEqual([
        200,
        {
          resource: `${origin}/mcp`,
          resource_name: 'Countersign',
          authorization_servers: [origin],
          scopes_supported: ['mcp'],
          bearer_methods_supported: ['header'],
        },
      ]);
    }
  });

  it('finds the authorization server and all that it can do (RFC 8414)', async () => {
    const { body } = await office.askAnonymously('GET', '/.well-known/oauth-authorization-server');
    expect(body).toMatchObject({
      issuer: origin,
      authorization_endpoint: `${origin}/authorize`,
      token_endpoint: `${origin}/oauth/token`,
      registration_endpoint: `${origin}/oauth/register`,
      response_types_supported: ['code'],
      code_challenge_methods_supported: ['S256'],
      client_id_metadata_document_supported: true,
      authorization_response_iss_parameter_supported: true,
    });
    expect(body.grant_types_supported).toEqual(
      expect.arrayContaining(['authorization_code', 'refresh_token', 'client_credentials']),
    );
    const page = await fetch(body.authorization_endpoint);
    expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(page.headers.get('referrer-policy')).toBe('no-referrer');
  });
});

describe('an access token', () => {
  it('opens the MCP endpoint in the header, and nowhere else', async () => {
    const { access_token: token } = await agent.connect(person);
    expect((await agent.initialize(token)).status).toBe(200);
    const inPath = await agent.initialize(undefined, `/mcp/${token}`);
    const unknown = await agent.initialize(undefined, '/mcp/nothing');
    expect([inPath.status, inPath.text]).toEqual([404, unknown.text]);
    for (const path of ['/v1/sessions', '/v1/me', '/v1/approvals']) {
      const headers = { authorization: `Bearer ${token}` };
      expect((await office.askAnonymously('GET', path, { headers })).status).toBe(401);
    }
  });

  it('that is unknown, malformed, replaced or revoked is refused with one and the same 401', async () => {
    const replaced = await agent.connect(person);
    await agent.refresh(replaced.client_id, replaced.refresh_token);
    const revoked = await agent.connect(person);
    await agent.post('/oauth/revoke', { token: revoked.access_token });
    const refused = await Promise.all(
      [`cso_${'A'.repeat(43)}`, 'cso_', 'cso_x y', replaced.access_token, revoked.access_token].map((token) =>
        agent.initialize(token),
      ),
    );
    expect(new Set(refused.map(({ text }) => text)).size).toBe(1);
    for (const { status, headers, body } of refused) {
      expect(status).toBe(401);
      expect(headers.get('www-authenticate')).toBe(`${CHALLENGE()}, error="invalid_token"`);
      expect(body.error.message).toContain('Unauthorized');
    }
  });

  it('is not what an operator’s session token is, whose refusal stays a 404', async () => {
    const { status, headers } = await agent.initialize(`cst_${'A'.repeat(43)}`);
    expect([status, headers.get('www-authenticate')]).toEqual([404, null]);
  });

  it('is narrowed like any session', async () => {
    const { access_token: token } = await agent.connect(person);
    const { status, body } = await agent.post('/oauth/token', {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: token,
      subject_token_type: 'urn:countersign:params:oauth:token-type:session',
      scope: 'oracle/echo',
    });
    expect([status, body.scope]).toEqual([200, 'oracle/echo']);
    expect((await agent.initialize(body.access_token)).status).toBe(200);
    await agent.post('/oauth/revoke', { token });
    expect((await agent.initialize(body.access_token)).status).toBe(404);
  });
});

describe('the session behind it', () => {
  it('is the person’s, with the scope, the lifetime and the labels that they chose', async () => {
    const terms = { tools: ['oracle/echo', '!oracle/pay'], ttl_ms: 8 * 3_600_000, labels: { env: 'dev' } };
    const tokens = await agent.connect(person, terms);
    expect(tokens).toMatchObject({ token_type: 'Bearer', expires_in: 900, scope: 'mcp' });
    const { body } = await office.ask('POST', '/v1/sessions', { as: office.keys.reader });
    expect(body.code).toBe('forbidden');
    const { data } = (await office.ask('GET', '/v1/sessions?limit=1')).body;
    expect(data[0]).toMatchObject({
      subject: `person:${person.id}`,
      tools: terms.tools,
      labels: terms.labels,
      minted_by: `person:${person.id}`,
      state: 'active',
    });
    const lasts = Date.parse(data[0].expires_at) - Date.parse(data[0].created_at);
    expect(Math.abs(lasts - terms.ttl_ms)).toBeLessThan(60_000);
  });

  it('acts for the subject that the person was enrolled with', async () => {
    const grace = await person.invite('Grace', [], 'grace@example.com');
    await agent.connect(grace);
    const { data } = (await office.ask('GET', '/v1/sessions?limit=1')).body;
    expect(data[0]).toMatchObject({ subject: 'grace@example.com', minted_by: `person:${grace.id}` });
  });

  it('has gone on the ledger, which verifies', async () => {
    const { data } = (await office.ask('GET', '/v1/logs?type=session.minted&limit=1')).body;
    expect(data[0].body.client).toMatchObject({ kind: 'registered', redirect_uri: AGENT_REDIRECT });
    const { body } = await office.ask('GET', '/v1/logs/verify');
    expect(body).toMatchObject({ ok: true });
    const { text } = await office.ask('GET', '/v1/logs/export', { as: office.keys.reader });
    expect(await verifyText(text, { vkey: body.vkey })).toMatchObject({ ok: true });
  });
});

describe('the token endpoint', () => {
  const error = (body: any): string => body.error;

  it('answers a bad code, verifier, client and redirect alike', async () => {
    const clientId = (await agent.register()).body.client_id;
    const redirect = await agent.consent(person, agent.query(clientId));
    const answers = await Promise.all(
      [
        { code: `csc_${'A'.repeat(43)}` },
        { code_verifier: 'b'.repeat(64) },
        { client_id: 'ocl_other' },
        { redirect_uri: 'http://127.0.0.1:7778/callback' },
      ].map((change) => agent.redeem(clientId, redirect, change)),
    );
    const told = answers.map(({ status, body }) => [status, body.error, body.error_description]);
    expect(new Set(told.map((one) => JSON.stringify(one))).size).toBe(1);
    expect(told[0]?.slice(0, 2)).toEqual([400, 'invalid_grant']);
    const { headers, body } = await agent.redeem(clientId, redirect);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body.access_token).toMatch(/^cso_/);
  });

  it('names the errors of RFC 8707 and RFC 6749', async () => {
    const clientId = (await agent.register()).body.client_id;
    const redirect = await agent.consent(person, agent.query(clientId));
    const resource = await agent.redeem(clientId, redirect, { resource: 'https://other.example/mcp' });
    expect(error(resource.body)).toBe('invalid_target');
    const form = { grant_type: 'authorization_code', client_id: clientId };
    expect(error((await agent.post('/oauth/token', form)).body)).toBe('invalid_request');
  });

  it('ends what a code gave when it comes again', async () => {
    const clientId = (await agent.register()).body.client_id;
    const redirect = await agent.consent(person, agent.query(clientId));
    const { body } = await agent.redeem(clientId, redirect);
    expect((await agent.redeem(clientId, redirect)).body.error).toBe('invalid_grant');
    expect((await agent.initialize(body.access_token)).status).toBe(401);
    expect((await agent.refresh(clientId, body.refresh_token)).body.error).toBe('invalid_grant');
  });
});

describe('introspection and revocation', () => {
  it('tell those who may ask about a token of OAuth, and nobody else', async () => {
    const tokens = await agent.connect(person);
    const ask = (token: string, key = office.keys.reader) =>
      agent.post('/oauth/introspect', { token }, { authorization: `Bearer ${key}` });
    const known = {
      active: true,
      client_id: tokens.client_id,
      aud: `${origin}/mcp`,
      iss: origin,
      scope: 'mcp',
    };
    for (const token of [tokens.access_token, tokens.refresh_token])
      expect((await ask(token)).body).toMatchObject({ ...known, sub: `person:${person.id}` });
    expect((await ask(tokens.access_token, 'x')).status).toBe(401);
    expect((await agent.post('/oauth/revoke', { token: tokens.refresh_token })).status).toBe(200);
    for (const token of [tokens.access_token, tokens.refresh_token])
      expect((await ask(token)).body).toEqual({ active: false });
    expect((await agent.initialize(tokens.access_token)).status).toBe(401);
  });

  it('let a client that names itself end only what is its own', async () => {
    const tokens = await agent.connect(person);
    const other = (await agent.register()).body.client_id;
    const form = { token: tokens.access_token, client_id: other };
    expect((await agent.post('/oauth/revoke', form)).status).toBe(200);
    expect((await agent.initialize(tokens.access_token)).status).toBe(200);
  });
});

describe('registering', () => {
  it('gives an id and no secret, and what the client may do (RFC 7591)', async () => {
    const asked = { grant_types: ['authorization_code'], token_endpoint_auth_method: 'client_secret_basic' };
    const { status, body, headers } = await agent.register(asked);
    expect([status, headers.get('cache-control')]).toEqual([201, 'no-store']);
    expect(body).toEqual({
      client_id: expect.stringMatching(/^ocl_/),
      client_id_issued_at: expect.any(Number),
      client_name: 'Raw agent',
      redirect_uris: [AGENT_REDIRECT],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      scope: 'mcp',
    });
  });

  it.each([
    ['a script as its redirect', { redirect_uris: ['javascript:alert(1)'] }, 'invalid_redirect_uri'],
    ['an address in the clear', { redirect_uris: ['http://app.example/cb'] }, 'invalid_redirect_uri'],
    ['no redirect', { redirect_uris: [] }, 'invalid_redirect_uri'],
    ['only other grants', { grant_types: ['password'] }, 'invalid_client_metadata'],
  ])('is refused with %s', async (_, metadata, code) => {
    const { status, body } = await agent.register(metadata);
    expect([status, body.error]).toEqual([400, code]);
  });

  it('takes strict JSON of a bounded size and nothing else', async () => {
    const send = (body: string, type = 'application/json') =>
      fetch(`${origin}/oauth/register`, { method: 'POST', headers: { 'content-type': type }, body });
    const redirects = `"redirect_uris":["${AGENT_REDIRECT}"]`;
    expect((await send(`{${redirects}}`)).status).toBe(201);
    expect((await send(`{${redirects},${redirects}}`)).status).toBe(400);
    expect((await send(`{${redirects}}`, 'text/plain')).status).toBe(400);
    expect((await send('')).status).toBe(400);
    expect((await send(`{${redirects},"x":"${'x'.repeat(20_000)}"}`)).status).toBe(413);
  });
});

it('a restart keeps what is connected, and what was ended stays ended', async () => {
  const kept = await agent.connect(person);
  const ended = await agent.connect(person);
  const fresh = (await agent.refresh(ended.client_id, ended.refresh_token)).body;
  expect((await agent.refresh(ended.client_id, ended.refresh_token)).status).toBe(400);
  await office.gateway.restart();
  const later = oauthAgent(office.gateway.app.origin);
  expect((await later.initialize(kept.access_token)).status).toBe(200);
  expect((await later.refresh(kept.client_id, kept.refresh_token)).status).toBe(200);
  expect((await later.initialize(kept.access_token)).status).toBe(401);
  expect((await later.initialize(fresh.access_token)).status).toBe(401);
  expect((await later.refresh(ended.client_id, fresh.refresh_token)).body.error).toBe('invalid_grant');
});
