import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import type { RandomBytes } from '../core/ids.ts';
import { openText, sealText } from '../core/seal.ts';

/** What one endpoint's messages are signed with; both parts are base64 of 32 bytes. */
export interface SigningKeys {
  /** Shared with the receiver, for HMAC-SHA256. */
  readonly secret: string;
  /** Of an Ed25519 key that never leaves the gateway (RFC 8032 §5.1.5). */
  readonly seed: string;
}

const BYTES = 32;
/** The PKCS #8 envelope of an Ed25519 seed (RFC 8410 §7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

export function newSigningKeys(random: RandomBytes): SigningKeys {
  const draw = (): string => Buffer.from(random(BYTES)).toString('base64');
  return { secret: draw(), seed: draw() };
}

export function privateKeyOf({ seed }: SigningKeys): KeyObject {
  const der = Buffer.concat([PKCS8_PREFIX, Buffer.from(seed, 'base64')]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

/** The secret as receivers are given it: `whsec_` and base64 (Standard Webhooks, "Signature scheme"). */
export function secretText({ secret }: SigningKeys): string {
  return `whsec_${secret}`;
}

/** The public key in the same form: `whpk_` and base64 of its 32 bytes. */
export function publicKeyText(keys: SigningKeys): string {
  const { x = '' } = createPublicKey(privateKeyOf(keys)).export({ format: 'jwk' });
  return `whpk_${Buffer.from(x, 'base64url').toString('base64')}`;
}

const contextOf = (endpointId: string): string => `countersign/webhook-keys/v1 ${endpointId}`;

/** Keys as they are kept, bound to their endpoint. */
export function sealKeys(
  deps: { key: Uint8Array; random: RandomBytes },
  endpointId: string,
  keys: SigningKeys,
): string {
  const { secret, seed } = keys;
  const text = JSON.stringify({ secret, seed });
  return sealText(deps, { context: contextOf(endpointId), text }).toString('base64');
}

/** The inverse; undefined when they are not of this endpoint, or sealed with another key. */
export function openKeys(key: Uint8Array, endpointId: string, sealed: string): SigningKeys | undefined {
  const bytes = Buffer.from(sealed, 'base64');
  const text = openText(key, { context: contextOf(endpointId), sealed: bytes });
  return text === undefined ? undefined : (JSON.parse(text) as SigningKeys);
}
