import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { rawHttp, rawRequest, statusOf } from './support/raw-http.ts';
import { type LegacyWire, legacyWire, modernMessage, modernWire, post, type Wire } from './support/wire.ts';

let gateway: TestGateway;
let legacy: LegacyWire;
let modern: Wire;
let port: number;
let host: string;
let bearer: string;

beforeAll(async () => {
  gateway = await startTestGateway();
  const access = gateway.app.session.mcp;
  legacy = await legacyWire(access);
  modern = modernWire(access);
  ({ host } = new URL(gateway.app.origin));
  port = Number(new URL(gateway.app.origin).port);
  bearer = access.headers.Authorization ?? '';
});

afterAll(() => gateway.close());
afterEach(() => expect(gateway.received(), 'nothing may have run').toHaveLength(0));

/** A modern call of echo as raw header lines and a body. */
function rawCall() {
  const request = { id: 1, method: 'tools/call', params: { name: 'echo', arguments: { text: 'a' } } };
  const { headers, body } = modernMessage(gateway.app.session.mcp, request);
  return { lines: [['host', host], ...Object.entries(headers)] as [string, string][], body };
}

async function sendRaw(change: (lines: [string, string][]) => [string, string][], target = '/mcp') {
  const { lines, body } = rawCall();
  return rawHttp(port, rawRequest({ target, headers: change(lines), body }));
}

describe('a request from elsewhere', () => {
  test.each(['evil.example', 'localhost.evil.example', '127.0.0.1', 'localhost:1', '[::1]'])(
    'is refused with 403 when its Host is %s',
    async (wrong) => {
      const answer = await sendRaw((lines) =>
        lines.map(([name, value]) => [name, name === 'host' ? wrong : value]),
      );
      expect(statusOf(answer)).toBe(403);
      expect(answer).toContain('allowed_hosts');
    },
  );

  test.each(['https://evil.example', 'null', 'http://localhost', 'file://', 'http://localhost:1'])(
    'is refused with 403 when its Origin is %s',
    async (origin) => {
      const answer = await sendRaw((lines) => [...lines, ['origin', origin]]);
      expect(statusOf(answer)).toBe(403);
      expect(answer).toContain('allowed_origins');
      expect(answer.toLowerCase()).not.toContain('access-control-allow');
    },
  );

  test.each(['host', 'origin', 'authorization'])(
    'is refused with 400 when %s stands there twice',
    async (name) => {
      const own: Record<string, string> = { host, origin: gateway.app.origin, authorization: bearer };
      const value = own[name] ?? '';
      const answer = await sendRaw((lines) => [
        ...lines.filter(([one]) => one.toLowerCase() !== name),
        [name, value],
        [name, value],
      ]);
      expect([400, 403]).toContain(statusOf(answer));
    },
  );

  test('is refused when a page sends it as plain text, as pages may without asking first', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'text/plain; application/json',
    ]) {
      for (const wire of [modern, legacy]) {
        const headers = { 'content-type': type };
        const reply = await wire.request(
          'tools/call',
          { name: 'echo', arguments: { text: 'a' } },
          { headers },
        );
        expect(reply.status).toBe(415);
      }
    }
  });

  test('gets no CORS permission, whatever it asks for', async () => {
    for (const origin of [gateway.app.origin, 'https://evil.example']) {
      const answer = await rawHttp(
        port,
        rawRequest({
          method: 'OPTIONS',
          target: '/mcp',
          headers: [
            ['host', host],
            ['origin', origin],
            ['access-control-request-method', 'POST'],
          ],
        }),
      );
      expect(statusOf(answer)).toBeGreaterThanOrEqual(400);
      expect(answer.toLowerCase()).not.toContain('access-control');
    }
  });
});

describe('headers that disagree with the body of a 2026-07-28 request are refused with 400', () => {
  const call = { name: 'echo', arguments: { text: 'a' } };
  test.each([
    ['Mcp-Method names another method', { 'mcp-method': 'tools/list' }, -32020],
    ['Mcp-Method is missing', { 'mcp-method': undefined }, -32020],
    ['Mcp-Name names another tool', { 'mcp-name': 'pay' }, -32020],
    ['Mcp-Name is missing', { 'mcp-name': undefined }, -32020],
    ['Mcp-Name differs in case', { 'mcp-name': 'Echo' }, -32020],
    ['the version header names another revision', { 'mcp-protocol-version': '2025-11-25' }, -32020],
    ['the version header is missing', { 'mcp-protocol-version': undefined }, -32020],
    ['the version header is nonsense', { 'mcp-protocol-version': '1' }, -32020],
  ])('%s', async (_, headers, code) => {
    const reply = await modern.request('tools/call', call, { headers });
    expect([reply.status, reply.message.error.code]).toEqual([400, code]);
  });

  test.each(['mcp-method', 'mcp-name', 'mcp-protocol-version', 'mcp-session-id', 'mcp-param-x'])(
    '%s stands there twice, even with the same value',
    async (name) => {
      const answer = await sendRaw((lines) => {
        const own = lines.find(([one]) => one === name)?.[1] ?? 'x';
        return [...lines.filter(([one]) => one !== name), [name, own], [name, own]];
      });
      expect(statusOf(answer)).toBe(400);
      expect(answer).toContain('-32020');
    },
  );

  test('an unknown revision is answered with what is supported', async () => {
    const meta = { 'io.modelcontextprotocol/protocolVersion': '2099-01-01' };
    const headers = { 'mcp-protocol-version': '2099-01-01' };
    const reply = await modern.request('tools/call', call, { meta, headers });
    expect(reply.status).toBe(400);
    expect(reply.message.error).toMatchObject({ code: -32022, data: { supported: ['2026-07-28'] } });
  });
});

