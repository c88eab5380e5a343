import { createRemoteJWKSet, type JWTVerifyGetKey } from 'jose';
import { refusal } from './refusal.ts';

/** Where the keys of a gateway come from. Make it once and keep it: it remembers what it has fetched. */
export type CapabilityKeySource = JWTVerifyGetKey;

function isSafeUrl(url: URL): boolean {
  return url.protocol === 'https:' || /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(url.hostname);
}

/**
 * The published keys of a gateway, fetched when they are first needed and again when a token names an unknown key.
 * Throws `keys_unavailable` for an address that is neither https nor this machine.
 */
export function capabilityKeys(issuer: string, options: { readonly uri?: string } = {}): CapabilityKeySource {
  const text = options.uri ?? `${issuer.replace(/\/$/, '')}/.well-known/jwks.json`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !isSafeUrl(url))
    throw refusal('keys_unavailable', `The keys of ${issuer} must come by https, not from "${text}".`);
  return createRemoteJWKSet(url);
}
