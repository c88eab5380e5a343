import { expect, it } from 'vitest';
import { callTool, eventually, statusOf, textOf } from '../support/downstreams/harness.ts';
import type { AuthorizationServer } from '../support/oauth/authorization-server.ts';
import { personAuth, REDIRECT, type Remote, startRemote } from '../support/oauth/remote.ts';

const echo = { server: 'web', tool: 'echo' };
const NOT_OURS = { code: 'invalid_request', message: expect.stringContaining('the whole address') };

const start = (more: Partial<Parameters<typeof startRemote>[0]> = {}): Promise<Remote> =>
  startRemote({ auth: () => personAuth(), ...more });

const begin = (remote: Remote) => remote.logins.begin({ server: 'web', redirectUri: REDIRECT });
const finish = (remote: Remote, callback: string) =>
  remote.logins.finish({ server: 'web', callback, by: 'api_key:key_1' });

async function callbackOf(remote: Remote): Promise<string> {
  return remote.as.agree((await begin(remote)).authorizationUrl);
}

it('a server to which nobody has logged in is down, says what to do, and is up right after a login', async () => {
  const remote = await start();
  expect(statusOf(remote.downstreams, 'web')).toMatchObject({
    state: 'down',
    problem: expect.stringContaining('countersign server login web'),
  });
  await remote.login();
  expect(statusOf(remote.downstreams, 'web')).toMatchObject({ state: 'ready', problem: undefined });
  expect(textOf(await callTool(remote.downstreams, echo))).toBe('hello');
});

it('a login uses PKCE with S256, a state, and the resource, and the client registers itself for this machine', async () => {
  const remote = await start();
  const { authorizationUrl } = await begin(remote);
  const query = Object.fromEntries(new URL(authorizationUrl).searchParams);
  expect(query).toMatchObject({
    response_type: 'code',
    code_challenge_method: 'S256',
    redirect_uri: REDIRECT,
    resource: remote.guarded.url,
  });
  expect(query.state).toMatch(/^[\w-]{43}$/);
  expect(remote.as.registrations).toMatchObject([
    { redirect_uris: [REDIRECT], token_endpoint_auth_method: 'none', application_type: 'native' },
  ]);
});

it('a client with a metadata document is named by its address, where the authorization server takes those', async () => {
  const remote = await start({
    auth: () => personAuth({ clientMetadataUrl: 'https://gateway.example/client.json' }),
  });
  const { authorizationUrl } = await begin(remote);
  expect(new URL(authorizationUrl).searchParams.get('client_id')).toBe('https://gateway.example/client.json');
  expect(remote.as.registrations).toEqual([]);
  await finish(remote, await remote.as.agree(authorizationUrl));
});

it('a callback is taken once', async () => {
  const remote = await start();
  const callback = await callbackOf(remote);
  await finish(remote, callback);
  await expect(finish(remote, callback)).rejects.toMatchObject(NOT_OURS);
});

it.each<[string, (callback: URL) => void]>([
  ['with another state', (url) => url.searchParams.set('state', 'x'.repeat(43))],
  ['without a state', (url) => url.searchParams.delete('state')],
  ['with two states', (url) => url.searchParams.append('state', 'y')],
  ['with two codes', (url) => url.searchParams.append('code', 'y')],
  ['for another path', (url) => Object.assign(url, { pathname: '/other' })],
  ['for another port', (url) => Object.assign(url, { port: '1' })],
])('a callback %s is refused, and nothing is sent to the authorization server', async (_how, change) => {
  const remote = await start();
  const url = new URL(await callbackOf(remote));
  change(url);
  await expect(finish(remote, url.href)).rejects.toMatchObject(NOT_OURS);
  expect(remote.as.tokenRequests).toEqual([]);
});

it('a callback after ten minutes is refused', async () => {
  const remote = await start();
  const callback = await callbackOf(remote);
  remote.clock.now += 10 * 60_000;
  await expect(finish(remote, callback)).rejects.toMatchObject(NOT_OURS);
});

