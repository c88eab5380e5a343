import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { type AddressInfo, createServer as createTcp } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Approver, enrol } from '../support/approver.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { oauthAgent } from '../support/oauth-agent.ts';
import { memoryProvider, type SdkLine, V1, V2 } from '../support/oauth-provider.ts';

const SUITE = fileURLToPath(new URL('../../node_modules/conformance-next/dist/index.js', import.meta.url));
const at = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../support/tls/${name}`, import.meta.url)), 'utf8');

/** A site on this computer that publishes what applications say of themselves. */
interface Site {
  readonly server: Server;
  readonly answers: Map<string, { status?: number; type?: string; location?: string; body: string }>;
  readonly url: (path: string) => string;
}

async function openSite(): Promise<Site> {
  const answers: Site['answers'] = new Map();
  const server = createServer(
    { key: at('localhost.key.pem'), cert: at('localhost.cert.pem') },
    (request, response) => {
      const {
        status = 200,
        type = 'application/json',
        location,
        body,
      } = answers.get(request.url ?? '') ?? {
        status: 404,
        body: '',
      };
      response.writeHead(status, { 'content-type': type, ...(location === undefined ? {} : { location }) });
      response.end(body);
    },
  );
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return { server, answers, url: (path) => `https://localhost:${port}${path}` };
}

let gateway: TestGateway;
let person: Approver;
let site: Site;
let origin: string;
beforeAll(async () => {
  setDefaultCACertificates([...getCACertificates('default'), at('localhost.cert.pem')]);
  gateway = await startTestGateway({ settings: { outbound: { allow_loopback: true } } });
  ({ origin } = gateway.app);
  person = await enrol(origin, gateway.app.enrolUrl ?? '');
  site = await openSite();
});
afterAll(async () => {
  site.server.closeAllConnections();
  site.server.close();
  await gateway.close();
});

const REDIRECT = 'http://127.0.0.1:7777/callback';
const documentAt = (url: string, change: object = {}): string =>
  JSON.stringify({ client_id: url, client_name: 'Documented', redirect_uris: [REDIRECT], ...change });

describe('an application with a metadata document', () => {
  it.each<SdkLine>([V1, V2])('connects by the SDK ($name) without registering', async (sdk) => {
    const id = site.url('/client.json');
    site.answers.set('/client.json', { body: documentAt(id) });
    const { provider, kept, sentTo } = memoryProvider(REDIRECT, id);
    await expect(sdk.connect(`${origin}/mcp`, provider)).rejects.toThrow(/Unauthorized/i);
    expect(sentTo()?.searchParams.get('client_id')).toBe(id);
    const query = sentTo()?.search.slice(1) ?? '';
    const { body } = await person.fetch('POST', '/v1/oauth/requests', { query });
    expect(body.client).toEqual({
      id,
      kind: 'document',
      name: 'Documented',
      uri: null,
      verified_host: new URL(id).host,
    });
    const redirect = await oauthAgent(origin).consent(person, query);
    await sdk.finish(`${origin}/mcp`, provider, redirect);
    const client = await sdk.connect(`${origin}/mcp`, provider);
    expect((await client.callTool({ name: 'echo', arguments: {} })).isError).not.toBe(true);
    await client.close();
    expect(kept.get('client')).toMatchObject({ client_id: id });
    const { data } = (await gateway.api('GET', '/v1/logs?type=session.minted&limit=1')).body;
    expect(data[0].body.client).toEqual({ id, kind: 'document', name: 'Documented', redirect_uri: REDIRECT });
  });

  it.each([
    ['is of another address', (url: string) => ({ body: documentAt(`${url}x`) }), 'client_id is the address'],
    ['is missing', () => ({ status: 404, body: '' }), 'answers with 404'],
    ['moved', () => ({ status: 302, location: '/client.json', body: '' }), 'answers with 302'],
    [
      'is a web page',
      (url: string) => ({ type: 'text/html', body: documentAt(url) }),
      'not application/json',
    ],
    ['is no JSON', () => ({ body: '{' }), 'JSON'],
    ['names a member twice', (url: string) => ({ body: `{"client_id":"x",${documentAt(url).slice(1)}` }), ''],
    ['is endless', (url: string) => ({ body: documentAt(url, { x: 'x'.repeat(20_000) }) }), 'is longer than'],
    [
      'has a script as its redirect',
      (url: string) => ({ body: documentAt(url, { redirect_uris: ['javascript:1'] }) }),
      'redirect_uris[0]',
    ],
  ] as const)('is refused when the document %s', async (what, answer, why) => {
    const path = `/${what.replaceAll(' ', '-')}.json`;
    const id = site.url(path);
    site.answers.set(path, answer(id));
    const query = oauthAgent(origin).query(id);
    const { status, body } = await person.fetch('POST', '/v1/oauth/requests', { query });
    expect([status, body.detail]).toEqual([400, expect.stringContaining(why)]);
  });
});

