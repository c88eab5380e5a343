import { createServer, type RequestListener, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Browser, FrameLocator, Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import type { McpAccess } from '../../support/agents.ts';

const PAGE = fileURLToPath(new URL('./card-host-page.ts', import.meta.url));

/** A chat in a browser that shows cards, each in a sandbox on an origin of its own (SEP-1865, Sandbox proxy). */
export interface CardHost {
  readonly page: Page;
  readonly card: FrameLocator;
  /** Errors and violations of any policy, on the page and in its frames. */
  readonly faults: string[];
  /** Every address outside this machine's own pages that was asked for. */
  readonly strayed: string[];
  /** Calls a tool with its card beside it; gives the tool's result. */
  call(name: string, args: object, more?: object): Promise<any>;
  /** Runs one expression on the page, where `chat` is the host. */
  run(expression: string): Promise<any>;
}

let bundled: Promise<string> | undefined;

async function bundle(): Promise<string> {
  const { build } = await import('vite');
  const built = await build({
    configFile: false,
    logLevel: 'error',
    define: { 'process.env.NODE_ENV': '"production"' },
    build: { write: false, minify: false, lib: { entry: PAGE, formats: ['es'], fileName: 'host' } },
  });
  const [first] = Array.isArray(built) ? built : [built];
  if (first === undefined || !('output' in first)) throw new Error('the host page could not be built');
  return first.output[0].code;
}

/** What a host makes of a card's metadata (SEP-1865, Host Behavior): these sources and no others. */
function policyOf(csp: Readonly<Record<string, string[] | undefined>>): string {
  const from = (domains: string[] = [], none = "'none'") => (domains.length === 0 ? none : domains.join(' '));
  return [
    "default-src 'none'",
    `script-src 'self' 'unsafe-inline' ${from(csp.resourceDomains, '')}`,
    `style-src 'self' 'unsafe-inline' ${from(csp.resourceDomains, '')}`,
    `connect-src ${from(csp.connectDomains)}`,
    `frame-src ${from(csp.frameDomains, "'self'")}`,
    `base-uri ${from(csp.baseUriDomains, "'self'")}`,
  ].join('; ');
}

const SANDBOX = `<!doctype html><style>html, body { margin: 0; height: 100% } iframe { border: 0; width: 100%; height: 100% }</style><script>
const inner = document.createElement('iframe');
inner.sandbox = 'allow-scripts';
addEventListener('message', ({ source, data }) => {
  if (source === inner.contentWindow) parent.postMessage(data, '*');
  else if (source !== parent) return;
  else if (data.method === 'ui/notifications/sandbox-resource-ready') {
    inner.srcdoc = data.params.html;
    document.body.append(inner);
  } else inner.contentWindow?.postMessage(data, '*');
});
addEventListener('load', () =>
  parent.postMessage({ jsonrpc: '2.0', method: 'ui/notifications/sandbox-proxy-ready', params: {} }, '*'));
</script><body></body>`;

async function listen(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** The chat's own server: its page, and the way to the gateway, with the credential that the browser never sees. */
function chatServer(access: McpAccess, sandboxOrigin: string, script: string): RequestListener {
  const page = `<!doctype html><meta name="color-scheme" content="light dark"><style>iframe { width: 30rem; max-width: 100%; border: 1px solid #8888; border-radius: 0.5rem }</style><body><script>window.sandboxOrigin = '${sandboxOrigin}';</script><script type="module" src="/host.js"></script></body>`;
  return (message, response) => {
    if (message.url === '/host.js')
      response.writeHead(200, { 'content-type': 'text/javascript; charset=utf-8' }).end(script);
    else if (message.url !== '/mcp') response.writeHead(200, { 'content-type': 'text/html' }).end(page);
    else {
      const { origin, referer, host, ...headers } = message.headers;
      const onward = request(access.url, {
        method: message.method ?? 'GET',
        headers: { ...headers, ...access.headers },
      });
      onward.on('response', (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      onward.on('error', () => response.destroy());
      response.on('close', () => onward.destroy());
      message.pipe(onward);
    }
  };
}

/** Opens a chat that is connected to the gateway; with `opensPages` it is asked to open pages when a call is held. */
export async function openCardHost(
  browser: Browser,
  access: McpAccess,
  { era = 'modern', opensPages = false }: { era?: 'legacy' | 'modern'; opensPages?: boolean } = {},
): Promise<CardHost> {
  bundled ??= bundle();
  const sandboxPort = await listen(({ url = '/' }, response) => {
    const csp = new URL(url, 'http://sandbox.test').searchParams.get('csp') ?? '{}';
    const headers = {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policyOf(JSON.parse(csp)),
    };
    response.writeHead(200, headers).end(SANDBOX);
  });
  // One address by two names: two origins, as for a chat and its sandbox.
  const sandboxOrigin = `http://127.0.0.1:${sandboxPort}`;
  const port = await listen(chatServer(access, sandboxOrigin, await bundled));
  const context = await browser.newContext({ viewport: { width: 640, height: 720 } });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  // Time goes on as ever, and can be put forward.
  await page.clock.install();
  const faults: string[] = [];
  const strayed: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('request', (one) => {
    const { origin, protocol } = new URL(one.url());
    const own = [`http://localhost:${port}`, sandboxOrigin].includes(origin) || protocol === 'about:';
    if (!own) strayed.push(one.url());
  });
  await page.goto(`http://localhost:${port}/`);
  await page.waitForFunction('window.chat !== undefined');
  await page.evaluate(`chat.connect('${era}', ${opensPages})`);
  const run = (expression: string): Promise<any> => page.evaluate(expression);
  return {
    page,
    card: page.frameLocator('iframe').frameLocator('iframe'),
    faults,
    strayed,
    run,
    call: (name, args, more = {}) =>
      run(`chat.call(${JSON.stringify(name)}, ${JSON.stringify(args)}, ${JSON.stringify(more)})`),
  };
}
