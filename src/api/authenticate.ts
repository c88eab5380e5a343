import { CountersignError } from '../core/errors.ts';
import { authenticateKey } from '../principals/keys.ts';
import type { Principal } from '../principals/principal.ts';
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

/**
 * An API key in the header, else a signed-in person's cookie, else nobody. Throws `unauthenticated` for a header that
 * holds no key in force: it is refused, not ignored, also when a cookie stands beside it.
 */
export async function authenticate(deps: ApiDeps, c: ApiContext): Promise<Principal | undefined> {
  const header = c.req.header('authorization');
  if (header !== undefined) {
    const token = /^bearer (.+)$/i.exec(header)?.[1]?.trim();
    const key = token === undefined ? undefined : await authenticateKey(deps.principals, token);
    if (key !== undefined) return key;
    throw new CountersignError(
      'unauthenticated',
      'The API key is malformed, unknown or revoked. Send one that is in force as Authorization: Bearer cs_…',
    );
  }
  const token = readSessionCookie(deps.principals.party, c.req.header('cookie'));
  const person = token === undefined ? undefined : await authenticateWeb(deps.principals, token);
  if (person !== undefined && !isSafe(c)) refuseForeignPage(deps, c);
  return person;
}
