import { createPrivateKey, type KeyObject } from 'node:crypto';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { checkKeys, type Path, refuse, type Source } from '../source.ts';

/** How the gateway shows an authorization server that it is this client. */
export type ClientProof =
  | { readonly kind: 'none' }
  | { readonly kind: 'secret'; readonly secret: string }
  /** `private_key_jwt` (RFC 7523 §2.2); the key is PKCS #8 in PEM. */
  | { readonly kind: 'key'; readonly pem: string; readonly algorithm: string };

/** How the gateway gets access to a remote server by OAuth 2.1. It holds secrets: never shown or logged. */
export interface ServerAuth {
  readonly type: 'client_credentials' | 'authorization_code';
  /** Registered by hand; without it the gateway registers itself, or is known by `clientMetadataUrl`. */
  readonly clientId: string | undefined;
  readonly clientMetadataUrl: string | undefined;
  readonly proof: ClientProof;
  /** Space-separated; what the server asks for when it is left out. */
  readonly scope: string | undefined;
  /** The only authorization server that is believed, whatever the server says; required beside a secret. */
  readonly issuer: string | undefined;
}

const KEYS = ['type', 'client_id', 'client_secret', 'private_key', 'client_metadata_url', 'scope', 'issuer'];
const ALGORITHM_OF_CURVE: Readonly<Record<string, string>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
};
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/;

/** True for the names and addresses of this machine alone. */
export function isLoopbackHost(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.[0-9]{1,3}){3}$/.test(hostname);
}

/** True where a secret may be sent: over TLS, or to this machine. */
export function isSafeForSecrets(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname));
}

function algorithmOf(key: KeyObject): string | undefined {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === 'rsa') return 'RS256';
  if (type === 'ed25519') return 'EdDSA';
  return type === 'ec' ? ALGORITHM_OF_CURVE[details?.namedCurve ?? ''] : undefined;
}

function readKey(text: string): { pem: string; algorithm: string } | undefined {
  try {
    const isJwk = text.trimStart().startsWith('{');
    const key = isJwk ? createPrivateKey({ key: JSON.parse(text), format: 'jwk' }) : createPrivateKey(text);
    const algorithm = algorithmOf(key);
    if (algorithm === undefined) return undefined;
    return { pem: key.export({ format: 'pem', type: 'pkcs8' }) as string, algorithm };
  } catch {
    return undefined;
  }
}

/** What `auth` is read with: the definition that it stands in, and how its texts are expanded. */
export interface AuthReader {
  readonly source: Source;
  /** Of `auth` itself. */
  readonly path: Path;
  readonly text: (key: string, value: JsonObject) => string | undefined;
  /** The server's address, checked. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

/** Reads a server's `auth`. Throws `config_invalid` with file and line; no message holds a value of it. */
export function parseAuth(reader: AuthReader): ServerAuth | undefined {
  const { source, path, url, headers } = reader;
  const entry = source.valueAt(path);
  if (entry === undefined) return undefined;
  const fail = (key: string | undefined, problem: string): never =>
    refuse(source, key === undefined ? path : [...path, key], problem);
  if (!isJsonObject(entry)) return fail(undefined, 'expected an object with type and what belongs to it');
  checkKeys(source, path, entry, KEYS);
  const text = (key: string): string | undefined => {
    const value = reader.text(key, entry);
    return value === '' ? fail(key, 'expected a text that is not empty; is the variable set?') : value;
  };
  const address = (key: string): string | undefined => {
    const value = text(key);
    if (value === undefined) return undefined;
    const parsed = URL.canParse(value) ? new URL(value) : undefined;
    const isPlain = parsed !== undefined && `${parsed.search}${parsed.hash}${parsed.username}` === '';
    return isPlain && isSafeForSecrets(parsed) ? value : fail(key, 'expected an https:// address');
  };
  const { type } = entry;
  if (type !== 'client_credentials' && type !== 'authorization_code') {
    return fail('type', 'expected "client_credentials" or "authorization_code"');
  }
  if (!isSafeForSecrets(url))
    fail(undefined, 'expected an https:// server; a token would be sent in the clear');
  if (Object.keys(headers).some((name) => name.toLowerCase() === 'authorization')) {
    fail(undefined, 'the header Authorization is set too; keep one of the two');
  }
  const clientId = text('client_id');
  const secret = text('client_secret');
  const keyText = text('private_key');
  const clientMetadataUrl = address('client_metadata_url');
  const issuer = address('issuer');
  const scope = text('scope');
  if (scope !== undefined && !SCOPE.test(scope)) fail('scope', 'expected words separated by one space');
  if (secret !== undefined && keyText !== undefined) {
    fail('private_key', 'client_secret is given too; keep one of the two');
  }
  const proves = secret !== undefined || keyText !== undefined;
  if (type === 'client_credentials' && !proves) {
    fail(undefined, 'expected client_secret or private_key, with which the gateway proves who it is');
  }
  if (proves && clientId === undefined) fail(undefined, 'expected client_id, to which the secret belongs');
  if (proves && issuer === undefined) {
    fail(undefined, 'expected issuer: the only authorization server that may see what proves the client');
  }
  if (clientId !== undefined && clientMetadataUrl !== undefined) {
    fail('client_metadata_url', 'client_id is given too; keep one of the two');
  }
  return { type, clientId, clientMetadataUrl, proof: proofOf({ secret, keyText, fail }), scope, issuer };
}

function proofOf(given: {
  secret: string | undefined;
  keyText: string | undefined;
  fail: (key: string, problem: string) => never;
}): ClientProof {
  const { secret, keyText, fail } = given;
  if (secret !== undefined) return { kind: 'secret', secret };
  if (keyText === undefined) return { kind: 'none' };
  const key = readKey(keyText);
  if (key === undefined) {
    return fail('private_key', 'expected a private key (EC P-256/384/521, RSA or Ed25519) as PEM or JWK');
  }
  return { kind: 'key', ...key };
}
