import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export type Bytes = string | Uint8Array;

/** SHA-256 as lower-case hex; strings are hashed as UTF-8. */
export function sha256Hex(data: Bytes): string {
  return createHash('sha256').update(data).digest('hex');
}

export function sha256(data: Bytes): Uint8Array {
  return createHash('sha256').update(data).digest();
}

const COMMIT_PREFIX = 'countersign/commit/v1\n';

/**
 * A hiding, binding commitment: hex of HMAC-SHA256(salt, "countersign/commit/v1\n" ‖ canonical).
 * `canonical` is RFC 8785 text or the exact rendered text; `salt` is 32 random bytes kept beside the payload.
 */
export function commitment(salt: Uint8Array, canonical: Bytes): string {
  return createHmac('sha256', salt).update(COMMIT_PREFIX).update(canonical).digest('hex');
}

/** Compares two secrets of any length in constant time, by comparing their digests. */
export function equalSecrets(a: Bytes, b: Bytes): boolean {
  return timingSafeEqual(sha256(a), sha256(b));
}
