import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { rawHttp, rawRequest, statusOf } from './support/raw-http.ts';
import { type LegacyWire, legacyWire, modernMessage, modernWire, post, type Wire } from './support/wire.ts';

let gateway: TestGateway;
let legacy: LegacyWire;
let modern: Wire;

beforeAll(async () => {
  gateway = await startTestGateway();
  const access = gateway.app.session.mcp;
  legacy = await legacyWire(access);
  modern = modernWire(access);
});

afterAll(() => gateway.close());
afterEach(() => expect(gateway.received(), 'nothing may have run').toHaveLength(0));

describe('a request from elsewhere', () => {
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

  test.each([
    ['tools/call', 'name'],
    ['prompts/get', 'name'],
    ['resources/read', 'uri'],
    ['tasks/get', 'taskId'],
    ['tasks/update', 'taskId'],
    ['tasks/cancel', 'taskId'],
  ])('%s whose body has no %s as text, with Mcp-Name and without it', async (method, member) => {
    const odd = [{}, { [member.toUpperCase()]: 'echo' }, { [`${member}\0`]: 'echo' }, { [member]: ['echo'] }];
    for (const params of [...odd, { [member]: null }]) {
      for (const name of ['echo', undefined]) {
        for (const meta of [{}, { progressToken: 'p' }]) {
          const reply = await modern.request(method, params, {
            id: 'odd',
            meta,
            headers: { 'mcp-name': name },
          });
          expect([reply.status, reply.message.error.code, reply.message.id]).toEqual([400, -32020, 'odd']);
          expect(reply.message.error.message).toContain(`params.${member}`);
        }
      }
    }
  });

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

test('methods that MCP does not use are refused with 405', async () => {
  const { host, port } = new URL(gateway.app.origin);
  const request = { id: 1, method: 'tools/call', params: { name: 'echo', arguments: { text: 'a' } } };
  const { headers } = modernMessage(gateway.app.session.mcp, request);
  for (const method of ['PUT', 'PATCH', 'OPTIONS']) {
    const lines: [string, string][] = [['host', host], ...Object.entries(headers)];
    const answer = await rawHttp(Number(port), rawRequest({ method, target: '/mcp', headers: lines }));
    expect(statusOf(answer)).toBe(405);
  }
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
