import { hkdfSync, type KeyObject } from 'node:crypto';

const KEY_BYTES = 32;

/** A key for one purpose, derived from the data key (HKDF-SHA256, RFC 5869); it tells nothing of any other. */
export function deriveKey(dataKey: KeyObject, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', dataKey, '', purpose, KEY_BYTES));
}
