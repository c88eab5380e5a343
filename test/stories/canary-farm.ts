import { type Dirent, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { type MailSink, startMailSink } from '../support/mail-sink.ts';
import { openTerminal, oracleConfig, type Running, type Terminal } from './cli-terminal.ts';

const MAIN = fileURLToPath(new URL('../support/traced-main.ts', import.meta.url));
const LEAKY = fileURLToPath(new URL('../support/leaky-main.ts', import.meta.url));

/** Everything is allowed but payments, which a person decides, whose receiver nobody needs to see. */
const POLICY = `version: 1
defaults: { effect: deny }
rules:
  - id: harmless
    match: { tools: ["oracle/echo", "oracle/fail", "leaky/*"] }
    effect: allow
    redact: [/text, "result:/content"]
  - id: payments
    match: { tools: ["oracle/pay"] }
    effect: hold
    risk: high
    redact: [/to, "result:/content", "result:/structuredContent/to"]
  - id: refunds
    match: { tools: ["refund.create"], kinds: [action] }
    effect: hold
    redact: [/card]
`;

/** A secret, and where alone it may be read: answers to these requests, and these files of the data directory. */
export interface Canary {
  readonly name: string;
  readonly value: string;
  readonly answers?: RegExp;
  readonly files?: RegExp;
}

/** A text that left the gateway. */
export interface Told {
  readonly where: string;
  readonly text: string;
}

export interface Farm {
  readonly terminal: Terminal;
  readonly running: Running;
  /** What the gateway said once it answered. */
  readonly ready: any;
  readonly metricsUrl: string;
  /** `http://host:port` of somebody else's server, which refuses to be an MCP server and takes everything else. */
  readonly world: string;
  /** What that server was sent; its place is `to /path`. */
  readonly heard: readonly Told[];
  readonly mail: MailSink;
  /** Every HTTP answer to this process so far, headers and all; its place is `METHOD /path?query`. */
  answers(): Promise<readonly Told[]>;
  /** The files of the data directory. */
  files(): readonly { readonly name: string; readonly bytes: Buffer }[];
}

/** Keeps a copy of every answer that `fetch` gives in this process, until the test ends. */
function recordAnswers(): () => Promise<readonly Told[]> {
  const before = globalThis.fetch;
  const kept: Promise<Told>[] = [];
  const open = new AbortController();
  globalThis.fetch = async (input, init) => {
    const response = await before(input, init);
    const url = new URL(input instanceof Request ? input.url : String(input));
    const method = init?.method ?? (input instanceof Request ? input.method : 'GET');
    const head = [...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n');
    const where = `${method} ${url.pathname}${url.search} → ${response.status}`;
    kept.push(
      readUntil(response.clone(), open.signal).then((text) => ({ where, text: `${head}\n\n${text}` })),
    );
    return response;
  };
  onTestFinished(() => {
    globalThis.fetch = before;
  });
  return () => {
    open.abort();
    return Promise.all(kept);
  };
}

/** The body as far as it came until the signal: event streams have no end of their own. */
async function readUntil(response: Response, signal: AbortSignal): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return '';
  const stopped = new Promise<{ done: true; value: undefined }>((resolve) => {
    const stop = () => resolve({ done: true, value: undefined });
    if (signal.aborted) setTimeout(stop, 1_000);
    else signal.addEventListener('abort', stop);
  });
  const decoder = new TextDecoder();
  const state = { text: '' };
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), stopped]);
      if (done) return state.text;
      state.text += decoder.decode(value, { stream: true });
    }
  } catch {
    // Whoever asked hung up.
    return state.text;
  }
}