it.each<[string, string | null]>([
  ['of another issuer', 'https://evil.example'],
  ['without an issuer, where the server promises one', null],
])('an answer %s is refused before its code is shown to anybody', async (_how, iss) => {
  const remote = await start();
  remote.as.behaviour.iss = iss;
  const callback = await callbackOf(remote);
  await expect(finish(remote, callback)).rejects.toMatchObject({
    code: 'downstream_unavailable',
    message: expect.stringContaining('issuer'),
  });
  expect(remote.as.tokenRequests).toEqual([]);
});

it('a refusal of another issuer is not taken for the one of the server that was asked', async () => {
  const remote = await start();
  Object.assign(remote.as.behaviour, { denies: true, iss: 'https://evil.example' });
  await expect(finish(remote, await callbackOf(remote))).rejects.toMatchObject({
    code: 'downstream_unavailable',
    message: expect.stringContaining('issuer'),
  });
});

it('a person who does not agree leaves everything as it was', async () => {
  const remote = await start();
  remote.as.behaviour.denies = true;
  await expect(finish(remote, await callbackOf(remote))).rejects.toMatchObject({
    code: 'invalid_request',
    message: expect.stringContaining('access_denied'),
  });
  expect(remote.store.rows.size).toBe(0);
});

it.each([
  'https://gateway.example/callback',
  'http://evil.example:7777/callback',
  'http://127.0.0.1/callback',
  'http://127.0.0.1:7777/callback?x=1',
  'javascript:alert(1)',
])('a login that would come back to %s is refused', async (redirectUri) => {
  const { logins } = await start();
  await expect(logins.begin({ server: 'web', redirectUri })).rejects.toMatchObject({
    code: 'invalid_request',
    message: expect.stringContaining('redirect_uri'),
  });
});

it.each<[string, (as: AuthorizationServer) => Record<string, unknown>, string]>([
  ['offers no PKCE', () => ({ code_challenge_methods_supported: undefined }), 'PKCE'],
  ['offers plain PKCE only', () => ({ code_challenge_methods_supported: ['plain'] }), 'PKCE'],
  ['says that it is another', () => ({ issuer: 'https://other.example' }), 'issuer'],
  ['takes tokens in the clear', () => ({ token_endpoint: 'http://as.example/token' }), 'token endpoint'],
  ['sends people to no web address', () => ({ authorization_endpoint: 'javascript:alert(1)' }), ''],
  [
    'lets people log in in the clear',
    () => ({ authorization_endpoint: 'http://as.example/authorize' }),
    'authorization endpoint',
  ],
  ['lets nobody register', () => ({ registration_endpoint: undefined }), 'Register one there by hand'],
])('an authorization server that %s is not used', async (_how, metadata, reason) => {
  const remote = await start({
    prepare: ({ as }) => {
      as.behaviour.metadata = metadata(as);
    },
  });
  await expect(begin(remote)).rejects.toMatchObject({
    code: 'downstream_unavailable',
    message: expect.stringContaining(reason),
  });
});

it('metadata about another resource than the server is not believed', async () => {
  const remote = await start({
    prepare: ({ guarded }) => {
      guarded.behaviour.metadata = { resource: 'https://bank.example/mcp' };
    },
  });
  await expect(begin(remote)).rejects.toMatchObject({ message: expect.stringContaining('another resource') });
});

it('access is renewed by the refresh token, which is replaced each time, and survives a restart', async () => {
  const remote = await start();
  await remote.login();
  for (const used of [1, 2]) {
    remote.clock.now += 3_600_000;
    expect(textOf(await callTool(remote.downstreams, echo))).toBe('hello');
    expect(remote.as.tokenRequests).toHaveLength(1 + used);
  }
  const [first, second] = remote.as.tokenRequests.slice(1).map(({ form }) => form);
  expect(first).toMatchObject({ grant_type: 'refresh_token', resource: remote.guarded.url });
  expect(second?.refresh_token).not.toBe(first?.refresh_token);
  const after = remote.again();
  await after.ready();
  expect(textOf(await callTool(after, echo))).toBe('hello');
  expect(remote.as.tokenRequests).toHaveLength(3);
});

