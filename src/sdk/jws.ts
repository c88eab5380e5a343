import { apiError } from './api-error.ts';
import { toBase64Url } from './statement.ts';

/** A key that signs: P-256 with SHA-256 (ECDSA), or Ed25519. */
export interface SigningKey {
  readonly algorithm: 'ES256' | 'Ed25519';
  /** 64 bytes: r ‖ s for ES256 (RFC 7518 §3.4), the signature of RFC 8032 for Ed25519. */
  readonly sign: (bytes: Uint8Array) => Promise<Uint8Array>;
}

const SIGNATURE_BYTES = 64;

/** The compact JWS (RFC 7515 §7.1) of a JWT. Throws `invalid_request` when the key gives no signature of 64 bytes. */
export async function signJwt(
  key: SigningKey,
  jwt: { readonly header: object; readonly claims: object },
): Promise<string> {
  const encode = (value: object): string => toBase64Url(new TextEncoder().encode(JSON.stringify(value)));
  const alg = key.algorithm === 'ES256' ? 'ES256' : 'EdDSA';
  const input = `${encode({ alg, ...jwt.header })}.${encode(jwt.claims)}`;
  const signature = await key.sign(new TextEncoder().encode(input));
  if (signature.length !== SIGNATURE_BYTES) {
    throw apiError({
      code: 'invalid_request',
      message: `sign: expected ${SIGNATURE_BYTES} bytes (for ES256 r and s, not DER), but got ${signature.length}.`,
    });
  }
  return `${input}.${toBase64Url(signature)}`;
}
