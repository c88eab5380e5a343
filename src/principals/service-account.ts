import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { canonicalize } from '../core/canonical.ts';
import { CountersignError } from '../core/errors.ts';
import { isJsonObject, type JsonObject, parseStrict } from '../core/json.ts';

/** A machine that may decide where a rule says `approver: automation`. Times are epoch milliseconds. */
export interface ServiceAccount {
  readonly id: string;
  readonly name: string;
  readonly groups: readonly string[];
  /** Canonical JWK text of an Ed25519 (RFC 8037) or P-256 (RFC 7518 §6.2) public key. */
  readonly publicKey: string;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly removedAt: number | undefined;
}

export type SignatureAlgorithm = 'Ed25519' | 'ES256';

const EXPECTED = 'an Ed25519 or P-256 public key, as SPKI PEM ("-----BEGIN PUBLIC KEY-----") or as a JWK';

function refuse(problem: string, cause?: unknown): never {
  throw new CountersignError('invalid_request', `public_key: ${problem}; expected ${EXPECTED}`, {
    cause,
    fields: [{ field: 'public_key', expected: EXPECTED }],
  });
}

function load(input: string | JsonObject): KeyObject {
  if (typeof input === 'string' && !input.trimStart().startsWith('{')) {
    if (!/^\s*-----BEGIN PUBLIC KEY-----/.test(input)) refuse('this is not a public key in SPKI PEM');
    return createPublicKey(input);
  }
  const jwk = typeof input === 'string' ? parseStrict(input) : input;
  if (!isJsonObject(jwk)) refuse('this is not a JWK');
  if ('d' in jwk || 'k' in jwk)
    refuse('this holds a private key; send the public half only, and replace this key pair');
  return createPublicKey({ key: jwk as Record<string, string>, format: 'jwk' });
}

function algorithmOf(key: KeyObject): SignatureAlgorithm | undefined {
  if (key.asymmetricKeyType === 'ed25519') return 'Ed25519';
  if (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return 'ES256';
  return undefined;
}

/** Reads a public key in either form and gives its canonical JWK text. Throws `invalid_request`. */
export function parsePublicKey(input: string | JsonObject): string {
  let key: KeyObject;
  try {
    key = load(input);
  } catch (cause) {
    if (cause instanceof CountersignError) throw cause;
    refuse('the key cannot be read', cause);
  }
  if (algorithmOf(key) === undefined) refuse('the key is of another kind');
  return canonicalize(key.export({ format: 'jwk' }) as JsonObject);
}

/**
 * Checks a signature by the account's key over `message` (the 32 bytes of the statement challenge). Ed25519 is
 * RFC 8032; ES256 is ECDSA with SHA-256, as 64 bytes r ‖ s (RFC 7518 §3.4) or DER. Undefined when it is not valid.
 */
export function checkSignature(
  account: Pick<ServiceAccount, 'publicKey'>,
  signed: { message: Uint8Array; signature: Uint8Array },
): SignatureAlgorithm | undefined {
  const key = createPublicKey({
    key: JSON.parse(account.publicKey) as Record<string, string>,
    format: 'jwk',
  });
  const algorithm = algorithmOf(key);
  if (algorithm === 'Ed25519')
    return verify(null, signed.message, key, signed.signature) ? algorithm : undefined;
  if (algorithm !== 'ES256') return undefined;
  const encodings = signed.signature.length === 64 ? (['ieee-p1363', 'der'] as const) : (['der'] as const);
  const valid = encodings.some((dsaEncoding) =>
    verify('sha256', signed.message, { key, dsaEncoding }, signed.signature),
  );
  return valid ? algorithm : undefined;
}
