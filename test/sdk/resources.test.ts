import { expect, onTestFinished, test } from 'vitest';
import { Countersign } from '../../src/sdk/countersign.ts';
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
  expect(servers.data[0]).toMatchObject({ era: null, problem: null, quarantined: 1 });
  const { data } = await client.servers.tools('sandbox');
  expect(data[0]).toMatchObject({ hash: 'sha256:b', pinnedHash: 'sha256:a', pinnedDefinition: { x: 1 } });
  await client.servers.accept({ server: 'sandbox', tool: 't', hash: 'sha256:b' });
  expect(gateway.seen[2]?.body).toEqual({ hash: 'sha256:b' });
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

test('an invite is mapped and an approver is removed by id', async () => {
  const { gateway, client } = await setUp();
  gateway.on('POST /v1/approvers/invites', json(200, { id: 'inv_1', url: 'u', expires_at: 'e' }));
  gateway.on('DELETE /v1/approvers/per_1', (_request, response) => void response.writeHead(204).end());
  await expect(client.approvers.invite({ name: 'Ann', groups: [] })).resolves.toEqual({
    id: 'inv_1',
    url: 'u',
    expiresAt: 'e',
  });
  await expect(client.approvers.remove('per_1')).resolves.toBeUndefined();
});
