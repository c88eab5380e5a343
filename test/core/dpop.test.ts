import { generateKeyPair } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { checkDpop } from '../../src/core/dpop.ts';
import { type AssertionChange, type Machine, newMachine, proofOf } from '../capabilities/support/machine.ts';

const NOW = Date.UTC(2026, 0, 5, 12);
const IAT = NOW / 1_000;
const URL = 'https://gate.example/oauth/token';
const request = { method: 'POST', url: URL, nowMs: NOW };

let key: Machine;

beforeAll(async () => {
  key = await newMachine();
});

const check = (proof: string, more: { accessToken?: string; url?: string } = {}) =>
  checkDpop({ proof, method: 'POST', url: URL, now: NOW, ...more });

describe('a proof of possession', () => {
  test.each(['ES256', 'EdDSA'] as const)(
    'by a key of %s is accepted and names the key',
    async (algorithm) => {
      const machine = await newMachine(algorithm);
      const found = await check(await proofOf(machine, request));
      expect(found).toEqual({ ok: true, jkt: machine.jkt, jti: expect.stringMatching(/^jti-/) });
    },
  );

  test('is compared with the address without query, fragment, case of the host or default port', async () => {
    const proof = await proofOf(key, { ...request, url: 'https://GATE.example:443/oauth/token?x=1#y' });
    expect(await check(proof, { url: `${URL}?z=2` })).toMatchObject({ ok: true });
  });

  test('is accepted up to 60 seconds off, and no further', async () => {
    const at = async (iat: number) => (await check(await proofOf(key, request, { claims: { iat } }))).ok;
    expect([await at(IAT - 60), await at(IAT + 60)]).toEqual([true, true]);
    expect([await at(IAT - 61), await at(IAT + 61)]).toEqual([false, false]);
  });

  const BAD: readonly (readonly [what: string, change: AssertionChange, reason: RegExp])[] = [
    ['of another type', { header: { typ: 'JWT' } }, /not valid/],
    ['without a key', { header: { jwk: undefined } }, /not valid/],
    ['for another method', { claims: { htm: 'GET' } }, /htm/],
    ['for another host', { claims: { htu: 'https://other.example/oauth/token' } }, /htu/],
    ['for another path', { claims: { htu: 'https://gate.example/oauth/revoke' } }, /htu/],
    ['for no address', { claims: { htu: undefined } }, /htu/],
    ['for an address that is none', { claims: { htu: 'oauth/token' } }, /htu/],
    ['without a time', { claims: { iat: undefined } }, /iat/],
    ['without an id', { claims: { jti: undefined } }, /jti/],
    ['with an id that is too long', { claims: { jti: 'x'.repeat(201) } }, /jti/],
    ['with a critical extension', { header: { crit: ['b64'], b64: true } }, /crit/],
  ];

  test.each(BAD)('%s is refused', async (_, change, reason) => {
    const found = await check(await proofOf(key, request, change));
    expect(found).toMatchObject({ ok: false, reason: expect.stringMatching(reason) });
  });

  test('that brings its private key, a secret, or the key of another is refused', async () => {
    const d = 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';
    const other = await newMachine();
    for (const jwk of [{ ...key.jwk, d }, { kty: 'oct', k: d }, other.jwk])
      expect(await check(await proofOf(key, request, { header: { jwk } }))).toMatchObject({ ok: false });
  });

  test('by a key of another kind is refused', async () => {
    const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
    const { exportJWK, SignJWT } = await import('jose');
    const proof = await new SignJWT({ htm: 'POST', htu: URL, iat: IAT, jti: 'jti-rsa-0001' })
      .setProtectedHeader({ alg: 'RS256', typ: 'dpop+jwt', jwk: await exportJWK(publicKey) })
      .sign(privateKey);
    expect(await check(proof)).toMatchObject({ ok: false });
  });

  test('beside a token must hold the hash of that token', async () => {
    const good = await proofOf(key, { ...request, accessToken: 'csa_1' });
    expect(await check(good, { accessToken: 'csa_1' })).toMatchObject({ ok: true });
    expect(await check(good, { accessToken: 'csa_2' })).toMatchObject({ ok: false });
    expect(await check(await proofOf(key, request), { accessToken: 'csa_1' })).toMatchObject({ ok: false });
  });

  test.each(['', 'x', 'a.b.c', 'eyJhbGciOiJub25lIn0.e30.'])('that is none (%j) is refused', async (proof) => {
    expect(await check(proof)).toMatchObject({ ok: false });
  });
});
