import { describe, expect, it } from 'vitest';
import { changedLines, putEntry } from '../../../src/cli/connect/config-text.ts';

const entry = { type: 'http', url: 'http://localhost:8420/mcp' };
const put = (text: string | undefined, key = 'mcpServers') =>
  putEntry('mcp.json', text, { key, name: 'countersign', entry });

const REFUSED = { code: 'invalid_request', message: expect.stringContaining('mcp.json') };

describe('an entry of a client’s file', () => {
  it('makes the file where there is none, or an empty one', () => {
    const made = `{
  "mcpServers": {
    "countersign": {
      "type": "http",
      "url": "http://localhost:8420/mcp"
    }
  }
}
`;
    expect([put(undefined), put(''), put(' \n')]).toEqual([made, made, made]);
  });

  it('is added after the others, which stay byte for byte, comments and odd spelling too', () => {
    const before = `{
\t// mine
\t"mcpServers": {
\t\t"other" : { "command":"x", "args": [ "}", "\\"{" ], "n": 1.50 } // { not } "an end"
\t},
\t"inputs": [ /* "mcpServers": {} */ ]
}`;
    const after = put(before);
    expect(after.replace(/,\n\t\t"countersign": \{[^}]*\}/, '')).toBe(before);
    expect(after).toContain('\t\t"countersign": {\n\t\t\t"type": "http"');
  });

  it('replaces one of its name, and nothing else', () => {
    const before = '{"a":1,"mcpServers":{"x":{},"countersign":{"url":"old","more":{"d":[1]}},"y":{}},"b":{}}';
    expect(JSON.parse(put(before))).toEqual({
      a: 1,
      mcpServers: { x: {}, countersign: entry, y: {} },
      b: {},
    });
    expect(put(before).startsWith('{"a":1,"mcpServers":{"x":{},"countersign":{')).toBe(true);
    expect(put(before).endsWith('},"y":{}},"b":{}}')).toBe(true);
  });

  it('that is there already changes nothing', () => {
    const made = put('{\n  "inputs": []\n}\n');
    expect(put(made)).toBe(made);
  });

  it('keeps line ends of Windows', () => {
    const after = put('{\r\n  "mcpServers": {\r\n  }\r\n}\r\n');
    expect(after.replaceAll('\r\n', '')).not.toContain('\n');
    expect(JSON.parse(after)).toEqual({ mcpServers: { countersign: entry } });
  });

  it.each(['{}', '{ }', '{\n}', '{ // none yet\n}', '{"mcpServers":{}}', '{"mcpServers": { /* none */ } }'])(
    'goes into %j',
    (text) => {
      const after = put(text).replaceAll(/\/\/[^\n]* yet|\/\*.*?\*\//g, '');
      expect(JSON.parse(after)).toEqual({ mcpServers: { countersign: entry } });
    },
  );

  it.each([
    ['{"mcpServers": {', 'mcp.json:1'],
    ['{\n"a": 1,\n}', 'mcp.json:3'],
    ['{\n"mcpServers": {},\n"mcpServers": {}\n}', 'mcp.json:3'],
    ['[]', 'expected an object'],
    ['null', 'expected an object'],
    ['{"mcpServers": []}', 'expected an object under "mcpServers"'],
    ['{"mcpServers": null}', 'expected an object under "mcpServers"'],
    ['not json', 'mcp.json:1'],
  ])('is refused in %j, and the message says where', (text, where) => {
    expect(() => put(text)).toThrowError(
      expect.objectContaining({ ...REFUSED, message: expect.stringContaining(where) }),
    );
  });
});

it('the lines that differ are told without a token', () => {
  const secret = `cst_${'a'.repeat(43)}`;
  const before = `{\n  "headers": { "Authorization": "Bearer ${secret}" },\n  "url": "x/mcp/${secret}"\n}`;
  const lines = changedLines(before, before.replaceAll('a'.repeat(43), 'b'.repeat(43)));
  expect(lines).toHaveLength(4);
  expect(lines.join('\n')).not.toMatch(/a{8}|b{8}/);
});
