import { createPublicKey, verify } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { keysInForce } from '../../src/notifications/deliveries/attempt.ts';
import { signedHeaders } from '../../src/notifications/message.ts';
import {
  newSigningKeys,
  openKeys,
  publicKeyText,
  sealKeys,
  secretText,
} from '../../src/notifications/signing-keys.ts';

const random = (fill: number) => (size: number) => new Uint8Array(size).fill(fill);
const KEYS = newSigningKeys(random(1));
const OTHER = newSigningKeys(random(2));
const SEALING = { key: new Uint8Array(32).fill(9), random: random(3) };
const BODY = '{"type":"webhook.test","data":{}}';

const message = (change: object = {}) => ({
  id: 'evt_1',
  timestamp: Math.floor(Date.now() / 1_000),
  body: BODY,
  ...change,
});

/** What a receiver with Node's own cryptography makes of a `v1a` signature. */
function holdsAsymmetrically(publicKey: string, headers: Record<string, string>, body: string): boolean {
  const x = Buffer.from(publicKey.replace('whpk_', ''), 'base64').toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  const content = Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`);
  const signatures = (headers['webhook-signature'] ?? '').split(' ').filter((one) => one.startsWith('v1a,'));
  return signatures.some((one) => verify(null, content, key, Buffer.from(one.slice(4), 'base64')));
}

describe('a signed message', () => {
  it('is taken by the independent package and by a receiver with the public key', () => {
    const headers = signedHeaders(message(), [KEYS]);
    expect(new Webhook(secretText(KEYS)).verify(BODY, headers)).toEqual(JSON.parse(BODY));
    expect(holdsAsymmetrically(publicKeyText(KEYS), headers, BODY)).toBe(true);
    expect(headers['webhook-signature']).toMatch(/^v1,[A-Za-z0-9+/]{43}= v1a,[A-Za-z0-9+/]{86}==$/);
  });

  it.each([
    ['id', { id: 'evt_2' }],
    ['timestamp', { timestamp: Math.floor(Date.now() / 1_000) + 1 }],
    ['body', { body: '{"type":"webhook.test","data":{"state":"approved"}}' }],
  ])('is taken with no other %s than its own', (_, change) => {
    const { id, timestamp, body } = message(change);
    const headers = {
      ...signedHeaders(message(), [KEYS]),
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
    };
    expect(() => new Webhook(secretText(KEYS)).verify(body, headers)).toThrow();
    expect(holdsAsymmetrically(publicKeyText(KEYS), headers, body)).toBe(false);
  });

  it('of two sets of keys is taken by whoever has either, and by nobody else', () => {
    const headers = signedHeaders(message(), [KEYS, OTHER]);
    for (const keys of [KEYS, OTHER]) {
      new Webhook(secretText(keys)).verify(BODY, headers);
      expect(holdsAsymmetrically(publicKeyText(keys), headers, BODY)).toBe(true);
    }
    const third = newSigningKeys(random(4));
    expect(() => new Webhook(secretText(third)).verify(BODY, headers)).toThrow('No matching signature');
    expect(holdsAsymmetrically(publicKeyText(third), headers, BODY)).toBe(false);
  });
});

describe('keys at rest', () => {
  const endpoint = {
    id: 'whk_1',
    sealedKeys: sealKeys(SEALING, 'whk_1', KEYS),
    previousKeys: sealKeys(SEALING, 'whk_1', OTHER),
    previousUntil: 1_000,
  };

  it('show nothing of themselves, and open only for their own endpoint and key', () => {
    const raw = Buffer.from(endpoint.sealedKeys, 'base64').toString('latin1');
    for (const part of [KEYS.secret, KEYS.seed]) expect(raw).not.toContain(part);
    expect(openKeys(SEALING.key, 'whk_1', endpoint.sealedKeys)).toEqual(KEYS);
    expect(openKeys(SEALING.key, 'whk_2', endpoint.sealedKeys)).toBeUndefined();
    expect(openKeys(new Uint8Array(32), 'whk_1', endpoint.sealedKeys)).toBeUndefined();
  });

  it('from before a rotation sign until their time is over, and not at that moment', () => {
    expect(keysInForce(SEALING.key, endpoint, 999)).toEqual([KEYS, OTHER]);
    expect(keysInForce(SEALING.key, endpoint, 1_000)).toEqual([KEYS]);
    expect(keysInForce(SEALING.key, { ...endpoint, previousKeys: undefined }, 0)).toEqual([KEYS]);
  });
});
