import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createOutbound, type OutboundRequest } from '../../src/http/outbound.ts';

const LIMITS = { method: 'GET', maxBytes: 1_000, timeoutMs: 5_000 } as const;
const strict = createOutbound({ allowLoopback: false });
const lax = createOutbound({ allowLoopback: true });
const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A server on this machine that counts what reaches it. */
async function serve(answer: RequestListener): Promise<{ port: number; hits: () => number }> {
  const seen = { hits: 0 };
  const server = createServer((request, response) => {
    seen.hits += 1;
    answer(request, response);
  });
  server.on('connection', () => {
    seen.hits += 1;
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, hits: () => seen.hits };
}

const get = (url: string, change: Partial<OutboundRequest> = {}) => strict({ ...LIMITS, url, ...change });

describe('a request to an address that a stranger chose', () => {
  it.each([
    'https://127.0.0.1:PORT/',
    'https://127.1:PORT/',
    'https://2130706433:PORT/',
    'https://0x7f.0.0.1:PORT/',
    'https://0177.0.0.1:PORT/',
    'https://localhost:PORT/',
    'https://[::1]:PORT/',
    'https://[::]:PORT/',
    'https://0.0.0.0:PORT/',
    'https://[::ffff:127.0.0.1]:PORT/',
    'https://[::ffff:7f00:1]:PORT/',
    'https://[64:ff9b::7f00:1]:PORT/',
    'https://[2002:7f00:1::]:PORT/',
    'https://[fe80::1]:PORT/',
    'https://[fc00::1]:PORT/',
    'https://10.0.0.1:PORT/',
    'https://172.16.0.1:PORT/',
    'https://192.168.0.1:PORT/',
    'https://169.254.169.254:PORT/latest/meta-data',
    'https://100.64.0.1:PORT/',
    'https://224.0.0.1:PORT/',
    'https://255.255.255.255:PORT/',
  ])('never connects to %s', async (template) => {
    const { port, hits } = await serve((_, response) => response.end('secret'));
    await expect(get(template.replace('PORT', String(port)))).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining('is not a public address'),
    });
    expect(hits()).toBe(0);
  });

  it.each([
    'http://example.com/',
    'ftp://example.com/',
    'file:///etc/passwd',
    'data:application/json,{}',
    'https://user:secret@example.com/',
    'not a url',
    '',
  ])('is refused before any lookup for %j', async (url) => {
    const refused = { code: 'invalid_request', message: expect.stringMatching(/^url: expected/) };
    await expect(get(url)).rejects.toMatchObject(refused);
  });

  it('does not say in its refusal where a name led', async () => {
    const refused = await get('https://localhost:1/').catch((error: Error) => error.message);
    expect(refused).toBe('url: localhost:1 is not a public address');
  });
});

describe('an answer', () => {
  const at = (port: number, change: Partial<OutboundRequest> = {}) =>
    lax({ ...LIMITS, url: `http://127.0.0.1:${port}/`, ...change });

  it('comes with its status, its type and its bytes', async () => {
    const { port } = await serve((request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ method: request.method, accept: request.headers.accept }));
    });
    const { status, contentType, body } = await at(port, { headers: { accept: 'application/json' } });
    expect([status, contentType]).toEqual([200, 'application/json']);
    expect(JSON.parse(Buffer.from(body).toString())).toEqual({ method: 'GET', accept: 'application/json' });
  });

  it('that redirects is an answer, and nobody follows it', async () => {
    const target = await serve((_, response) => response.end('secret'));
    const { port } = await serve((_, response) => {
      response.writeHead(302, { location: `http://127.0.0.1:${target.port}/` });
      response.end();
    });
    expect((await at(port)).status).toBe(302);
    expect(target.hits()).toBe(0);
  });

  it('that is longer than allowed is a failure, whether it says so or not', async () => {
    for (const chunked of [true, false]) {
      const { port } = await serve((_, response) => {
        if (!chunked) response.setHeader('content-length', '1001');
        response.write('x'.repeat(1_000));
        response.end('x');
      });
      await expect(at(port)).rejects.toThrow('is longer than 1000 bytes');
    }
  });

  it('that does not come, or does not end, is a failure when its time is up', async () => {
    const silent = await serve(() => undefined);
    await expect(at(silent.port, { timeoutMs: 50 })).rejects.toThrow('did not answer in time');
    const endless = await serve((_, response) => void response.write('x'));
    await expect(at(endless.port, { timeoutMs: 50 })).rejects.toThrow('did not answer in time');
  });

  it('that switches to another protocol is a failure, and nobody waits for more', async () => {
    const raw = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () =>
        socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'),
      );
    });
    await new Promise<void>((done) => raw.listen(0, '127.0.0.1', done));
    closers.push(() => raw.close());
    const { port } = raw.address() as AddressInfo;
    await expect(at(port, { timeoutMs: 500 })).rejects.toThrow('cannot be reached');
  });

  it('from nobody is a failure', async () => {
    const { port } = await serve(() => undefined);
    for (const close of closers.splice(0)) close();
    await expect(at(port)).rejects.toThrow('cannot be reached');
  });

  it('to what was posted has seen exactly that', async () => {
    const { port } = await serve((request, response) => void request.pipe(response));
    const { body } = await at(port, { method: 'POST', body: '{"a":1}' });
    expect(Buffer.from(body).toString()).toBe('{"a":1}');
  });
});

it('the exception for this machine reaches no other private address', async () => {
  for (const url of ['http://10.0.0.1/', 'http://169.254.169.254/', 'http://[fe80::1]/', 'http://0.0.0.0/'])
    await expect(lax({ ...LIMITS, url })).rejects.toThrow('is not a public address');
});

it('what an operator lists is reached without TLS, by exactly that host and port', async () => {
  const { port } = await serve((_, response) => response.end('inside'));
  const listed = createOutbound({ allowLoopback: false, allow: [`127.0.0.1:${port}`] });
  expect((await listed({ ...LIMITS, url: `http://127.0.0.1:${port}/in` })).status).toBe(200);
  for (const url of [`http://localhost:${port}/`, `http://127.0.0.1:${port + 1}/`])
    await expect(listed({ ...LIMITS, url })).rejects.toThrow('url: expected https');
  for (const url of [`https://localhost:${port}/`, `https://127.0.0.1:${port + 1}/`])
    await expect(listed({ ...LIMITS, url })).rejects.toThrow('is not a public address');
});
