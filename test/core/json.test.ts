import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalize } from '../../src/core/canonical.ts';
import { CountersignError } from '../../src/core/errors.ts';
import { decodeUtf8, isJsonObject, parseStrict } from '../../src/core/json.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { anyJson } from '../support/arbitraries.ts';

function refusal(run: () => unknown): CountersignError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(CountersignError);
    expect((error as CountersignError).code).toBe('invalid_json');
    return error as CountersignError;
  }
  throw new Error('the text was accepted');
}

function nested(depth: number, inner: string, [open, close]: readonly [string, string] = ['[', ']']): string {
  return open.repeat(depth) + inner + close.repeat(depth);
}

const REFUSED: ReadonlyArray<readonly [what: string, text: string, reason: RegExp]> = [
  ['a key that stands twice', '{"a":1,"a":1}', /offset 7: an object holds the same key twice/],
  ['a key that stands twice further down', '[{"a":{"b":1,"c":{},"b":2}}]', /same key twice/],
  ['a key that stands twice in two spellings', '{"a":1,"\\u0061":2}', /same key twice/],
  ['an inherited name that stands twice', '{"toString":1,"toString":2}', /same key twice/],
  ['__proto__ as a key', '{"__proto__":{"admin":true}}', /__proto__/],
  ['__proto__ in an escaped spelling', '{"a":{"\\u005f_proto__":1}}', /__proto__/],
  ['a lone high surrogate', '"\\ud800"', /lone surrogate/],
  ['a lone low surrogate in a key', '{"\\udc00":1}', /lone surrogate/],
  ['a raw lone surrogate', '"\ud83d"', /lone surrogate/],
  ['a pair in the wrong order', '"\\ude00\\ud83d"', /lone surrogate/],
  ['negative zero', '[-0]', /negative zero/],
  ['negative zero with a fraction', '-0.000', /negative zero/],
  ['negative zero with an exponent', '-0e7', /negative zero/],
  ['a number that overflows', '1e400', /too large/],
  ['a negative number that overflows', '-1e400', /too large/],
  ['a number that underflows to zero', '1e-400', /too small/],
  ['the first unsafe integer', '9007199254740992', /beyond/],
  ['the first unsafe negative integer', '-9007199254740992', /beyond/],
  ['an unsafe integer with a fraction', '9007199254740993.0', /beyond/],
  ['an unsafe integer in scientific notation', '1e21', /beyond/],
  ['a leading zero', '01', /something follows/],
  ['a leading plus', '+1', /not JSON/],
  ['a bare fraction', '.5', /not JSON/],
  ['an open fraction', '1.', /something follows/],
  ['a hexadecimal number', '0x10', /something follows/],
  ['NaN', 'NaN', /not JSON/],
  ['Infinity', '-Infinity', /not JSON/],
  ['undefined', '[undefined]', /not JSON/],
  ['a keyword in the wrong case', 'True', /not JSON/],
  ['half a keyword', 'tru', /not JSON/],
  ['a raw newline in a string', '"a\nb"', /control character/],
  ['a raw NUL in a string', '"a\u0000b"', /control character/],
  ['a raw control character after a backslash', '"a\\\nb"', /escape/],
  ['an unknown escape', '"\\x41"', /escape/],
  ['half an escape', '"\\u12"', /escape/],
  ['a string that does not end', '"abc', /does not end/],
  ['a string that ends in a backslash', '"abc\\', /does not end/],
  ['an escaped closing quote', '"abc\\"', /does not end/],
  ['single quotes', "'a'", /not JSON/],
  ['an unquoted key', '{a:1}', /object key/],
  ['a number as a key', '{1:1}', /object key/],
  ['a trailing comma in an object', '{"a":1,}', /object key/],
  ['a trailing comma in an array', '[1,]', /not JSON/],
  ['a missing colon', '{"a" 1}', /colon/],
  ['a missing comma', '[1 2]', /comma/],
  ['mismatched brackets', '[1}', /comma or a closing bracket/],
  ['an object that does not end', '{"a":1', /comma or a closing brace/],
  ['a second value', '{} {}', /something follows/],
  ['trailing text', '1 x', /something follows/],
  ['a comment', '1 // one', /something follows/],
  ['a byte order mark', '\ufeff{}', /not JSON/],
  ['a no-break space', '\u00a0{}', /not JSON/],
  ['an empty text', '', /not JSON/],
  ['blanks alone', ' \n\t\r', /not JSON/],
];

