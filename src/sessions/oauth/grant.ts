import { CountersignError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Session } from '../session.ts';
import { type OauthDeps, resourceOf } from './deps.ts';
import { isThisResource } from './request.ts';

/** What a client gets. Both tokens exist nowhere else. */
export interface ConnectedTokens {
  readonly session: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresInSeconds: number;
}

/** One refusal for every reason, so that a stranger who holds a code learns nothing by trying. */
export function refuseGrant(what: 'code' | 'refresh_token'): CountersignError {
  return new CountersignError(
    'not_found',
    `${what}: unknown, used, expired, or for another client, redirect_uri or code_verifier. Begin the authorization again.`,
  );
}

/** Throws with the field `resource` for a token that is asked for another resource (RFC 8707 §2.2). */
export function requireThisResource(deps: Pick<OauthDeps, 'origin'>, resource: string | undefined): void {
  const expected = resourceOf(deps);
  if (resource === undefined || isThisResource(resource, expected)) return;
  throw new CountersignError('invalid_request', `resource: expected ${expected}`, {
    fields: [{ field: 'resource', expected }],
  });
}

/** When an access token ends: soon, and never after its session. */
export function accessEnd(session: Pick<Session, 'expiresAt'>, now: number): number {
  return Math.min(session.expiresAt, now + LIMITS.oauthAccessTokenTtlMs);
}
