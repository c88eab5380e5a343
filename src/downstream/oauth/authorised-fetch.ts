import type { Fetch } from '../transports/bounded-fetch.ts';
import type { Credentials } from './credential.ts';

function withToken(init: RequestInit | undefined, token: string): RequestInit {
  const headers = new Headers(init?.headers);
  headers.set('authorization', `Bearer ${token}`);
  return { ...init, headers, redirect: 'manual' };
}

/**
 * Shows the server its token with everything that is sent to its own origin, and nothing with what goes elsewhere. A
 * request that is refused with 401 and a challenge, and so was not carried out, is sent once more with a new token.
 */
export function authorised(
  fetch: Fetch,
  { url, credentials }: { url: string; credentials: Credentials | undefined },
): Fetch {
  if (credentials === undefined) return fetch;
  const { origin } = new URL(url);
  return async (to, init) => {
    if (new URL(to).origin !== origin) return await fetch(to, init);
    const token = await credentials.token();
    const response = await fetch(to, withToken(init, token));
    if (response.status !== 401 || !response.headers.has('www-authenticate')) return response;
    const renewed = await credentials.renew(token);
    if (renewed === undefined) return response;
    await response.body?.cancel();
    return await fetch(to, withToken(init, renewed));
  };
}
