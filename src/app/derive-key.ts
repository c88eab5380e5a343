import { hkdfSync, type KeyObject } from 'node:crypto';

const KEY_BYTES = 32;

/** A key for one purpose, derived from the data key (HKDF-SHA256, RFC 5869); it tells nothing of any other. 32 bytes unless told. */
export function deriveKey(dataKey: KeyObject, purpose: string, bytes = KEY_BYTES): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', dataKey, '', purpose, bytes));
}
