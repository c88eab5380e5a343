import { expect, onTestFinished, test } from 'vitest';
import { Countersign } from '../../src/sdk/countersign.ts';
import { json, startFakeGateway } from './fake-gateway.ts';
import { mintedWire } from './wire-samples.ts';

async function setUp() {
  const gateway = await startFakeGateway();
  onTestFinished(() => gateway[Symbol.asyncDispose]());
  return { gateway, client: new Countersign({ baseUrl: gateway.origin, apiKey: 'cs_k' }) };
}

test('narrowing sends the session’s token and never the API key', async () => {
  const { gateway, client } = await setUp();
  const answer = {
    access_token: 'cst_child',
    session: 'ses_2',
    scope: 'a/* !a/b',
    expires_at: '2026-01-01T00:10:00.000Z',
    mcp: mintedWire.mcp,
  };
  gateway.on('POST /oauth/token', json(200, answer));
  const child = await client.sessions.narrow({ token: 'cst_parent', tools: ['a/*', '!a/b'], ttlMs: 61_500 });
  expect(gateway.seen[0]?.headers.authorization).toBeUndefined();
  expect(gateway.seen[0]?.body).toEqual({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token_type: 'urn:countersign:params:oauth:token-type:session',
    subject_token: 'cst_parent',
    scope: 'a/* !a/b',
    expires_in: '61',
  });
  expect(child).toEqual({
    id: 'ses_2',
    tools: ['a/*', '!a/b'],
    expiresAt: answer.expires_at,
    mcp: {
      url: mintedWire.mcp.url,
      headers: mintedWire.mcp.headers,
      secretUrl: mintedWire.mcp.secret_url,
    },
  });
});

test('narrowing to no tools at all is refused before anything is sent', async () => {
  const { gateway, client } = await setUp();
  await expect(client.sessions.narrow({ token: 'cst_parent', tools: [] })).rejects.toMatchObject({
    code: 'invalid_request',
    fields: [{ field: 'tools' }],
  });
  expect(gateway.seen).toEqual([]);
});

test('what an OAuth endpoint refuses is told in its own words', async () => {
  const { gateway, client } = await setUp();
  const refusal = {
    error: 'invalid_scope',
    error_description: 'scope[0]: expected less.',
    code: 'invalid_request',
  };
  gateway.on('POST /oauth/token', json(400, refusal));
  await expect(client.sessions.narrow({ token: 'cst_parent', tools: ['*'] })).rejects.toMatchObject({
    code: 'invalid_request',
    message: 'scope[0]: expected less.',
    status: 400,
  });
});

test('redacting a subject goes on step by step until nothing is left, and tells how far it is', async () => {
  const { gateway, client } = await setUp();
  gateway.on(
    'POST /v1/logs/redact',
    json(200, { redacted: ['req_1'], open: [], next_cursor: 'c1' }),
    json(200, { redacted: ['apr_1'], open: ['apr_2'], next_cursor: null }),
  );
  const counts: number[] = [];
  const done = await client.logs.redact(
    { subject: 'ann' },
    { onProgress: (soFar) => counts.push(soFar.redacted.length) },
  );
  expect(done).toEqual({ redacted: ['req_1', 'apr_1'], open: ['apr_2'] });
  expect(counts).toEqual([1, 2]);
  expect(gateway.seen.map((one) => one.body)).toEqual([{ subject: 'ann' }, { subject: 'ann', cursor: 'c1' }]);
});
