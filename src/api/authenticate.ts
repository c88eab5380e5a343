import { CountersignError } from '../core/errors.ts';
import { authenticateKey } from '../principals/keys.ts';
import { authenticateAccessToken } from '../principals/machine/authenticate-token.ts';
import { checkedProof, useProof } from '../principals/machine/proofs.ts';
import { type Principal, principalRef } from '../principals/principal.ts';
import { authenticateWeb } from '../principals/web/sign-in.ts';
import { readSessionCookie } from '../principals/web/web-session.ts';
import type { ApiContext, ApiDeps } from './context.ts';

const CSRF_HEADER = 'x-countersign-csrf';
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD']);

export function isSafe(c: ApiContext): boolean {
  return SAFE_METHODS.has(c.req.method);
}

/** Throws `forbidden` unless a request that a cookie authenticates was made by our own page. */
function refuseForeignPage(deps: ApiDeps, c: ApiContext): void {
  if (c.req.header(CSRF_HEADER) !== '1') {
    throw new CountersignError(
      'forbidden',
      `A request that changes something from a browser needs the header ${CSRF_HEADER}: 1.`,
    );
  }
  if (c.req.header('origin')?.toLowerCase() === deps.publicOrigin.toLowerCase()) return;
  throw new CountersignError(
    'forbidden',
    `Origin: expected ${deps.publicOrigin}. Only the gateway’s own page can change something with a person’s cookie.`,
  );
}

const CREDENTIALS = /^(bearer|dpop) +([^ ]+)$/i;

/** The proof of a key that came with a request, for the address that the caller knows; undefined when none came. */
export function sentProof(
  deps: ApiDeps,
  c: ApiContext,
): { proof: string; method: string; url: string } | undefined {
  const proof = c.req.header('dpop');
  const { pathname } = new URL(c.req.url);
  return proof === undefined
    ? undefined
    : { proof, method: c.req.method, url: `${deps.publicOrigin}${pathname}` };
}

/** Takes a request out of what whoever sends it has left. Throws `rate_limited`, whatever else is wrong with it. */
async function counted<Found extends Principal | undefined>(
  { limiter }: ApiDeps,
  c: ApiContext,
  authenticated: Promise<Found>,
): Promise<Found> {
  let principal: Principal | undefined;
  try {
    const found = await authenticated;
    principal = found;
    return found;
  } finally {
    if (principal === undefined) limiter.takeFromStranger(c);
    else limiter.takeFrom(c, principalRef(principal));
  }
}

/**
 * Whoever the Authorization header stands for: an API key, or a service account by its access token, which is bound to
 * a key where the scheme is DPoP (RFC 9449 §7.1). Throws `unauthenticated` when that is nobody.
 */
async function byHeader(deps: ApiDeps, c: ApiContext, header: string): Promise<Principal> {
  const [, scheme = '', token = ''] = CREDENTIALS.exec(header.trim()) ?? [];
  const isBearer = scheme.toLowerCase() === 'bearer';
  const found =
    (isBearer ? await authenticateKey(deps.principals, token) : undefined) ??
    (await authenticateAccessToken(deps.principals, token, {
      scheme: isBearer ? 'Bearer' : 'DPoP',
      proof: sentProof(deps, c),
    }));
  if (found !== undefined) return found;
  throw new CountersignError(
    'unauthenticated',
    'The API key or access token is malformed, unknown, expired or revoked. Send one that is in force as Authorization: Bearer cs_…',
  );
}

/**
 * Who calls an OAuth endpoint, never by a cookie, and the key that the request proved, if it did. Throws `unauthenticated`,
 * and `rate_limited` as `admit` does.
 */
export async function authenticateClient(
  deps: ApiDeps,
  c: ApiContext,
): Promise<{ readonly principal: Principal; readonly jkt: string | undefined }> {
  const header = c.req.header('authorization');
  if (header === undefined)
    throw new CountersignError(
      'unauthenticated',
      'Send an API key as Authorization: Bearer cs_…, or the access token of a service account (csa_…).',
    );
  const principal = await counted(deps, c, byHeader(deps, c, header));
  const sent = sentProof(deps, c);
  if (sent === undefined) return { principal, jkt: undefined };
  // With a bound token the proof was spent just now; its key is the one that the token names.
  const { jkt } = /^dpop /i.test(header)
    ? await checkedProof(deps.principals, sent)
    : await useProof(deps.principals, sent);
  return { principal, jkt };
}

/**
 * An API key or an access token in the header, else a signed-in person's cookie, else nobody. Throws `unauthenticated`
 * for a header that holds nothing in force: it is refused, not ignored, also when a cookie stands beside it.
 */
export async function authenticate(deps: ApiDeps, c: ApiContext): Promise<Principal | undefined> {
  const header = c.req.header('authorization');
  if (header !== undefined) return byHeader(deps, c, header);
  const token = readSessionCookie(deps.principals.party, c.req.header('cookie'));
  const person = token === undefined ? undefined : await authenticateWeb(deps.principals, token);
  if (person !== undefined && !isSafe(c)) refuseForeignPage(deps, c);
  return person;
}

/**
 * Lets a request in with whoever sends it, within what that caller may use of the API. Throws `unauthenticated`, and
 * `rate_limited`, which is all that an address hears whose requests say too often of nobody who sends them.
 */
export async function admit(deps: ApiDeps, c: ApiContext): Promise<void> {
  c.set('principal', await counted(deps, c, authenticate(deps, c)));
}
