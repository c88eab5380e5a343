import { systemClock } from '../core/clock.ts';
import { webRandomBytes } from '../core/web-random.ts';
import { apiError } from './api-error.ts';
import type { ServiceAccount } from './approvals.ts';
import type { HttpOptions, Login } from './http.ts';
import { signJwt } from './jws.ts';
import { problemFrom } from './problem.ts';
import { toBase64Url } from './statement.ts';

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const ASSERTION_SECONDS = 50;
const RENEW_BEFORE_MS = 30_000;
const JTI_BYTES = 16;

/**
 * Logs in by a JWT that the account's key signs (RFC 7523); the key itself never leaves the caller. The JWT is for
 * `baseUrl` alone, which must be the gateway's public origin. Throws `unauthenticated` when it is not accepted.
 */
export function createMachineLogin(
  account: ServiceAccount,
  at: Pick<HttpOptions, 'baseUrl' | 'fetch'>,
): Login {
  const state: { token?: string; until: number } = { until: 0 };

  async function logIn(signal: AbortSignal): Promise<string> {
    const now = systemClock();
    const iat = Math.floor(now / 1_000);
    const assertion = await signJwt(
      { algorithm: account.algorithm ?? 'Ed25519', sign: account.sign },
      {
        header: { typ: 'JWT' },
        claims: {
          iss: account.id,
          sub: account.id,
          aud: at.baseUrl,
          iat,
          exp: iat + ASSERTION_SECONDS,
          jti: toBase64Url(webRandomBytes(JTI_BYTES)),
        },
      },
    );
    const response = await at.fetch(`${at.baseUrl}/oauth/token`, {
      method: 'POST',
      headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
      credentials: 'omit',
      redirect: 'manual',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_assertion_type: ASSERTION_TYPE,
        client_assertion: assertion,
      }).toString(),
      signal,
    });
    if (!response.ok) throw problemFrom(response, await response.text());
    const body = (await response.json()) as { access_token?: unknown; expires_in?: unknown };
    if (typeof body.access_token !== 'string')
      throw apiError({ code: 'bad_response', message: `${at.baseUrl} gave no access token.` });
    Object.assign(state, {
      token: body.access_token,
      until: now + Number(body.expires_in) * 1_000 - RENEW_BEFORE_MS,
    });
    return body.access_token;
  }

  return {
    accessToken: async (signal) =>
      state.token !== undefined && systemClock() < state.until ? state.token : await logIn(signal),
    forget() {
      state.until = 0;
    },
  };
}
