import { hash, timingSafeEqual } from 'node:crypto';

export type Bytes = string | Uint8Array;

/** SHA-256 as lower-case hex; strings are hashed as UTF-8. */
export function sha256Hex(data: Bytes): string {
  return hash('sha256', data, 'hex');
}

export function sha256(data: Bytes): Uint8Array {
  return hash('sha256', data, 'buffer');
}

const COMMIT_PREFIX = Buffer.from('countersign/commit/v1\n');
const BLOCK_BYTES = 64;

function padded(key: Uint8Array, pad: number): Uint8Array {
  const block = new Uint8Array(BLOCK_BYTES).fill(pad);
  for (let index = 0; index < key.length; index++) block[index] = (key[index] as number) ^ pad;
  return block;
}

/**
 * A hiding, binding commitment: hex of HMAC-SHA256(salt, "countersign/commit/v1\n" ‖ canonical) (RFC 2104).
 * `canonical` is RFC 8785 text or the exact rendered text; `salt` is 32 random bytes kept beside the payload.
 */
export function commitment(salt: Uint8Array, canonical: Bytes): string {
  // Two one-shot digests take a quarter of the time of an HMAC object, which first makes a key object of the salt.
  const text = typeof canonical === 'string' ? Buffer.from(canonical) : canonical;
  const inner = hash('sha256', Buffer.concat([padded(salt, 0x36), COMMIT_PREFIX, text]), 'buffer');
  return hash('sha256', Buffer.concat([padded(salt, 0x5c), inner]), 'hex');
}

const CHALLENGE_PREFIX = 'countersign/statement/v1\n';

/** What is signed for a statement of any type: SHA-256("countersign/statement/v1\n" ‖ its canonical text). */
export function statementChallenge(text: string): Uint8Array {
  return sha256(CHALLENGE_PREFIX + text);
}

/** Compares two secrets of any length in constant time, by comparing their digests. */
export function equalSecrets(a: Bytes, b: Bytes): boolean {
  return timingSafeEqual(sha256(a), sha256(b));
}