/** What the servers outside say: those that refuse repeat the credential that they were shown. */
function answerTo(
  path: string,
  asked: { origin: string; text: string; key: unknown },
): { status: number; text: string } {
  const { origin, text, key } = asked;
  if (path === '/mcp') return { status: 500, text: `${key} is not let in` };
  if (path === '/guarded') return { status: 401, text: '' };
  if (path === '/token')
    return { status: 400, text: JSON.stringify({ error: 'invalid_client', error_description: text }) };
  if (path.startsWith('/.well-known/oauth-protected-resource'))
    return {
      status: 200,
      text: JSON.stringify({ resource: `${origin}/guarded`, authorization_servers: [origin] }),
    };
  if (path.startsWith('/.well-known/'))
    return {
      status: 200,
      text: JSON.stringify({
        issuer: origin,
        authorization_endpoint: `${origin}/authorize`,
        token_endpoint: `${origin}/token`,
        response_types_supported: ['code'],
        code_challenge_methods_supported: ['S256'],
        grant_types_supported: ['client_credentials'],
        token_endpoint_auth_methods_supported: ['client_secret_post'],
      }),
    };
  return { status: 200, text: '' };
}

async function openWorld(): Promise<{ url: string; heard: Told[] }> {
  const heard: Told[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const path = request.url ?? '';
      const body = Buffer.concat(chunks).toString('utf8');
      heard.push({ where: `to ${path}`, text: `${JSON.stringify(request.headers)}\n\n${body}` });
      const { status, text } = answerTo(path, {
        origin: `http://${request.headers.host}`,
        text: body,
        key: request.headers['x-api-key'],
      });
      response.writeHead(status, { 'content-type': /^[{]/.test(text) ? 'application/json' : 'text/plain' });
      response.end(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, heard };
}

/** A gateway with a secret in each place of its configuration, in a process of its own, and every ear on it. */
export async function openFarm(secrets: Readonly<Record<string, string>>): Promise<Farm> {
  const { url: world, heard } = await openWorld();
  const mail = await startMailSink({ user: 'gate', password: secrets.smtp ?? '' });
  onTestFinished(() => mail.close());
  const terminal = await openTerminal(MAIN);
  onTestFinished(() => terminal.close());
  const { dir, write } = terminal;
  await write('policies/policy.yaml', POLICY);
  const { mcpServers } = JSON.parse(oracleConfig(join(dir, 'witness.jsonl')));
  const config = {
    policies: './policies',
    tracing: true,
    metrics: { port: 0 },
    outbound: { allow_loopback: true },
    webhooks: { allow: [new URL(world).host, '127.0.0.1:9'] },
    channels: {
      mail: {
        type: 'email',
        smtp: `smtp://gate:${secrets.smtp}@127.0.0.1:${mail.port}`,
        allow_plaintext: true,
        from: 'gate@example.com',
        to: 'oncall@example.com',
      },
      slack: { type: 'slack', url: `${world}/services/${secrets.slack}` },
      ntfy: { type: 'ntfy', url: `${world}/topic`, token: secrets.ntfy },
      gone: { type: 'discord', url: `http://127.0.0.1:9/${secrets.discord}` },
    },
    mcp_servers: {
      ...mcpServers,
      leaky: { command: process.execPath, args: [LEAKY, 'TOKEN'], env: { TOKEN: secrets.env } },
      remote: { url: `${world}/mcp`, headers: { 'x-api-key': secrets.header } },
      guarded: {
        url: `${world}/guarded`,
        auth: {
          type: 'client_credentials',
          client_id: 'gateway',
          client_secret: secrets.client,
          issuer: world,
        },
      },
    },
  };
  const answers = recordAnswers();
  const configFile = await write('countersign.json', JSON.stringify(config));
  const running = terminal.start(['up', '--json', '--port', '0', '--config', configFile]);
  const events = new Map<string, any>();
  while (!events.has('ready') || !events.has('metrics.listening')) {
    const event = JSON.parse(await running.line());
    events.set(event.event, event);
  }
  const { url: metricsUrl } = events.get('metrics.listening');
  return {
    terminal,
    running,
    ready: events.get('ready'),
    metricsUrl,
    world,
    heard,
    mail,
    answers,
    files: () => filesBelow(terminal.dataDir),
  };
}

function filesBelow(folder: string): { name: string; bytes: Buffer }[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry: Dirent) => entry.isFile())
    .map((entry: Dirent) => ({
      name: entry.name,
      bytes: readFileSync(join(entry.parentPath, entry.name)),
    }));
}
