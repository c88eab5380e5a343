/** Fills `size` bytes from the cryptographic source that browsers and Node share. */
export function webRandomBytes(size: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(size));
}