describe('parseStrict', () => {
  test.each(REFUSED)('refuses %s and says why', (_what, text, reason) => {
    expect(refusal(() => parseStrict(text)).message).toMatch(reason);
  });

  test('refuses every control character that stands unescaped', () => {
    for (let code = 0; code < 0x20; code++) {
      const text = `"a${String.fromCharCode(code)}"`;
      expect(refusal(() => parseStrict(text)).message).toMatch(/control character/);
    }
  });

  test('never echoes what it refuses', () => {
    const error = refusal(() => parseStrict('{"card":"4242424242424242","card":1}'));
    expect(error.message).not.toContain('4242');
    expect(error.message).not.toContain('card');
  });

  test.each([
    ['9007199254740991', 9007199254740991],
    ['-9007199254740991', -9007199254740991],
    ['0', 0],
    ['0e5', 0],
    ['1.0', 1],
    ['5e-324', 5e-324],
    ['1E2', 100],
    ['"\\ud83d\\ude00"', '😀'],
    ['"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"\\/\b\f\n\r\t'],
    ['"\u007f\u2028"', '\u007f\u2028'],
    [' \n\t\r[ ] ', []],
    ['{ "" : null }', { '': null }],
  ])('accepts %j as the value it stands for', (text, value) => {
    expect(parseStrict(text)).toEqual(value);
  });

  test('keeps inherited names as plain members and leaves prototypes clean', () => {
    const value = parseStrict('{"constructor":{"prototype":{"polluted":true}},"toString":1}');
    expect(Object.keys(value as object)).toEqual(['constructor', 'toString']);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test('accepts nesting up to the limit and refuses one level more, empty or not', () => {
    const limit = LIMITS.jsonDepth;
    const members = ['{"a":', '}'] as const;
    expect(() => parseStrict(nested(limit, '1'))).not.toThrow();
    expect(() => parseStrict(nested(limit - 1, '{}', members))).not.toThrow();
    expect(refusal(() => parseStrict(nested(limit + 1, '1'))).message).toMatch(/deeper than 64/);
    expect(refusal(() => parseStrict(nested(limit + 1, ''))).message).toMatch(/deeper than 64/);
    expect(refusal(() => parseStrict(nested(limit, '{}', members))).message).toMatch(/deeper than 64/);
  });

  test('refuses ten thousand levels without exhausting the stack', () => {
    expect(refusal(() => parseStrict(nested(10_000, '1'))).message).toMatch(/deeper than/);
    expect(refusal(() => parseStrict('['.repeat(1_000_000))).message).toMatch(/deeper than/);
  });

  test('agrees with JSON.parse on every canonical text', () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        const text = canonicalize(value);
        expect(parseStrict(text)).toEqual(JSON.parse(text));
      }),
      { numRuns: 500 },
    );
  });

  test('agrees with JSON.parse on indented text', () => {
    fc.assert(
      fc.property(anyJson, fc.constantFrom(' ', '\t', '    '), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(parseStrict(text)).toEqual(JSON.parse(text));
      }),
      { numRuns: 300 },
    );
  });

  test('accepts nothing that JSON.parse refuses', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"',
      '\\',
      '1',
      '-',
      '.5',
      'e3',
      'true',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 9 }), (parts) => {
        const text = parts.join('');
        let value: unknown;
        try {
          value = parseStrict(text);
        } catch (error) {
          expect(error).toBeInstanceOf(CountersignError);
          return;
        }
        expect(JSON.parse(text)).toEqual(value);
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('decodeUtf8', () => {
  test('decodes what is well-formed', () => {
    expect(decodeUtf8(new TextEncoder().encode('{"a":"é😀"}'))).toBe('{"a":"é😀"}');
  });

  test.each([
    ['a stray continuation byte', [0x22, 0x80, 0x22]],
    ['an overlong slash', [0x22, 0xc0, 0xaf, 0x22]],
    ['an encoded surrogate', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['a sequence cut short', [0x22, 0xe2, 0x82]],
    ['a code point beyond Unicode', [0x22, 0xf5, 0x80, 0x80, 0x80, 0x22]],
  ])('refuses %s as invalid UTF-8', (_what, bytes) => {
    expect(refusal(() => decodeUtf8(Uint8Array.from(bytes))).message).toMatch(/not valid UTF-8/);
  });

  test('keeps a byte order mark, so that the parser refuses it', () => {
    refusal(() => parseStrict(decodeUtf8(Uint8Array.from([0xef, 0xbb, 0xbf, 0x7b, 0x7d]))));
  });
});

test('isJsonObject tells objects from arrays, null and scalars', () => {
  expect([{}, [], null, 'a', 1, undefined].map(isJsonObject)).toEqual([
    true,
    false,
    false,
    false,
    false,
    false,
  ]);
});
