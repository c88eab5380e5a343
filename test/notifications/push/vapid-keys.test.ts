import { createECDH } from 'node:crypto';
import { expect, it } from 'vitest';
import { VAPID_SEED_BYTES, vapidKeysOf } from '../../../src/notifications/push/vapid-keys.ts';

const seedOf = (hex: string): Uint8Array => Buffer.from(hex.padStart(2 * VAPID_SEED_BYTES, '0'), 'hex');
const ORDER = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551';

function pointOf(privateKey: string): string {
  const pair = createECDH('prime256v1');
  pair.setPrivateKey(Buffer.from(privateKey, 'base64url'));
  return pair.getPublicKey().toString('base64url');
}

it('a seed has one key for ever, and another seed another', () => {
  const seed = new Uint8Array(VAPID_SEED_BYTES).fill(7);
  expect(vapidKeysOf(seed)).toEqual(vapidKeysOf(Uint8Array.from(seed)));
  expect(vapidKeysOf(seedOf('01')).publicKey).not.toBe(vapidKeysOf(seed).publicKey);
});

it.each([
  ['nothing but zeros', '00', 1n],
  ['the order less two', (BigInt(`0x${ORDER}`) - 2n).toString(16), BigInt(`0x${ORDER}`) - 1n],
  ['the order less one', (BigInt(`0x${ORDER}`) - 1n).toString(16), 1n],
  ['the order', ORDER, 2n],
  ['all ones', 'ff'.repeat(VAPID_SEED_BYTES), undefined],
])('a seed of %s gives a key that the curve has', (_, hex, scalar) => {
  const { privateKey, publicKey } = vapidKeysOf(seedOf(hex));
  expect(Buffer.from(privateKey, 'base64url')).toHaveLength(32);
  expect(Buffer.from(publicKey, 'base64url')).toHaveLength(65);
  expect(publicKey).toBe(pointOf(privateKey));
  const found = BigInt(`0x${Buffer.from(privateKey, 'base64url').toString('hex')}`);
  if (scalar !== undefined) expect(found).toBe(scalar);
});
