import { expect, onTestFinished, test } from 'vitest';
import { inviteToken } from '../../src/principals/web/invite-secret.ts';
import { Countersign } from '../../src/sdk/countersign.ts';
import { inviteLink } from '../../src/sdk/invite-link.ts';
import { json, page, startFakeGateway } from './fake-gateway.ts';
import { mintedWire, sessionWire } from './wire-samples.ts';

async function setUp() {
  const gateway = await startFakeGateway();
  onTestFinished(() => gateway[Symbol.asyncDispose]());
  return { gateway, client: new Countersign({ baseUrl: gateway.origin, apiKey: 'cs_k' }) };
}

test('a session for a user has its URL, headers and secret URL', async () => {
  const { gateway, client } = await setUp();
  gateway.on('POST /v1/sessions', json(201, mintedWire));
  const input = { ttlMs: 60_000, tools: ['sandbox/*'], labels: { teamName: 'ops' }, callCap: 5 };
  const session = await client.forUser('user-1').session(input);
  expect(gateway.seen[0]?.body).toEqual({
    subject: 'user-1',
    ttl_ms: 60_000,
    tools: ['sandbox/*'],
    labels: { teamName: 'ops' },
    call_cap: 5,
  });
  expect(session).toMatchObject({
    id: 'ses_1',
    expiresAt: sessionWire.expires_at,
    labels: { teamName: 'ops' },
    mcp: {
      url: 'http://localhost:8420/mcp',
      headers: { Authorization: 'Bearer tok' },
      secretUrl: 'http://localhost:8420/mcp/s/tok',
    },
  });
});

test("revoking another user's session through forUser is not found, and nothing is revoked", async () => {
  const { gateway, client } = await setUp();
  gateway.on('GET /v1/sessions/ses_1', json(200, sessionWire));
  await expect(client.forUser('user-2').sessions.revoke('ses_1')).rejects.toMatchObject({
    code: 'not_found',
  });
  expect(gateway.seen.map((one) => one.method)).toEqual(['GET']);
});

test('a login at a remote server is begun, finished and undone, and none of it holds a token', async () => {
  const { gateway, client } = await setUp();
  const begun = { server: 'web', authorization_url: 'https://as.example/authorize', expires_at: 'soon' };
  const login = {
    server: 'web',
    issuer: 'https://as.example',
    scope: null,
    expires_at: null,
    renewable: true,
  };
  gateway.on('POST /v1/servers/web/login', json(200, begun));
  gateway.on('POST /v1/servers/web/login/finish', json(200, login));
  gateway.on('POST /v1/servers/web/logout', json(200, { server: 'web' }));
  const redirectUri = 'http://127.0.0.1:1/callback';
  expect(await client.servers.login({ server: 'web', redirectUri })).toEqual({
    server: 'web',
    authorizationUrl: 'https://as.example/authorize',
    expiresAt: 'soon',
  });
  expect(await client.servers.finishLogin({ server: 'web', callback: 'x' })).toEqual({
    server: 'web',
    issuer: 'https://as.example',
    scope: null,
    expiresAt: null,
    renewable: true,
  });
  await client.servers.logout('web');
  expect(gateway.seen.map(({ body }) => body)).toEqual([
    { redirect_uri: redirectUri },
    { callback: 'x' },
    {},
  ]);
});

test('diagnostics are mapped', async () => {
  const { gateway, client } = await setUp();
  const decision = { rule: 'x', place: null, quorum: 2, able: 1, exclude_requester: true };
  gateway.on(
    'GET /v1/diagnostics',
    json(200, {
      version: '1',
      now: 'then',
      public_origin: 'https://g.example',
      ledger: { size: 3, newest_at: null, vkey: 'log+00000000+A' },
      servers: [{ name: 'web', listed_in_ms: 5 }],
      decisions: [decision],
    }),
  );
  expect(await client.diagnose()).toEqual({
    version: '1',
    now: 'then',
    publicOrigin: 'https://g.example',
    ledger: { size: 3, newestAt: null, vkey: 'log+00000000+A' },
    servers: [{ name: 'web', listedInMs: 5 }],
    decisions: [{ rule: 'x', place: null, quorum: 2, able: 1, excludeRequester: true }],
  });
});

