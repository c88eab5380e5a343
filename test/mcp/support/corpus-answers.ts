import type { JsonObject } from '../../../src/core/json.ts';
import type { Era } from '../../../src/mcp/request.ts';

const object = { type: 'object' };
/** What generators of schemas write for a Rust `u64`; no double holds it. */
const LARGEST_UNSIGNED = '18446744073709551615';

/** Tools whose definitions hold what no specification names, and as many plain ones as a large server has. */
export const TOOLS: readonly JsonObject[] = [
  {
    name: 'definition_unknown_members',
    title: 'Ünïcode 名前 \u2028\u2029 👩‍👩‍👧 e\u0301',
    description: 'line\nbreak\ttab "quotes" \\ \u202e bidi \u200b zero width \u{e0041} tag \u0000 null',
    icons: [
      {
        src: 'https://example.com/i.svg',
        mimeType: 'image/svg+xml',
        sizes: ['any'],
        theme: 'dark',
        'x-y': 1,
      },
      { src: 'data:image/png;base64,AAAA' },
    ],
    inputSchema: object,
    annotations: { title: 'x', readOnlyHint: false, openWorldHint: true, 'vendor/hint': { deep: [null] } },
    _meta: { 'vendor.example/meta': { nested: [1, 2, [3, [4]]] }, plain: null },
    'x-unknown': { kept: true, '': 'an empty key' },
  },
  {
    name: 'definition_unknown_keywords',
    inputSchema: {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: 'https://example.com/schemas/x',
      $comment: 'kept',
      $vocabulary: { 'https://example.com/vocab': true },
      type: 'object',
      $defs: { leaf: { type: 'string', 'x-vendor': [1, null, { deep: true }], contentEncoding: 'base64' } },
      properties: {
        a: { $ref: '#/$defs/leaf' },
        b: { oneOf: [{ const: 1 }, { const: null }], 'x-order': 2 },
        c: { $dynamicRef: '#node', examples: [{}, [], ''], deprecated: true },
        'with space': {},
      },
      patternProperties: { '^x-\\d+$': { type: ['string', 'null'] } },
      dependentSchemas: { a: { required: ['b'] } },
      if: { properties: { a: { const: 'x' } } },
      then: { minProperties: 2 },
      unevaluatedProperties: false,
      propertyOrder: ['b', 'a'],
    },
    outputSchema: { type: 'object', properties: { n: { type: 'number' } }, 'x-unknown': [{ kept: true }] },
  },
  {
    name: 'definition_numbers',
    inputSchema: {
      type: 'object',
      properties: {
        unsigned: { type: 'integer', minimum: 0, maximum: Number(LARGEST_UNSIGNED) },
        small: { multipleOf: 1e-7, default: 5e-324, maximum: 1.7976931348623157e308 },
      },
    },
  },
  ...Array.from({ length: 1_000 }, (_, index) => ({
    name: `plain_${String(index).padStart(4, '0')}`,
    description: `Plain tool ${index}.`,
    inputSchema: object,
  })),
];

/** Raw result texts by the name of the tool that answers with them. */
export const RESULTS: Readonly<Record<string, string>> = {
  result_spellings:
    '{ "content" : [{"type":"text","text":"\\u0041\\ud83d\\ude00\\/","annotations":{"priority":0.10}}] , "isError" : false }',
  result_numbers:
    '{"content":[],"structuredContent":{"big":123456789012345678901234567890,"over":9007199254740993,"zero":-0,"exp":1E+2,"one":1.0,"tiny":1e-400,"precise":0.1000000000000000055511151231257827}}',
  result_blocks:
    '{"content":[{"type":"text","text":"known","extra":{"kept":[1]},"_meta":{"v/x":1}},{"type":"image","data":"AAAA","mimeType":"image/png","annotations":{"audience":["user"],"vendor/key":{"a":null}}},{"type":"resource_link","uri":"x:y","name":"n","icons":[{"src":"data:,"}],"size":3},{"type":"resource","resource":{"uri":"x:y","text":"t","_meta":{"k":1},"x":2}}]}',
  result_unknown_blocks:
    '{"content":[{"type":"vendor/hologram","frames":[[0.5,1e-3]],"nested":{"type":"text"}},{"noType":true}]}',
  result_members:
    '{"content":[],"_meta":{"vendor.example/trace":[1,2,{"x":null}],"":0},"unknown":{"deep":[[[{"a":{}}]]]},"":"an empty key","isError":false}',
  result_structured:
    '{"content":[],"structuredContent":{"":null,"nested":[[],[[]],{},[{"a":[]}]],"constructor":1,"toString":"x","keys with \\" quotes":true,"0":"first","-1":"second"}}',
  result_unicode:
    '{"content":[{"type":"text","text":"\u2028\u2029\u0085\ufeff👩‍👩‍👧‍👦 e\u0301 \u202eabc\u202c \u{e0041} \\u0000 \\u001f \\ud800"}]}',
  result_empty: '{}',
  result_error: '{"content":[{"type":"text","text":"no"}],"isError":true,"why":{"code":7}}',
  result_megabyte: `{"content":[{"type":"text","text":"${'äöü{}[]\\"\\n'.repeat(80_000)}"}],"size":1.0}`,
};

