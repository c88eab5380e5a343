import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { commitment, equalSecrets, sha256, sha256Hex } from '../../src/core/digest.ts';

describe('sha256', () => {
  test.each([
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
  ])('of %j is the value that FIPS 180 gives', (text, hex) => {
    expect(sha256Hex(text)).toBe(hex);
    expect(Buffer.from(sha256(text)).toString('hex')).toBe(hex);
  });

  test('hashes text as its UTF-8 bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(sha256Hex(text)).toBe(sha256Hex(new TextEncoder().encode(text)));
      }),
    );
  });
});

describe('commitment', () => {
  const salt = Uint8Array.from({ length: 32 }, (_, index) => index);

  test('is the HMAC that an independent implementation computes', () => {
    const expected = '33d1dc3e551d115a4dc24c726394c3497ba6b6304a6d28e37c74d332749e4b13';
    expect(commitment(salt, '{"a":1}')).toBe(expected);
  });

  test('covers the prefix, so that it is no plain HMAC of the text', () => {
    expect(commitment(salt, '{"a":1}')).not.toBe(createHmac('sha256', salt).update('{"a":1}').digest('hex'));
  });

  test('differs when the salt or the text differs', () => {
    const other = Uint8Array.from(salt, (byte) => byte ^ 1);
    const all = [commitment(salt, 'a'), commitment(other, 'a'), commitment(salt, 'b'), commitment(salt, '')];
    expect(new Set(all).size).toBe(all.length);
  });

  test('takes text and its UTF-8 bytes for the same thing', () => {
    expect(commitment(salt, 'é😀')).toBe(commitment(salt, new TextEncoder().encode('é😀')));
  });
});

describe('equalSecrets', () => {
  test.each([
    ['secret', 'secret', true],
    ['secret', 'secres', false],
    ['secret', 'secret ', false],
    ['', '', true],
    ['', 'a', false],
  ])('of %j and %j is %j, whatever their lengths', (a, b, equal) => {
    expect(equalSecrets(a, b)).toBe(equal);
    expect(equalSecrets(new TextEncoder().encode(a), b)).toBe(equal);
  });
});