test('servers and their tools are mapped, changed definitions beside the pinned ones', async () => {
  const { gateway, client } = await setUp();
  gateway.on(
    'GET /v1/servers',
    page([{ name: 'sandbox', kind: 'stdio', state: 'ready', tools: 2, quarantined: 1 }]),
  );
  const tool = {
    server: 'sandbox',
    tool: 't',
    exposed: 't',
    state: 'quarantined',
    hash: 'sha256:b',
    definition: { name: 't' },
  };
  gateway.on(
    'GET /v1/servers/sandbox/tools',
    page([{ ...tool, pinned_hash: 'sha256:a', pinned_definition: { x: 1 } }]),
  );
  gateway.on('POST /v1/servers/sandbox/tools/t/accept', json(200, {}));
  const servers = await client.servers.list();
  expect(servers.data[0]).toMatchObject({ era: null, problem: null, quarantined: 1, refused: 0 });
  const { data } = await client.servers.tools('sandbox');
  const pinned = { pinnedHash: 'sha256:a', pinnedDefinition: { x: 1 } };
  expect(data[0]).toMatchObject({ hash: 'sha256:b', ...pinned, refusal: null });
  await client.servers.accept({ server: 'sandbox', tool: 't', hash: 'sha256:b' });
  expect(gateway.seen[2]?.body).toEqual({ hash: 'sha256:b' });
  gateway.on('POST /v1/servers/sandbox/tools/t/refuse', json(200, {}));
  await client.servers.refuse({ server: 'sandbox', tool: 't', hash: 'sha256:b' });
  await client.servers.refuse({ server: 'sandbox', tool: 't', hash: 'sha256:b', reason: 'no' });
  expect(gateway.seen[4]?.body).toEqual({ hash: 'sha256:b', reason: 'no' });
});

test('a key is created with its secret and revoked by its id', async () => {
  const { gateway, client } = await setUp();
  const wire = {
    id: 'key_1',
    name: 'ci',
    roles: ['minter'],
    hint: 'cs_se',
    created_by: 'api_key:key_0',
    created_at: '2026-01-01T00:00:00.000Z',
    revoked_at: null,
  };
  gateway.on('POST /v1/keys', json(201, { ...wire, key: 'cs_secret' }));
  gateway.on('POST /v1/keys/key_1/revoke', json(200, { ...wire, revoked_at: '2026-01-02T00:00:00.000Z' }));
  await expect(client.keys.create({ name: 'ci', roles: ['minter'] })).resolves.toMatchObject({
    key: 'cs_secret',
    createdAt: wire.created_at,
  });
  await expect(client.keys.revoke('key_1')).resolves.toMatchObject({ revokedAt: '2026-01-02T00:00:00.000Z' });
  gateway.on('GET /v1/keys', page([wire]));
  await client.keys.list({ state: 'active', createdBy: 'person:per_1', limit: 5 });
  const asked = gateway.seen.at(-1)?.query;
  expect(asked).toEqual({ state: 'active', created_by: 'person:per_1', limit: '5' });
});

test('policies are checked and explained with the bodies of the API', async () => {
  const { gateway, client } = await setUp();
  const problems = [{ file: 'a.yaml', line: 1, column: 2, message: 'm' }];
  gateway.on('POST /v1/policies/check', json(200, { ok: false, version: 'v', problems }));
  gateway.on('POST /v1/policies/explain', json(200, { verdict: { effect: 'hold' }, trace: [] }));
  await expect(client.policies.check({ files: { 'a.yaml': 'x' } })).resolves.toEqual({
    ok: false,
    version: 'v',
    problems,
  });
  const input = { server: 's', tool: 't', args: { camelCase: 1 }, session: { subject: 'u', labels: {} } };
  await expect(client.policies.explain(input)).resolves.toMatchObject({ verdict: { effect: 'hold' } });
  expect(gateway.seen.map((one) => one.body)).toEqual([{ files: { 'a.yaml': 'x' } }, input]);
});

