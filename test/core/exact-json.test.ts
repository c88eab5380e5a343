import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isGreater, numberOf, parseExact } from '../../src/core/exact-json.ts';

const again = (text: string): string => JSON.stringify(parseExact(text));

describe('numbers that no double holds', () => {
  it.each([
    '9007199254740993',
    '-9007199254740993',
    '12345678901234567890123',
    '0.12345678901234567890',
    '1e400',
    '-1E+400',
    '1e-400',
    '{"a":[9007199254740993,{"b":1e999}],"c":2}',
  ])('%s is written as it came', (text) => {
    expect(again(text)).toBe(text);
  });

  it.each(['0', '1', '-1', '1.5', '9007199254740991', '0.1', '"9007199254740993"', 'null', '[]'])(
    '%s is what JSON.parse makes of it',
    (text) => {
      expect(parseExact(text)).toEqual(JSON.parse(text));
    },
  );

  it('are told from objects that only look like them', () => {
    const posed = parseExact('{"rawJSON":"9007199254740993","n":9007199254740993}') as any;
    expect(numberOf(posed)).toBeUndefined();
    expect(numberOf(posed.n)).toBe(2 ** 53);
    expect(again('{"rawJSON":"9007199254740993"}')).toBe('{"rawJSON":"9007199254740993"}');
  });

  it('survive whatever they are, as integers and as decimals', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }), (integer) => {
        expect(again(`{"n":${integer}}`)).toBe(`{"n":${integer}}`);
      }),
    );
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (double) => {
        expect(Object.is(numberOf(parseExact(JSON.stringify(double))), double || 0)).toBe(true);
      }),
    );
  });

  it('are compared exactly', () => {
    const [low, high] = [parseExact('9007199254740992'), parseExact('9007199254740993')];
    expect(isGreater(high, { than: low })).toBe(true);
    expect(isGreater(low, { than: high })).toBe(false);
    expect(isGreater(high, { than: high })).toBe(false);
    expect(isGreater(2, { than: 1.5 })).toBe(true);
    expect(isGreater('3', { than: 1 })).toBe(false);
  });
});

it('a number beyond all doubles is no number to reckon with', () => {
  expect(numberOf(parseExact('1e400'))).toBeUndefined();
  expect(numberOf(undefined)).toBeUndefined();
  expect(numberOf('7')).toBeUndefined();
});
