import { generateKeyPairSync } from 'node:crypto';
import { existsSync } from 'node:fs';
import { canonicalize } from '../../core/canonical.ts';
import { sha256 } from '../../core/digest.ts';
import { CountersignError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue, parseStrict } from '../../core/json.ts';
import { readSecretFile, writeSecretFile } from '../../core/secret-file.ts';
import { TOKEN_ALGORITHM } from '../token.ts';

/** The public half of a key, as JWKS and ledger have it (RFC 7518 §6.2.1). */
export type PublicJwk = JsonObject & {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
};

/** One P-256 key pair that signs, or signed, capability tokens. */
export interface StoredKey {
  /** RFC 7638 SHA-256 thumbprint, base64url. */
  readonly kid: string;
  readonly jwk: PublicJwk;
  /** The private scalar, base64url. */
  readonly d: string;
  /** Epoch milliseconds until which tokens signed with it are accepted; undefined for the key that signs. */
  readonly retireAt: number | undefined;
}

const MEMBER = /^[A-Za-z0-9_-]{43}$/;

function unreadable(file: string): never {
  throw new CountersignError(
    'config_invalid',
    `${file}: expected a JWKS of P-256 keys, the one that signs first, as this gateway writes it; restore the file from a backup, or remove it to have a new key made`,
  );
}

function readKey(file: string, value: JsonValue): StoredKey {
  if (!isJsonObject(value)) return unreadable(file);
  const { kty, crv, kid, x, y, d, retire_at: retireAt } = value;
  const texts = [kid, x, y, d];
  const isKey = kty === 'EC' && crv === 'P-256' && texts.every((text) => MEMBER.test(String(text)));
  if (!isKey || !(retireAt === undefined || Number.isSafeInteger(retireAt))) return unreadable(file);
  return {
    kid: String(kid),
    jwk: { kty, crv, x: String(x), y: String(y) },
    d: String(d),
    retireAt: retireAt as number | undefined,
  };
}

/** RFC 7638 §3: the digest of the required members in lexical order, which is their canonical form. */
function thumbprint({ crv, kty, x, y }: PublicJwk): string {
  return Buffer.from(sha256(canonicalize({ crv, kty, x, y }))).toString('base64url');
}

/** A new key pair that signs. */
export function newStoredKey(): StoredKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '', d = '' } = privateKey.export({ format: 'jwk' });
  const jwk: PublicJwk = { kty: 'EC', crv: 'P-256', x, y };
  return { kid: thumbprint(jwk), jwk, d, retireAt: undefined };
}

/**
 * The keys of the file, the one that signs first; none when there is no file. Throws `config_invalid` when the file is
 * malformed, does not belong together, or can be read by other users.
 */
export function readKeyFile(file: string): StoredKey[] {
  if (!existsSync(file)) return [];
  let value: JsonValue;
  try {
    value = parseStrict(readSecretFile(file));
  } catch (error) {
    if (error instanceof CountersignError && error.code === 'config_invalid') throw error;
    return unreadable(file);
  }
  if (!isJsonObject(value) || !Array.isArray(value.keys) || value.keys.length === 0) return unreadable(file);
  const keys = value.keys.map((key) => readKey(file, key));
  for (const key of keys) if (thumbprint(key.jwk) !== key.kid) return unreadable(file);
  return keys;
}

/** Replaces the file as a whole, durable and readable by its owner alone. */
export function writeKeyFile(file: string, keys: readonly StoredKey[]): void {
  const jwks = keys.map(({ kid, jwk, d, retireAt }) => ({
    ...jwk,
    d,
    kid,
    alg: TOKEN_ALGORITHM,
    use: 'sig',
    ...(retireAt === undefined ? {} : { retire_at: retireAt }),
  }));
  writeSecretFile(file, `${JSON.stringify({ keys: jwks }, null, 2)}\n`);
}