test('acts are asked for, and carried out by their signed statements', async () => {
  const { gateway, client } = await setUp();
  const given = { statement: '{}', challenge: 'c', expires_at: 'e', rp_id: 'localhost' };
  gateway.on('POST /v1/acts', json(200, { statement_id: 'act_1', ...given, allow_credentials: [] }));
  gateway.on('POST /v1/approvers/invites', json(201, { id: 'inv_1', expires_at: 'e' }));
  gateway.on('POST /v1/approvers/per_1/remove', json(200, { id: 'per_1', removed: true }));
  gateway.on('POST /v1/approvers/per_1/passkeys', json(201, {}));
  gateway.on('POST /v1/approvers/per_1/passkeys/psk_1/remove', json(200, {}));
  gateway.on('POST /v1/service-accounts', json(201, { id: 'svc_1' }));
  gateway.on('POST /v1/service-accounts/svc_1/remove', json(200, {}));
  gateway.on('POST /v1/keys/signed', json(201, { id: 'key_1', created_by: 'person:per_1' }));
  const request = { act: 'approver.remove', params: { person: 'per_1' } } as const;
  const { acts } = client;
  expect(await acts.statement(request)).toMatchObject({ statementId: 'act_1', rpId: 'localhost' });
  const signed = { statementId: 'act_1', assertion: { id: 'x' } };
  expect(await acts.invite(signed)).toEqual({ id: 'inv_1', expiresAt: 'e' });
  await acts.removeApprover('per_1', signed);
  await acts.addPasskey('per_1', signed);
  await acts.removePasskey({ person: 'per_1', passkey: 'psk_1' }, signed);
  expect(await acts.createServiceAccount(signed)).toEqual({ id: 'svc_1' });
  await acts.removeServiceAccount('svc_1', signed);
  const key = { id: 'key_1', createdBy: 'person:per_1', revokedAt: null };
  expect(await acts.createKey(signed)).toMatchObject(key);
  const body = { statement_id: 'act_1', assertion: { id: 'x' } };
  expect(gateway.seen.map((one) => one.body)).toEqual([request, ...Array.from({ length: 7 }, () => body)]);
});

test('a link for an invite holds a secret whose digest of a digest is the token', async () => {
  const { url, token } = await inviteLink('https://c.example');
  const [, secret = ''] = /^https:\/\/c\.example\/enrol#([\w-]{43})$/.exec(url) ?? [];
  expect(token).toBe(inviteToken(secret));
  expect((await inviteLink('https://c.example')).token).not.toBe(token);
});

test('approvers and service accounts are mapped', async () => {
  const { gateway, client } = await setUp();
  const created = { created_at: 'then' };
  const passkey = { id: 'psk_1', last_used_at: null, suspect_at: 'now', device_type: 'singleDevice' };
  gateway.on(
    'GET /v1/approvers',
    page([
      {
        ...created,
        id: 'per_1',
        name: 'Ann',
        groups: [],
        subject: null,
        passkeys: [{ ...created, ...passkey, attestation: 'packed', aaguid: 'a' }],
      },
    ]),
  );
  gateway.on(
    'GET /v1/service-accounts',
    page([
      { ...created, id: 'svc_1', name: 'bot', groups: [], public_key: '{}', created_by: 'person:per_1' },
    ]),
  );
  expect((await client.approvers.list()).data[0]).toMatchObject({
    subject: null,
    passkeys: [{ suspectAt: 'now', deviceType: 'singleDevice', attestation: 'packed' }],
  });
  expect((await client.serviceAccounts.list()).data[0]).toMatchObject({
    publicKey: '{}',
    createdBy: 'person:per_1',
  });
});

test('witnesses are mapped, with what they hold against this ledger', async () => {
  const { gateway, client } = await setUp();
  const known = { name: 'w', url: 'https://w.example', vkey: 'w+1+x', size: 7, error: null };
  const conflict = { kind: 'fork', witness_size: 9, own_size: 12, at: '2026-01-01T00:00:00.000Z' };
  const data = [
    { ...known, cosigned_at: '2026-01-01T00:00:00.000Z', conflict: null },
    { ...known, cosigned_at: null, conflict },
  ];
  gateway.on('GET /v1/ledger/witnesses', json(200, { data }));
  expect(await client.witnesses.list()).toEqual([
    { ...known, cosignedAt: '2026-01-01T00:00:00.000Z', conflict: null },
    {
      ...known,
      cosignedAt: null,
      conflict: { kind: 'fork', witnessSize: 9, ownSize: 12, at: '2026-01-01T00:00:00.000Z' },
    },
  ]);
});
