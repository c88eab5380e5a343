/** Fills `size` bytes from the cryptographic source that browsers and Node share. */
export function webRandomBytes(size: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(size));
}

/** An unguessable text of 128 bits, as 32 hex digits. */
export function randomKey(): string {
  return Array.from(webRandomBytes(16), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
