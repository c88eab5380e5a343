import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { sliceMembers } from '../../src/core/json-slice.ts';
import { anyJsonObject } from '../support/arbitraries.ts';

function textsOf(text: string): Record<string, string> {
  const spans = sliceMembers(text) ?? new Map<string, { start: number; end: number }>();
  return Object.fromEntries([...spans].map(([key, { start, end }]) => [key, text.slice(start, end)]));
}

describe('sliceMembers', () => {
  test.each([
    ['{}', {}],
    [' { } ', {}],
    ['{"a":1}', { a: '1' }],
    ['{"a" : 1 , "b":\n[1, 2]\t}', { a: '1', b: '[1, 2]' }],
    ['{"id":7,"result":{"x":"}"},"jsonrpc":"2.0"}', { id: '7', result: '{"x":"}"}', jsonrpc: '"2.0"' }],
    ['{"a":"\\"","b":"\\\\"}', { a: '"\\""', b: '"\\\\"' }],
    ['{"a":"\\\\\\"}","b":true}', { a: '"\\\\\\"}"', b: 'true' }],
    ['{"a:b,c}":{"a":[{"b":"]"}]}}', { 'a:b,c}': '{"a":[{"b":"]"}]}' }],
    ['{"\\u0061":null}', { a: 'null' }],
    ['{"a":1,"a":2}', { a: '2' }],
  ])('finds the members of %s', (text, members) => {
    expect(textsOf(text)).toEqual(members);
  });

  test.each(['[]', '[{"a":1}]', '"{"', '1', 'null'])(
    'answers undefined for %s, which is no object',
    (text) => {
      expect(sliceMembers(text)).toBeUndefined();
    },
  );

  test('answers undefined for an object that is cut off', () => {
    expect(sliceMembers('{"a')).toBeUndefined();
    expect(sliceMembers('{"a":[1,')).toBeUndefined();
    expect(sliceMembers('{"a":"b')).toBeUndefined();
  });

  test('slices exactly the text of each member, however the text is laid out', () => {
    const layout = fc.constantFrom(undefined, 1, '\t', '\n \r');
    fc.assert(
      fc.property(anyJsonObject, layout, (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        const spans = sliceMembers(text);
        expect([...(spans?.keys() ?? [])].sort()).toEqual(Object.keys(value).sort());
        for (const [key, { start, end }] of spans ?? []) {
          const slice = text.slice(start, end);
          expect(slice).toBe(slice.trim());
          expect(JSON.parse(slice)).toEqual((JSON.parse(text) as JsonObject)[key]);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('leaves a value byte for byte as it was sent', () => {
    const result = '{"n":1.0,"big":123456789012345678901234567890,"u":"\\u00e9"}';
    expect(textsOf(`{"jsonrpc":"2.0","id":1,"result":${result}}`).result).toBe(result);
  });
});