describe('legacy requests', () => {
  test('an unknown revision in the header is refused with 400', async () => {
    const headers = { 'mcp-protocol-version': '1999-01-01' };
    const reply = await legacy.request('tools/call', { name: 'echo', arguments: {} }, { headers });
    expect(reply.status).toBe(400);
  });

  test('an unknown Mcp-Session-Id is answered with 404, and none at all with 400', async () => {
    const params = { name: 'echo', arguments: { text: 'a' } };
    const unknown = await legacy.request('tools/call', params, { headers: { 'mcp-session-id': 'mcp_none' } });
    expect([unknown.status, unknown.message.error.code]).toEqual([404, -32001]);
    const none = await legacy.request('tools/call', params, { headers: { 'mcp-session-id': undefined } });
    expect(none.status).toBe(400);
    expect(none.message.error.message).toContain('send initialize first');
  });

  test('a client that does not accept both JSON and event streams is refused with 406', async () => {
    const headers = { accept: 'application/json' };
    const reply = await legacy.request('tools/call', { name: 'echo', arguments: { text: 'a' } }, { headers });
    expect(reply.status).toBe(406);
  });
});

describe('sizes', () => {
  test('a declared body over the limit is refused with 413 before it is sent', async () => {
    const { lines } = rawCall();
    const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    const answer = await rawHttp(port, `POST /mcp HTTP/1.1\r\n${head}content-length: 52428800\r\n\r\n`);
    expect(statusOf(answer)).toBe(413);
    expect(answer.toLowerCase()).toContain('connection: close');
  });

  test('a chunked body over the limit is refused with 413, and is not kept', async () => {
    const { headers } = modernMessage(gateway.app.session.mcp, {
      id: 1,
      method: 'tools/call',
      params: { name: 'echo' },
    });
    const chunk = new Uint8Array(256 * 1024).fill(0x20);
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += chunk.length;
        if (sent > 50 * 1024 * 1024) controller.close();
        else controller.enqueue(chunk);
      },
    });
    const before = process.memoryUsage().arrayBuffers;
    const answered = await fetch(gateway.app.session.mcp.url, {
      method: 'POST',
      headers,
      body,
      duplex: 'half',
    }).then(
      (response) => response.status,
      () => 'cut',
    );
    expect([413, 'cut']).toContain(answered);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(30 * 1024 * 1024);
  });

  test('headers over 16 KiB are refused with 431', async () => {
    const answer = await sendRaw((lines) => [...lines, ['x-long', 'a'.repeat(20_000)]]);
    expect(statusOf(answer)).toBe(431);
  });
});

describe('paths', () => {
  test.each([
    '//mcp',
    '/mcp/',
    '/mcp//',
    '/MCP',
    '/mcp%2f',
    '/%6dcp',
    '/mcp/../mcp',
    '/x/../mcp',
    '/mcp;x',
    '/mcp/..%2fmcp',
    '/mcp%00',
    '/v1/../mcp',
  ])('%s never reaches a tool', async (target) => {
    const answer = await sendRaw((lines) => lines, target);
    expect(statusOf(answer)).toBeGreaterThanOrEqual(400);
  });

  test('a token in the query string is not a token', async () => {
    const token = bearer.slice('Bearer '.length);
    const answer = await sendRaw(
      (lines) => lines.filter(([name]) => name.toLowerCase() !== 'authorization'),
      `/mcp?token=${token}`,
    );
    expect(statusOf(answer)).toBe(401);
    expect(answer).not.toContain(token);
  });

  test('methods that MCP does not use are refused with 405', async () => {
    for (const method of ['PUT', 'PATCH', 'OPTIONS']) {
      const { lines } = rawCall();
      const answer = await rawHttp(port, rawRequest({ method, target: '/mcp', headers: lines }));
      expect(statusOf(answer)).toBe(405);
    }
  });
});

test('line breaks in what an agent sends cannot forge an event of a stream', async () => {
  const name = 'x\r\n\r\ndata: {"forged":true}\n\n';
  const reply = await legacy.request(
    'tools/call',
    { name, arguments: {} },
    { meta: { progressToken: 'p\n\ndata: 1' } },
  );
  expect(reply.headers.get('content-type')).toContain('text/event-stream');
  expect(reply.messages).toHaveLength(1);
  expect(reply.message.error.message).toContain('Unknown tool');
});

test('an answer may not be stored or sniffed', async () => {
  for (const reply of [
    await modern.request('tools/list'),
    await legacy.request('tools/list'),
    await legacy.request('resources/list'),
    await post(`${gateway.app.origin}/mcp/none`, { headers: {}, body: '' }),
  ]) {
    expect(reply.headers.get('cache-control')).toBe('no-store');
    expect(reply.headers.get('x-content-type-options')).toBe('nosniff');
  }
});