/** Raw error texts by the name of the tool that answers with them. */
export const ERRORS: Readonly<Record<string, string>> = {
  error_data:
    '{"code":-32050,"message":"no \u2028","data":{"big":123456789012345678901234567890,"why":["x",{"y":-0}]},"extra":[1.0]}',
};

/** Raw results of reading, by URI and by the name of a prompt. */
export const READINGS: Readonly<Record<string, string>> = {
  'corpus://odd':
    '{"contents":[{"uri":"corpus://odd","text":"\\u0041","mimeType":"text/x-odd;a=b","_meta":{"big":9007199254740993},"extra":[1.0]}],"unknown":{"n":1E2}}',
  odd_prompt:
    '{"description":"d","messages":[{"role":"user","content":{"type":"text","text":"\\u0041","_meta":{"n":1.0}},"extra":9007199254740993}],"unknown":[-0]}',
};

const LISTED = [...TOOLS, ...[...Object.keys(RESULTS), ...Object.keys(ERRORS)].map(plain)];

function plain(name: string): JsonObject {
  return { name, inputSchema: object };
}

const CAPABILITIES = { tools: { listChanged: false }, resources: {}, prompts: {} };
const FINAL = { resultType: 'complete', ttlMs: 0, cacheScope: 'private' };

function resultOf(method: unknown, params: JsonObject, era: Era): string | undefined {
  const list = (value: JsonObject): string =>
    JSON.stringify(era === 'modern' ? { ...FINAL, ...value } : value);
  const final = (raw: string): string =>
    era === 'modern'
      ? raw.replace('{', raw === '{}' ? '{"resultType":"complete"' : '{"resultType":"complete",')
      : raw;
  switch (method) {
    case 'server/discover':
      return era === 'legacy'
        ? undefined
        : list({ supportedVersions: ['2026-07-28'], capabilities: CAPABILITIES });
    case 'initialize': {
      if (era === 'modern') return undefined;
      const protocolVersion = params.protocolVersion ?? '2025-11-25';
      return list({
        protocolVersion,
        capabilities: CAPABILITIES,
        serverInfo: { name: 'corpus', version: '1' },
      });
    }
    case 'ping':
      return '{}';
    case 'tools/list':
      return list({ tools: LISTED }).replaceAll(String(Number(LARGEST_UNSIGNED)), LARGEST_UNSIGNED);
    case 'resources/list':
      return list({
        resources: [{ uri: 'corpus://odd', name: 'odd', 'x-unknown': [1], icons: [{ src: 'data:,' }] }],
      });
    case 'resources/templates/list':
      return list({ resourceTemplates: [] });
    case 'prompts/list':
      return list({ prompts: [{ name: 'odd_prompt', 'x-unknown': { a: null }, _meta: { 'v/x': 1 } }] });
    case 'tools/call':
      return final(RESULTS[String(params.name)] ?? '{"content":[]}');
    case 'resources/read':
      return final(READINGS[String(params.uri)] ?? '{}').replace(
        '{',
        era === 'modern' ? '{"ttlMs":0,"cacheScope":"private",' : '{',
      );
    case 'prompts/get':
      return final(READINGS[String(params.name)] ?? '{}');
    default:
      return undefined;
  }
}

/** What the corpus says to one JSON-RPC message: its answer, where one is due, after progress where that is asked for. */
export function answersTo(text: string, era: Era): string[] {
  const { id, method, params = {} } = JSON.parse(text) as JsonObject;
  if (id === undefined || method === undefined) return [];
  const { progressToken } = ((params as JsonObject)._meta ?? {}) as JsonObject;
  const answer = answerOf({ id, method }, params as JsonObject, era);
  if (progressToken === undefined) return [answer];
  const progress = { progressToken, progress: 1 };
  return [JSON.stringify({ jsonrpc: '2.0', method: 'notifications/progress', params: progress }), answer];
}

function answerOf({ id, method }: JsonObject, params: JsonObject, era: Era): string {
  const head = `{"jsonrpc":"2.0","id":${JSON.stringify(id)}`;
  const error = method === 'tools/call' ? ERRORS[String(params.name)] : undefined;
  if (error !== undefined) return `${head},"error":${error}}`;
  const result = resultOf(method, params, era);
  if (result !== undefined) return `${head},"result":${result}}`;
  return `${head},"error":{"code":-32601,"message":"Method not found"}}`;
}
