import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalize } from '../../src/core/canonical.ts';
import { CountersignError } from '../../src/core/errors.ts';
import { type JsonObject, type JsonValue, parseStrict } from '../../src/core/json.ts';
import { anyJson, anyJsonObject } from '../support/arbitraries.ts';

function doubleOf(hex: string): number {
  return new DataView(new BigUint64Array([BigInt(`0x${hex}`)]).buffer).getFloat64(0, true);
}

/** RFC 8785, appendix B: the bits of a double and the one text for it. */
const NUMBERS: ReadonlyArray<readonly [bits: string, text: string]> = [
  ['0000000000000000', '0'],
  ['8000000000000000', '0'],
  ['0000000000000001', '5e-324'],
  ['8000000000000001', '-5e-324'],
  ['7fefffffffffffff', '1.7976931348623157e+308'],
  ['ffefffffffffffff', '-1.7976931348623157e+308'],
  ['4340000000000000', '9007199254740992'],
  ['c340000000000000', '-9007199254740992'],
  ['4430000000000000', '295147905179352830000'],
  ['44b52d02c7e14af5', '9.999999999999997e+22'],
  ['44b52d02c7e14af6', '1e+23'],
  ['44b52d02c7e14af7', '1.0000000000000001e+23'],
  ['444b1ae4d6e2ef4e', '999999999999999700000'],
  ['444b1ae4d6e2ef4f', '999999999999999900000'],
  ['444b1ae4d6e2ef50', '1e+21'],
  ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
  ['3eb0c6f7a0b5ed8d', '0.000001'],
  ['41b3de4355555553', '333333333.3333332'],
  ['41b3de4355555554', '333333333.33333325'],
  ['41b3de4355555555', '333333333.3333333'],
  ['41b3de4355555556', '333333333.3333334'],
  ['41b3de4355555557', '333333333.33333343'],
  ['becbf647612f3696', '-0.0000033333333333333333'],
  ['43143ff3c1cb0959', '1424953923781206.2'],
];

describe('canonicalize', () => {
  test.each(NUMBERS)('writes the double %s as %s', (bits, text) => {
    expect(canonicalize(doubleOf(bits))).toBe(text);
  });

  test('writes the sample of RFC 8785, section 3.2.2, as the RFC does', () => {
    const sample = JSON.parse(`{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\"\\/",
      "literals": [null, true, false]
    }`) as JsonValue;
    expect(canonicalize(sample)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  test('orders keys by UTF-16 code units, as in RFC 8785, section 3.2.3', () => {
    const sample: JsonObject = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '\ud83d\ude00': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    };
    expect(Object.values(JSON.parse(canonicalize(sample)) as JsonObject)).toEqual([
      'One',
      'Carriage Return',
      'Control',
      'Latin Small Letter O With Diaeresis',
      'Euro Sign',
      'Emoji: Grinning Face',
      'Hebrew Letter Dalet With Dagesh',
    ]);
    expect(canonicalize(sample).startsWith('{"\\r":"Carriage Return","1":"One",')).toBe(true);
  });

  test('orders number-like keys as text', () => {
    expect(canonicalize({ 10: 'a', 9: 'b', 1: 'c' })).toBe('{"1":"c","10":"a","9":"b"}');
  });

  test('is a fixed point: parsing canonical text and writing it again changes nothing', () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        const text = canonicalize(value);
        expect(canonicalize(parseStrict(text))).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  test('does not depend on the order in which members were set', () => {
    fc.assert(
      fc.property(anyJsonObject, (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse());
        expect(canonicalize(reversed)).toBe(canonicalize(value));
      }),
    );
  });

  test('gives different values different text', () => {
    fc.assert(
      fc.property(anyJson, anyJson, (a, b) => {
        const same = canonicalize(a) === canonicalize(b);
        expect(same).toBe(JSON.stringify(sorted(a)) === JSON.stringify(sorted(b)));
      }),
    );
  });

  test.each([
    ['NaN', Number.NaN],
    ['an infinity', Number.POSITIVE_INFINITY],
    ['undefined among members', { a: undefined }],
    ['a function', () => 1],
    ['a bigint', 1n],
    ['a lone surrogate in a value', 'a\ud800'],
    ['a lone surrogate in a key', { '\udfff': 1 }],
  ])('refuses %s, which JSON cannot hold', (_what, value) => {
    expect(() => canonicalize(value as unknown as JsonValue)).toThrow(CountersignError);
  });
});

function sorted(value: JsonValue): unknown {
  if (Array.isArray(value)) return ['array', ...value.map(sorted)];
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.keys(value)
    .sort()
    .map((key) => [key, sorted(value[key] as JsonValue)]);
  return ['object', ...members];
}
