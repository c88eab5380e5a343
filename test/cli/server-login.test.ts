import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { CliDeps } from '../../src/cli/ports.ts';
import { connectV1 } from '../support/agents.ts';
import { says, startHttpFixture } from '../support/downstreams/http-fixture.ts';
import { startTestGateway } from '../support/gateway.ts';
import { startAuthorizationServer } from '../support/oauth/authorization-server.ts';
import { startGuarded } from '../support/oauth/guarded.ts';
import { openTerminal } from './run-command.ts';

const POLICY = 'version: 1\nrules:\n  - id: all\n    match: { tools: ["*"] }\n    effect: allow\n';

async function setUp() {
  const as = await startAuthorizationServer();
  const fixture = await startHttpFixture({ era: 'legacy', calls: { greet: says('hello') } });
  const guarded = await startGuarded(fixture.url, as);
  const gateway = await startTestGateway({
    policy: POLICY,
    servers: { web: { url: guarded.url, auth: { type: 'authorization_code' } } },
  });
  onTestFinished(() => gateway.close());
  const { run } = await openTerminal({
    COUNTERSIGN_URL: gateway.app.origin,
    COUNTERSIGN_API_KEY: gateway.apiKey,
  });
  /** A person's browser, on the same machine. */
  const openUrl: CliDeps['openUrl'] = async (url) => {
    void as.agree(url).then((callback) => fetch(callback));
    return true;
  };
  const onTerminal = { isTty: { stdout: true, stderr: false }, openUrl };
  return { as, fixture, guarded, gateway, run, onTerminal };
}

async function everythingIn(folder: string): Promise<string> {
  const texts: string[] = [];
  for (const name of await readdir(folder, { recursive: true })) {
    texts.push(await readFile(join(folder, name), 'latin1').catch(() => ''));
  }
  return texts.join('\n');
}

it('server login opens the browser, takes the answer on this machine, and the server is there for agents', async () => {
  const { as, gateway, run, onTerminal } = await setUp();
  const { code, stdout, stderr } = await run('server login web', onTerminal);
  expect([code, stderr]).toEqual([0, expect.stringContaining(`${as.issuer}/authorize?`)]);
  expect(stdout).toMatch(/Logged in to\s+web\nBy\s+http/);
  const { body } = await gateway.api('GET', '/v1/servers');
  expect(body.data.find((one: { name: string }) => one.name === 'web')).toMatchObject({ state: 'ready' });
  const entries = await gateway.api('GET', '/v1/logs?type=server.*&order=asc');
  expect(entries.body.data).toMatchObject([
    { type: 'server.authorized', body: { server: 'web', issuer: as.issuer, client_id: 'dyn_1' } },
  ]);
});

it('server login --paste takes the address from standard input where the browser is elsewhere', async () => {
  const { as, run } = await setUp();
  const shown = { text: '' };
  const stderr = { write: (text: string) => (shown.text += text) };
  const ran = await run('server login web --paste --json', {
    stderr,
    readStdin: () => as.agree(/http\S+\/authorize\S+/.exec(shown.text)?.[0] ?? ''),
  });
  expect([ran.code, ran.json()]).toMatchObject([0, [{ server: 'web', renewable: true }]]);
});

it('server logout has the gateway forget, and the server is down until somebody logs in again', async () => {
  const { gateway, run, onTerminal } = await setUp();
  await run('server login web', onTerminal);
  expect((await run('server logout web')).code).toBe(0);
  const { body } = await gateway.api('GET', '/v1/servers');
  expect(body.data.find((one: { name: string }) => one.name === 'web').problem).toContain(
    'countersign server login web',
  );
  expect((await run('server logout web')).stderr).toContain('Nobody has logged in');
});

it('server login for a server that takes none says where to write it', async () => {
  const { run } = await setUp();
  const { code, stderr } = await run('server login oracle');
  expect([code, stderr]).toEqual([2, expect.stringContaining('"authorization_code"')]);
});

it('no token of an agent goes to a remote server, and no token of a remote server is anywhere to be read', async () => {
  const { as, guarded, gateway, run, onTerminal } = await setUp();
  const said: string[] = [];
  for (const line of ['server login web', 'server list --json', 'server tools web --json'])
    said.push(JSON.stringify(await run(line, line === 'server login web' ? onTerminal : {})));
  const agent = await connectV1({
    url: gateway.app.session.mcp.url,
    headers: { ...gateway.app.session.mcp.headers, 'x-canary': 'CANARY-of-the-agent' },
  });
  said.push(JSON.stringify(await agent.callTool({ name: 'greet', arguments: {} })));
  as.valid.clear();
  as.refreshTokens.clear();
  said.push(JSON.stringify(await agent.callTool({ name: 'greet', arguments: {} }).catch(String)));
  await agent.close();
  const sent = JSON.stringify(guarded.seen);
  expect(sent).not.toMatch(/cst_|cs_[A-Za-z0-9]|CANARY-of-the-agent/);
  expect(sent).toContain('Bearer access-CANARY');
  said.push(JSON.stringify((await gateway.api('GET', '/v1/logs?limit=200')).body));
  said.push(await everythingIn(join(gateway.dir, 'data')));
  const secrets = [...as.secrets].filter((secret) => !secret.startsWith('code'));
  expect(secrets.length).toBeGreaterThan(2);
  for (const secret of secrets) expect(said.join('\n').includes(secret), secret).toBe(false);
});

it('a login outlives the process', async () => {
  const { as, gateway, run, onTerminal } = await setUp();
  await run('server login web', onTerminal);
  await gateway.restart();
  const { body } = await gateway.api('GET', '/v1/servers');
  expect(body.data.find((one: { name: string }) => one.name === 'web')).toMatchObject({ state: 'ready' });
  expect(as.tokenRequests).toHaveLength(1);
});