describe('an SDK client', () => {
  it('of v2 refuses an answer that names another issuer, so that no code goes astray', async () => {
    const { provider, sentTo } = memoryProvider(REDIRECT);
    await expect(V2.connect(`${origin}/mcp`, provider)).rejects.toThrow(/Unauthorized/i);
    const redirect = await oauthAgent(origin).consent(person, sentTo()?.search.slice(1) ?? '');
    redirect.searchParams.set('iss', 'https://attacker.example');
    await expect(V2.finish(`${origin}/mcp`, provider, redirect)).rejects.toThrow(/iss/i);
  });

  it('cannot use a code that was meant for another one, because its verifier is another', async () => {
    const victim = memoryProvider(REDIRECT);
    const attacker = memoryProvider(REDIRECT);
    for (const { provider } of [victim, attacker])
      await expect(V1.connect(`${origin}/mcp`, provider)).rejects.toThrow(/Unauthorized/i);
    const stolen = await oauthAgent(origin).consent(person, attacker.sentTo()?.search.slice(1) ?? '');
    await expect(V1.finish(`${origin}/mcp`, victim.provider, stolen)).rejects.toThrow();
    await expect(V1.finish(`${origin}/mcp`, attacker.provider, stolen)).resolves.toBeUndefined();
  });
});

async function freePort(): Promise<number> {
  const server = createTcp();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((done) => server.close(() => done()));
  return port;
}

/** Runs a suite scenario; when it asks for a person at a browser, the person consents. */
async function runSuite(args: readonly string[]): Promise<{ code: number | null; text: string }> {
  const child = spawn(process.execPath, [SUITE, 'authorization', '--url', origin, ...args]);
  const seen = { text: '', asked: false };
  const done = new Promise<number | null>((resolve) => child.on('close', resolve));
  const onText = (chunk: Buffer): void => {
    seen.text += chunk.toString();
    const address = /(http:\/\/localhost:\d+\/authorize\?\S+)\s/.exec(seen.text)?.[1];
    if (address === undefined || seen.asked) return;
    seen.asked = true;
    oauthAgent(origin)
      .consent(person, new URL(address).search.slice(1))
      .then((redirect) => fetch(redirect))
      .catch((error: unknown) => {
        seen.text += String(error);
        child.kill();
      });
  };
  child.stdout.on('data', onText);
  child.stderr.on('data', onText);
  return { code: await done, text: seen.text };
}

it('the official suite finds nothing wrong with the authorization server', async () => {
  const port = await freePort();
  const registered = await oauthAgent(origin).register({
    redirect_uris: [`http://127.0.0.1:${port}/callback`],
  });
  const client = [
    '--client-id',
    registered.body.client_id,
    '--resource',
    `${origin}/mcp`,
    '--port',
    `${port}`,
  ];
  const { code, text } = await runSuite(client);
  expect(text).toContain('authorization-server-metadata-endpoint: 2 passed, 0 failed');
  expect(text).toContain('authorization-code-grant: 1 passed, 0 failed');
  expect([code, /WARNING|SKIPPED/.test(text)], text).toEqual([0, false]);
}, 60_000);
