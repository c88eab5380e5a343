import { webcrypto } from 'node:crypto';
import { expect, it } from 'vitest';
import { decryptPush, type UserAgentKeys } from './decrypt.ts';

const of = (text: string): Buffer => Buffer.from(text, 'base64url');

/** RFC 8291, Appendix A. */
const PUBLIC = 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4';
const PRIVATE = 'q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94';
const AUTH = 'BTBZMqHH6r4Tts7J_aSIgg';
const BODY =
  'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN';

async function exampleKeys(): Promise<UserAgentKeys> {
  const publicKey = of(PUBLIC);
  const [x, y] = [publicKey.subarray(1, 33), publicKey.subarray(33)].map((part) =>
    part.toString('base64url'),
  );
  const jwk = { kty: 'EC', crv: 'P-256', d: PRIVATE, x: x ?? '', y: y ?? '' };
  const how = { name: 'ECDH', namedCurve: 'P-256' };
  const privateKey = await webcrypto.subtle.importKey('jwk', jwk, how, false, ['deriveBits']);
  return { privateKey, publicKey, auth: of(AUTH) };
}

it('the example of RFC 8291 is read as it says, which nothing of the gateway is used for', async () => {
  expect(await decryptPush(await exampleKeys(), of(BODY))).toBe('When I grow up, I want to be a watermelon');
});

it('a message for another browser, or changed on its way, is not read', async () => {
  const keys = await exampleKeys();
  await expect(decryptPush({ ...keys, auth: Buffer.alloc(16) }, of(BODY))).rejects.toThrow();
  const changed = of(BODY);
  changed[changed.length - 20] = (changed[changed.length - 20] ?? 0) ^ 1;
  await expect(decryptPush(keys, changed)).rejects.toThrow();
});
