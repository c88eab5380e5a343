import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outcomeOf, readMessage, requestText } from '../../src/downstream/message.ts';
import {
  encodeHeader,
  mirroredArguments,
  nameHeader,
  paramHeaders,
} from '../../src/downstream/mirrored-headers.ts';
import { createEventReader } from '../../src/downstream/transports/event-stream.ts';
import { createLineReader } from '../../src/downstream/transports/lines.ts';

describe('a request', () => {
  it.each([
    ['{}', '{"_meta":{"a":1}}'],
    ['{ }', '{"_meta":{"a":1}}'],
    ['{"b":{}}', '{"b":{},"_meta":{"a":1}}'],
    ['{"b":"{"}\n', '{"b":"{","_meta":{"a":1}}'],
  ])('carries %s as it is, with _meta last', (paramsText, params) => {
    const text = requestText({ id: 7, method: 'x/y', paramsText, meta: { a: 1 } });
    expect(text).toBe(`{"jsonrpc":"2.0","id":7,"method":"x/y","params":${params}}`);
    expect(JSON.parse(text).params._meta).toEqual({ a: 1 });
  });

  it('carries the answers of a retry before _meta, and the rest as it is', () => {
    const retry = { inputResponses: { q: { action: 'accept' } }, requestState: 'sealed' };
    const text = requestText({ id: 7, method: 'x/y', paramsText: '{"n":1.0}', meta: { a: 1 }, retry });
    expect(text).toBe(
      '{"jsonrpc":"2.0","id":7,"method":"x/y","params":{"n":1.0,"inputResponses":{"q":{"action":"accept"}},"requestState":"sealed","_meta":{"a":1}}}',
    );
    const bare = requestText({
      id: 7,
      method: 'x/y',
      paramsText: '{}',
      meta: undefined,
      retry: { inputResponses: {} },
    });
    expect(JSON.parse(bare).params).toEqual({ inputResponses: {} });
  });
});

describe('an answer', () => {
  it('is sliced out byte for byte, wherever its members stand', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string(),
          fc.json().map((text) => JSON.parse(text)),
        ),
        fc.boolean(),
        (result, idFirst) => {
          const raw = JSON.stringify(result, null, 1);
          const id = '"id": 5';
          const text = idFirst
            ? `{"jsonrpc":"2.0",${id},"result": ${raw} }`
            : `{"result":${raw},${id} ,"jsonrpc":"2.0"}`;
          expect(readMessage(text)).toMatchObject({ kind: 'result', id: 5, raw });
        },
      ),
    );
  });

  it.each([
    '',
    'null',
    '[]',
    '{}',
    '{"jsonrpc":"1.0","id":1,"result":{}}',
    '{"jsonrpc":"2.0","id":1}',
    '{"jsonrpc":"2.0","id":1,"result":5}',
    '{"jsonrpc":"2.0"',
  ])('is not made of %j', (text) => expect(readMessage(text)).toEqual({ kind: 'garbage' }));

  it('that is not final is never taken for a result', () => {
    const of = (resultType: string, input = false) => {
      const message = readMessage(`{"jsonrpc":"2.0","id":1,"result":{"resultType":"${resultType}"}}`);
      if (message.kind !== 'result') throw new Error(message.kind);
      return outcomeOf(message, { input, tasks: false }).kind;
    };
    const types = ['complete', 'input_required', 'task'];
    expect(types.map((type) => of(type))).toEqual(['result', 'error', 'unknown']);
    expect(types.map((type) => of(type, true))).toEqual(['result', 'input_required', 'unknown']);
  });
});

