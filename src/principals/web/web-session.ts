import { LIMITS } from '../../core/limits.ts';
import type { RelyingParty } from './relying-party.ts';

/** Random bytes in the cookie: 256 bits. */
export const WEB_TOKEN_BYTES = 32;

const TOKEN = /^[A-Za-z0-9_-]{43}$/;

export function formatWebToken(secret: Uint8Array): string {
  return Buffer.from(secret).toString('base64url');
}

/** `__Host-countersign` where the cookie can be Secure (RFC 6265bis §4.1.3.2), otherwise `countersign_web`. */
export function cookieName(party: Pick<RelyingParty, 'secure'>): string {
  return party.secure ? '__Host-countersign' : 'countersign_web';
}

function attributes(party: Pick<RelyingParty, 'secure'>, maxAgeSeconds: number): string {
  const base = `Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAgeSeconds}`;
  return party.secure ? `${base}; Secure` : base;
}

/** The `Set-Cookie` value that signs a browser in. */
export function sessionCookie(party: Pick<RelyingParty, 'secure'>, token: string): string {
  return `${cookieName(party)}=${token}; ${attributes(party, Math.floor(LIMITS.webSessionTtlMs / 1000))}`;
}

/** The `Set-Cookie` value that signs a browser out. */
export function clearedCookie(party: Pick<RelyingParty, 'secure'>): string {
  return `${cookieName(party)}=; ${attributes(party, 0)}`;
}

/** The token in a `Cookie` header; undefined when it is absent, malformed or sent twice. */
export function readSessionCookie(
  party: Pick<RelyingParty, 'secure'>,
  header: string | undefined,
): string | undefined {
  const prefix = `${cookieName(party)}=`;
  const values = (header ?? '')
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part.startsWith(prefix))
    .map((part) => part.slice(prefix.length));
  const token = values.length === 1 ? values[0] : undefined;
  return token !== undefined && TOKEN.test(token) ? token : undefined;
}
