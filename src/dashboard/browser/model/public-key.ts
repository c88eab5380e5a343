import { isJsonObject, type JsonObject, parseStrict } from '../../../core/json.ts';
import { toBase64Url } from '../../../sdk/statement.ts';
import { bytesOfBase64 } from './bytes.ts';

const COORDINATE_BYTES = 32;

/** What stands before the key in SPKI (RFC 8410 §4, RFC 5480 §2): it names the algorithm and holds nothing else. */
const ED25519_SPKI = '302a300506032b6570032100';
const P256_SPKI = '3059301306072a8648ce3d020106082a8648ce3d03010703420004';

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function fromSpki(spki: Uint8Array): JsonObject | undefined {
  const text = hex(spki);
  const from = (start: number) => toBase64Url(spki.subarray(start, start + COORDINATE_BYTES));
  const fits = (head: string, coordinates: number) =>
    text.startsWith(head) && spki.length === head.length / 2 + coordinates * COORDINATE_BYTES;
  if (fits(ED25519_SPKI, 1)) return { kty: 'OKP', crv: 'Ed25519', x: from(ED25519_SPKI.length / 2) };
  if (!fits(P256_SPKI, 2)) return undefined;
  const at = P256_SPKI.length / 2;
  return { kty: 'EC', crv: 'P-256', x: from(at), y: from(at + COORDINATE_BYTES) };
}

function fromJwk(jwk: JsonObject): JsonObject | undefined {
  const { kty, crv, x, y } = jwk;
  if (kty === 'OKP' && crv === 'Ed25519' && typeof x === 'string') return { kty, crv, x };
  const isP256 = kty === 'EC' && crv === 'P-256' && typeof x === 'string' && typeof y === 'string';
  return isP256 ? { kty, crv, x, y } : undefined;
}

/** Reads a public key as people paste it, SPKI PEM or JWK, into the JWK that is signed. Throws an `Error`. */
export function publicKeyOf(text: string): JsonObject {
  const pem = /^\s*-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----\s*$/.exec(text);
  const json = pem === null && text.trimStart().startsWith('{') ? parseStrict(text) : undefined;
  if (/PRIVATE KEY/.test(text) || (isJsonObject(json) && 'd' in json)) {
    throw new Error('This is a private key. Paste the public half only, and replace this key pair.');
  }
  const jwk =
    pem === null
      ? isJsonObject(json) && fromJwk(json)
      : fromSpki(bytesOfBase64((pem[1] ?? '').replaceAll(/\s/g, '')));
  if (jwk) return jwk;
  throw new Error(
    'Expected an Ed25519 or P-256 public key: "-----BEGIN PUBLIC KEY-----…" or a JWK that starts with "{".',
  );
}
