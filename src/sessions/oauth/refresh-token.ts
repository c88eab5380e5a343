import { sha256Hex } from '../../core/digest.ts';
import type { OauthDeps } from './deps.ts';
import { endReused } from './end-reused.ts';
import { accessEnd, type ConnectedTokens, refuseGrant, requireThisResource } from './grant.ts';
import { isOauthSecret, oauthSecret, SECRET_BYTES } from './secret.ts';
import { dropStaleRefresh, insertRefresh, refreshByHash, replaceToken, spendRefresh } from './store.ts';

/**
 * Gives a session another access token and another refresh token (RFC 6749 §6, OAuth 2.1 §4.3.1); those before are of no
 * use from then on. The session and its end stay as the person consented to them. A refresh token that comes a second
 * time ends the session. Throws `not_found` for whatever is not the newest token of this client, for a session that has
 * ended, and once the person is removed; `invalid_request` naming `resource`.
 */
export async function refreshConnection(
  deps: OauthDeps,
  asked: { token: string; clientId: string; resource: string | undefined },
): Promise<ConnectedTokens> {
  requireThisResource(deps, asked.resource);
  if (!isOauthSecret('refresh', asked.token)) throw refuseGrant('refresh_token');
  const { workspace } = deps;
  const hash = sha256Hex(asked.token);
  const token = await refreshByHash(deps.database, { hash, workspace });
  if (token === undefined || token.clientId !== asked.clientId) throw refuseGrant('refresh_token');
  const { sessionId } = token;
  const now = deps.now();
  const accessToken = oauthSecret('access', deps.random(SECRET_BYTES));
  const refreshToken = oauthSecret('refresh', deps.random(SECRET_BYTES));
  const until = accessEnd({ expiresAt: token.until }, now);
  const applied = await deps.ledger.commit({
    guard: spendRefresh({ hash, now }),
    then: [
      replaceToken({ sessionId, hash: sha256Hex(accessToken), until }),
      insertRefresh({ ...token, hash: sha256Hex(refreshToken), now }),
      dropStaleRefresh(now),
    ],
    entries: [],
  });
  if (applied.kind === 'refused') {
    const spent = await refreshByHash(deps.database, { hash, workspace });
    if (spent?.usedAt !== undefined) await endReused(deps, { sessionId, what: 'refresh token' });
    throw refuseGrant('refresh_token');
  }
  deps.sessions.tokenReplaced(sessionId);
  const expiresInSeconds = Math.floor((until - now) / 1_000);
  return { session: sessionId, accessToken, refreshToken, expiresInSeconds };
}
