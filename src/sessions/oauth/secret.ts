/** The three secrets of a connection by OAuth; each is stored as its SHA-256 alone. */
export type OauthSecret = 'access' | 'refresh' | 'code';

const PREFIX: Readonly<Record<OauthSecret, string>> = { access: 'cso_', refresh: 'csr_', code: 'csc_' };
const REST = /^[A-Za-z0-9_-]{43}$/;

/** Random bytes in each of them: 256 bits. */
export const SECRET_BYTES = 32;

/** `cso_`, `csr_` or `csc_` and 43 base64url characters over 32 random bytes. */
export function oauthSecret(kind: OauthSecret, random: Uint8Array): string {
  return PREFIX[kind] + Buffer.from(random).toString('base64url');
}

/** True for text of the right shape; says nothing about whether it exists. */
export function isOauthSecret(kind: OauthSecret, text: string): boolean {
  return text.startsWith(PREFIX[kind]) && REST.test(text.slice(PREFIX[kind].length));
}

/** True for what claims to be an access token of OAuth, well-formed or not. */
export function claimsAccess(text: string): boolean {
  return text.startsWith(PREFIX.access);
}