it('a refresh token that is no longer accepted is forgotten, and an operator is asked to log in', async () => {
  const remote = await start();
  await remote.login();
  remote.as.refreshTokens.clear();
  remote.clock.now += 3_600_000;
  const outcome = await callTool(remote.downstreams, echo);
  expect(outcome).toMatchObject({
    kind: 'not_sent',
    reason: expect.stringContaining('countersign server login web'),
  });
  expect(remote.store.rows.size).toBe(0);
});

it('an authorization server that is unwell for a while costs no login', async () => {
  const remote = await start();
  await remote.login();
  remote.as.behaviour.tokenFault = { status: 503, body: {} };
  remote.clock.now += 3_600_000;
  expect(await callTool(remote.downstreams, echo)).toMatchObject({ kind: 'not_sent' });
  remote.as.behaviour.tokenFault = undefined;
  remote.clock.now += 10_000;
  expect(textOf(await callTool(remote.downstreams, echo))).toBe('hello');
});

it('a login that comes while the former access is being renewed is the one that stays', async () => {
  const remote = await start();
  await remote.login();
  remote.clock.now += 3_600_000;
  const gate = Promise.withResolvers<void>();
  remote.as.behaviour.tokenGate = gate.promise;
  const call = callTool(remote.downstreams, echo);
  await eventually(() => remote.as.tokenRequests.length === 2);
  remote.as.behaviour.tokenGate = undefined;
  await finish(remote, await callbackOf(remote));
  const anew = remote.store.rows.get('web')?.credential.accessToken;
  gate.resolve();
  expect(textOf(await call)).toBe('hello');
  expect(remote.store.rows.get('web')?.credential.accessToken).toBe(anew);
});

it.each([
  ['was not written', false],
  ['was written, and only said to have failed', true],
])('a renewed login that %s goes on, and is written by the renewal after it', async (_how, isWritten) => {
  const remote = await start();
  await remote.login();
  const { renew } = remote.store;
  remote.store.renew = async (...given) => {
    remote.store.renew = renew;
    if (isWritten) await renew(...given);
    throw new Error('the disk is full');
  };
  for (const _round of [1, 2]) {
    remote.clock.now += 3_600_000;
    expect(textOf(await callTool(remote.downstreams, echo))).toBe('hello');
  }
  const after = remote.again();
  await after.ready();
  expect(textOf(await callTool(after, echo))).toBe('hello');
  expect(remote.as.tokenRequests).toHaveLength(3);
});

it('a logout while access is being renewed has the call refused, and nothing kept', async () => {
  const remote = await start();
  await remote.login();
  remote.clock.now += 3_600_000;
  const gate = Promise.withResolvers<void>();
  remote.as.behaviour.tokenGate = gate.promise;
  const call = callTool(remote.downstreams, echo);
  await eventually(() => remote.as.tokenRequests.length === 2);
  await remote.logins.forget({ server: 'web', by: 'api_key:key_1' });
  gate.resolve();
  expect(await call).toMatchObject({ kind: 'not_sent' });
  expect(remote.store.rows.size).toBe(0);
  expect(remote.fixture.calls()).toEqual([]);
});

it('a credential is not used for a definition with another address or client', async () => {
  const remote = await start();
  await remote.login();
  const after = remote.again(personAuth({ scope: 'more' }));
  await after.ready();
  expect(statusOf(after, 'web')).toMatchObject({
    state: 'down',
    problem: expect.stringContaining('nobody has logged in'),
  });
});

it('no token, code or verifier is in a log, a status, an outcome or an error', async () => {
  const remote = await start();
  await remote.login();
  remote.clock.now += 3_600_000;
  await callTool(remote.downstreams, echo);
  remote.as.refreshTokens.clear();
  remote.clock.now += 3_600_000;
  const outcome = await callTool(remote.downstreams, echo);
  const error = await finish(remote, await callbackOf(remote).then((url) => `${url}x`)).catch(String);
  const shown = JSON.stringify([remote.lines, remote.downstreams.catalog().servers, outcome, error]);
  expect(remote.as.secrets.size).toBeGreaterThan(6);
  for (const secret of remote.as.secrets) expect(shown).not.toContain(secret);
});