describe('lines', () => {
  function collect(chunks: readonly Buffer[], maxBytes = 1_000) {
    const seen: string[] = [];
    const read = createLineReader({
      maxBytes,
      sink: {
        line: (text) => seen.push(text),
        malformed: () => seen.push('<malformed>'),
        overflow: () => seen.push('<overflow>'),
      },
    });
    for (const chunk of chunks) read(chunk);
    return seen;
  }

  it('are the same however the bytes are cut', () => {
    const lines = fc.array(
      fc.string({ unit: 'grapheme' }).filter((text) => text !== '' && !/[\r\n]/.test(text)),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(lines, fc.integer({ min: 1, max: 9 }), (texts, size) => {
        const bytes = Buffer.from(texts.map((text) => `${text}\n`).join(''));
        const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
          bytes.subarray(index * size, (index + 1) * size),
        );
        expect(collect(chunks)).toEqual(texts);
      }),
    );
  });

  it('that are too long end the reading, whole or in parts', () => {
    const long = Buffer.alloc(11, 0x61);
    expect(collect([Buffer.from('a\n'), long, Buffer.from('\nb\n')], 10)).toEqual(['a', '<overflow>']);
    expect(collect([long.subarray(0, 6), long.subarray(6), Buffer.from('\n')], 10)).toEqual(['<overflow>']);
    expect(collect([Buffer.concat([Buffer.from('a\n'), long])], 10).at(-1)).toBe('<overflow>');
  });

  it('that are not UTF-8 cost only themselves', () => {
    expect(
      collect([Buffer.concat([Buffer.from('a\n'), Buffer.from([0xff, 0x0a]), Buffer.from('b\r\n')])]),
    ).toEqual(['a', '<malformed>', 'b']);
  });
});

describe('an event stream', () => {
  it('gives the same events however it is cut, with every kind of line end', () => {
    const text =
      ': hello\r\nid: 1\r\ndata: {"a":\ndata: 1}\n\nevent: other\rdata:x\r\rretry: 20\n\ndata: last\r\n\r\ndata: cut';
    const expected = [
      { data: '{"a":\n1}', type: 'message' },
      { data: 'x', type: 'other' },
      { data: 'last', type: 'message' },
    ];
    for (let size = 1; size <= text.length; size++) {
      const reader = createEventReader();
      const events = Array.from({ length: Math.ceil(text.length / size) }, (_, index) =>
        reader.push(text.slice(index * size, (index + 1) * size)),
      ).flat();
      expect(events).toEqual(expected);
      expect([reader.lastEventId(), reader.retryMs()]).toEqual(['1', 20]);
    }
  });

  it('says how much it holds, so that it can be bounded', () => {
    const reader = createEventReader();
    reader.push('data: ');
    for (let pieces = 0; pieces < 10; pieces++) reader.push('x'.repeat(100));
    expect(reader.held()).toBeGreaterThanOrEqual(1_000);
    reader.push('\n\n');
    expect(reader.held()).toBe(0);
  });
});

describe('mirrored headers', () => {
  it('are found along properties only, and leave out what is not primitive', () => {
    const schema = {
      type: 'object',
      properties: {
        region: { type: 'string', 'x-mcp-header': 'Region' },
        deep: { type: 'object', properties: { n: { type: 'integer', 'x-mcp-header': 'N' } } },
        list: { type: 'array', items: { 'x-mcp-header': 'No' } },
        bad: { type: 'string', 'x-mcp-header': 'a b' },
      },
    };
    const mirrored = mirroredArguments(schema);
    expect(mirrored.map(({ header }) => header)).toEqual(['Region', 'N']);
    expect(paramHeaders(mirrored, { region: 'eu', deep: { n: 5 } })).toEqual({
      'mcp-param-region': 'eu',
      'mcp-param-n': '5',
    });
    expect(paramHeaders(mirrored, { region: null, deep: [] })).toEqual({});
  });

  it('never carry a line break', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(encodeHeader(text)).toMatch(/^[\t\x20-\x7e]+$/);
      }),
    );
    expect(nameHeader('tools/call', { name: 'a\r\nb: c' })).toMatch(/^=\?base64\?/);
    expect(nameHeader('ping', { name: 'a' })).toBeUndefined();
  });
});
