import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { ENVELOPE, type LegacyWire, legacyWire, modernMessage, modernWire, post } from './support/wire.ts';

let gateway: TestGateway;
let legacy: LegacyWire;

beforeAll(async () => {
  gateway = await startTestGateway();
  legacy = await legacyWire(gateway.app.session.mcp);
});

afterAll(() => gateway.close());

const META = JSON.stringify(ENVELOPE);
const HOSTILE: readonly (readonly [string, string])[] = [
  ['the same key twice at the top', '{"jsonrpc":"2.0","id":1,"id":2,"method":"tools/call","params":PARAMS}'],
  ['a method given twice', '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call","params":PARAMS}'],
  ['the same key twice in arguments', CALL('{"text":"a","text":"b"}')],
  ['the same key twice, once escaped', CALL('{"text":"a","\\u0074ext":"b"}')],
  ['the same key twice deep down', CALL('{"text":"a","list":[{"deep":{"k":1,"k":2}}]}')],
  ['an integer beyond 2^53', CALL('{"text":9007199254740993}')],
  ['a number beyond a double', CALL('{"text":1e400}')],
  ['negative zero', CALL('{"text":-0}')],
  ['__proto__', CALL('{"__proto__":{"approved":true}}')],
  ['an escaped __proto__', CALL('{"\\u005f_proto__":{"approved":true}}')],
  ['a lone surrogate', CALL('{"text":"\\ud800"}')],
  ['nesting of ten thousand levels', CALL(`{"text":${'['.repeat(10_000)}${']'.repeat(10_000)}}`)],
  ['nothing at all', ''],
  ['text after the end', `${CALL('{"text":"a"}')} x`],
  ['a comment', CALL('{"text":"a"/* b */}')],
];

function CALL(args: string): string {
  return `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":${args},"_meta":META}}`;
}

function bodies(text: string) {
  const params = '{"name":"echo","arguments":{"text":"a"},"_meta":META}';
  const whole = text.replace('PARAMS', params);
  const headers = modernMessage(gateway.app.session.mcp, {
    id: 1,
    method: 'tools/call',
    params: { name: 'echo' },
  }).headers;
  return [
    { era: 'modern', headers, body: whole.replace('META', META) },
    { era: 'legacy', headers: legacy.headers, body: whole.replace('META', '{}') },
  ];
}

describe('what JSON cannot carry faithfully is refused with 400 and runs nothing', () => {
  test.each(HOSTILE)('%s', async (_, text) => {
    const before = gateway.received().length;
    for (const { headers, body } of bodies(text)) {
      const reply = await post(gateway.app.session.mcp.url, { headers, body });
      expect(reply.status).toBe(400);
      expect(reply.message.error.code).toBe(-32700);
      expect(reply.message.error.message).toMatch(/^JSON refused at offset \d+: /);
    }
    expect(gateway.received()).toHaveLength(before);
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(({} as Record<string, unknown>).approved).toBeUndefined();
  });

  test('bytes that are not UTF-8', async () => {
    for (const { headers, body } of bodies(CALL('{"text":"\u00ff"}'))) {
      const bytes = Buffer.from(body, 'latin1');
      const reply = await post(gateway.app.session.mcp.url, { headers, body: bytes });
      expect([reply.status, reply.message.error.code]).toEqual([400, -32700]);
    }
    expect(gateway.received()).toHaveLength(0);
  });
});

describe('members that only look like the right ones are not them', () => {
  const LOOKALIKES: readonly (readonly [string, string])[] = [
    ['Name for name', '{"Name":"echo","arguments":{"text":"a"},"_meta":META}'],
    ['name with a null character', '{"name\\u0000":"echo","arguments":{"text":"a"},"_meta":META}'],
    ['a name that is a list', '{"name":["echo"],"arguments":{"text":"a"},"_meta":META}'],
  ];
  test.each(LOOKALIKES)('%s is refused', async (_, params) => {
    for (const { headers, body } of bodies(
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":PARAMS}'.replace('PARAMS', params),
    )) {
      const reply = await post(gateway.app.session.mcp.url, { headers, body });
      const isModern = headers['mcp-protocol-version'] === '2026-07-28';
      expect([reply.status, reply.message.error.code]).toEqual(isModern ? [400, -32020] : [200, -32602]);
    }
    expect(gateway.received()).toHaveLength(0);
  });

  test('paramſ for params leaves the call without a name, and is refused', async () => {
    const text = '{"jsonrpc":"2.0","id":1,"method":"tools/call","paramſ":PARAMS}';
    for (const { headers, body } of bodies(text)) {
      const reply = await post(gateway.app.session.mcp.url, { headers, body });
      expect(reply.status).toBe(400);
    }
    expect(gateway.received()).toHaveLength(0);
  });

  test('tool names with another case, a look-alike letter or a space around do not match', async () => {
    for (const name of ['Echo', 'еcho', ' echo', 'echo ', 'echo\u200b', 'oracle/echo', 'oracle.echo']) {
      const named = { 'mcp-name': `=?base64?${Buffer.from(name).toString('base64')}?=` };
      for (const wire of [legacy, modernWire(gateway.app.session.mcp)]) {
        const more = wire.era === 'modern' ? { headers: named } : {};
        const reply = await wire.request('tools/call', { name, arguments: { text: 'a' } }, more);
        expect(reply.message.error).toMatchObject({ code: -32602, data: { code: 'not_found' } });
      }
    }
    expect(gateway.received()).toHaveLength(0);
  });
});

test('a batch is refused whole, in both eras', async () => {
  const one = CALL('{"text":"a"}');
  for (const { headers, body } of bodies(`[${one},${one}]`)) {
    const reply = await post(gateway.app.session.mcp.url, { headers, body: body.replaceAll('META', '{}') });
    expect([reply.status, reply.message.error.code]).toEqual([400, -32600]);
    expect(reply.message.error.message).toContain('send one message in each request');
  }
  expect(gateway.received()).toHaveLength(0);
});

test('arguments of the wrong shape and a missing name are told with the field and what was expected', async () => {
  const wrong = await legacy.request('tools/call', { name: 'echo', arguments: ['a'] });
  expect(wrong.message.error).toMatchObject({ code: -32602, data: { code: 'invalid_request' } });
  expect(wrong.message.error.message).toBe('params.arguments: expected an object, such as {}');
  const missing = await legacy.request('tools/call', { arguments: {} });
  expect(missing.message.error.message).toBe('params.name: expected the name of a tool, as text');
  const unknown = await legacy.request('tools/call', { name: 'no_such_tool', arguments: {} });
  expect(unknown.message.error.message).toBe(
    'Unknown tool: no_such_tool. List the tools to see which this session may call.',
  );
  expect(gateway.received()).toHaveLength(0);
});
