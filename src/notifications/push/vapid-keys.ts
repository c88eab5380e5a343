import { createECDH } from 'node:crypto';

/** The application server's key (RFC 8292), base64url: 32 bytes, and the uncompressed point of 65. */
export interface VapidKeys {
  readonly privateKey: string;
  readonly publicKey: string;
}

const CURVE = 'prime256v1';
const SCALAR_BYTES = 32;
/** The order of P-256 (SP 800-186 §3.2.1.3). */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** How many bytes of a seed leave no scalar likelier than another (FIPS 186-5 §A.2.1 asks for 40). */
export const VAPID_SEED_BYTES = 48;

/** The key that belongs to a seed of `VAPID_SEED_BYTES` secret bytes: always the same one. */
export function vapidKeysOf(seed: Uint8Array): VapidKeys {
  const drawn = BigInt(`0x${Buffer.from(seed).toString('hex')}`);
  const scalar = (drawn % (ORDER - 1n)) + 1n;
  const privateKey = Buffer.from(scalar.toString(16).padStart(2 * SCALAR_BYTES, '0'), 'hex');
  const pair = createECDH(CURVE);
  pair.setPrivateKey(privateKey);
  return {
    privateKey: privateKey.toString('base64url'),
    publicKey: pair.getPublicKey().toString('base64url'),
  };
}
