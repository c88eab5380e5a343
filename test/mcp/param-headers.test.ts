import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { declaredHeaders, paramHeaderProblem } from '../../src/mcp/param-headers.ts';
import { connectV2 } from '../support/agents.ts';
import { createLibrary, type Library } from '../support/downstreams/library.ts';
import { BASE_POLICY, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { mint } from './support/sessions.ts';
import { legacyWire, modernWire } from './support/wire.ts';

const SCHEMA: JsonObject = {
  type: 'object',
  properties: {
    region: { type: 'string', 'x-mcp-header': 'Region' },
    count: { type: 'integer', 'x-mcp-header': 'Count' },
    where: { type: 'object', properties: { dry: { type: 'boolean', 'x-mcp-header': 'Dry-Run' } } },
    free: { type: 'string' },
  },
};

function schemaWith(more: JsonObject): JsonObject {
  return { ...SCHEMA, properties: { ...(SCHEMA.properties as JsonObject), ...more } };
}

describe('the headers that a definition declares', () => {
  test('are found along properties at any depth', () => {
    expect(declaredHeaders(SCHEMA)).toEqual([
      { path: ['region'], header: 'mcp-param-region', isNumber: false },
      { path: ['count'], header: 'mcp-param-count', isNumber: true },
      { path: ['where', 'dry'], header: 'mcp-param-dry-run', isNumber: false },
    ]);
    expect(declaredHeaders({ type: 'object' })).toEqual([]);
    expect(declaredHeaders(undefined)).toEqual([]);
  });

  const BROKEN: readonly (readonly [string, JsonObject])[] = [
    ['two with one name', schemaWith({ again: { type: 'string', 'x-mcp-header': 'REGION' } })],
    ['a name that is no token', schemaWith({ bad: { type: 'string', 'x-mcp-header': 'a b' } })],
    ['a line break in a name', schemaWith({ bad: { type: 'string', 'x-mcp-header': 'a\r\nx: y' } })],
    ['an object', schemaWith({ bad: { type: 'object', 'x-mcp-header': 'Bad' } })],
    ['no type', schemaWith({ bad: { 'x-mcp-header': 'Bad' } })],
    [
      'one below items',
      schemaWith({ list: { type: 'array', items: { type: 'string', 'x-mcp-header': 'Bad' } } }),
    ],
    [
      'one below anyOf',
      { ...SCHEMA, anyOf: [{ properties: { a: { type: 'string', 'x-mcp-header': 'Bad' } } }] },
    ],
    ['one in $defs', { ...SCHEMA, $defs: { a: { type: 'string', 'x-mcp-header': 'Bad' } } }],
    ['one at the root', { ...SCHEMA, 'x-mcp-header': 'Bad' }],
  ];
  test.each(BROKEN)('are none at all with %s', (_, schema) => {
    expect(declaredHeaders(schema)).toEqual([]);
  });
});

describe('a call’s headers', () => {
  const declared = declaredHeaders(SCHEMA);
  const AGREE: readonly (readonly [string, JsonObject, Record<string, string>])[] = [
    ['plain text', { region: 'eu' }, { 'mcp-param-region': 'eu' }],
    [
      'text in Base64',
      { region: 'zürich' },
      { 'mcp-param-region': `=?base64?${Buffer.from('zürich').toString('base64')}?=` },
    ],
    ['an empty text', { region: '' }, { 'mcp-param-region': '' }],
    ['equal numbers written differently', { count: 42 }, { 'mcp-param-count': '42.0' }],
    ['a boolean below', { where: { dry: true } }, { 'mcp-param-dry-run': 'true' }],
    ['nothing for nothing', {}, {}],
    ['null needs no header', { region: null }, {}],
    ['a header for an absent argument', {}, { 'mcp-param-region': 'eu' }],
    ['a header that nobody declared', {}, { 'mcp-param-other': 'x' }],
  ];
  test.each(AGREE)('agree: %s', (_, args, headers) => {
    expect(paramHeaderProblem(declared, args, headers)).toBeUndefined();
  });

  const DISAGREE: readonly (readonly [string, JsonObject, Record<string, string>, string])[] = [
    ['none is there', { region: 'eu' }, {}, 'its header mcp-param-region is not'],
    [
      'another text',
      { region: 'eu' },
      { 'mcp-param-region': 'us' },
      'does not say what arguments.region says',
    ],
    ['another case', { region: 'eu' }, { 'mcp-param-region': 'EU' }, 'does not say'],
    ['another number', { count: 42 }, { 'mcp-param-count': '43' }, 'does not say'],
    ['a number in another notation', { count: 16 }, { 'mcp-param-count': '0x10' }, 'does not say'],
    ['broken Base64', { region: 'eu' }, { 'mcp-param-region': '=?base64?ZX?=' }, 'is not Base64'],
    ['Base64 of no UTF-8', { region: 'eu' }, { 'mcp-param-region': '=?base64?/w==?=' }, 'is not Base64'],
    [
      'one of two',
      { region: 'eu', where: { dry: false } },
      { 'mcp-param-region': 'eu' },
      'arguments.where.dry',
    ],
  ];
  test.each(DISAGREE)('disagree: %s', (_, args, headers, words) => {
    expect(paramHeaderProblem(declared, args, headers)).toContain(words);
  });
});

describe('at the gateway', () => {
  let gateway: TestGateway;
  let library: Library;

  beforeAll(async () => {
    library = createLibrary({ tools: [{ name: 'deploy', inputSchema: SCHEMA }] });
    const policy = `${BASE_POLICY}  - { id: library, match: { tools: ["library/*"] }, effect: allow }\n`;
    gateway = await startTestGateway({ policy, servers: { library: library.entry } });
  });

  afterAll(async () => {
    await gateway.close();
    library.remove();
  });

  const params = { name: 'deploy', arguments: { region: 'eu', free: 'x' } };

  test('a call whose header is missing or says otherwise is refused with 400 and -32020, on either lane', async () => {
    const wire = modernWire(gateway.app.session.mcp);
    for (const meta of [{}, { progressToken: 1 }]) {
      for (const headers of [{}, { 'mcp-param-region': 'us' }]) {
        const reply = await wire.request('tools/call', params, { id: 'h', meta, headers });
        expect([reply.status, reply.message.id, reply.message.error.code]).toEqual([400, 'h', -32020]);
        expect(reply.message.error.message).toContain('arguments.region');
      }
      const headers = { 'mcp-param-region': 'eu' };
      const right = await wire.request('tools/call', params, { meta, headers });
      expect(right.message.result.content[0].text).toBe('called deploy');
    }
    expect(library.requests('tools/call')).toHaveLength(2);
  });

  test('the earlier revisions know no such headers', async () => {
    const reply = await (await legacyWire(gateway.app.session.mcp)).request('tools/call', params);
    expect(reply.message.result.content[0].text).toBe('called deploy');
  });

  test('a tool outside the scope is unknown, whatever its headers', async () => {
    const session = await mint(gateway, { tools: ['oracle/*'] });
    const reply = await modernWire(session.access).request('tools/call', params);
    expect(reply.message.error).toMatchObject({ code: -32602, data: { code: 'not_found' } });
  });

  test('the SDK’s client sends them by itself', async () => {
    const client = await connectV2(gateway.app.session.mcp, 'modern');
    await client.listTools();
    const args = { region: 'zürich', count: 3, where: { dry: true } };
    const result: any = await client.callTool({ name: 'deploy', arguments: args });
    expect(result.content[0].text).toBe('called deploy');
    await client.close();
  });
});
