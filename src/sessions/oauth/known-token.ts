import { sha256Hex } from '../../core/digest.ts';
import type { Session } from '../session.ts';
import { selectSession, selectSessionByToken, sessionFromRow } from '../store.ts';
import type { OauthDeps } from './deps.ts';
import { isOauthSecret } from './secret.ts';
import { clientOfSession, refreshByHash } from './store.ts';

/** True for the shape of a token that a client got here. */
export function isConnectionToken(text: string): boolean {
  return isOauthSecret('access', text) || isOauthSecret('refresh', text);
}

/** When an access token in force ends, in epoch milliseconds; undefined for any other text. */
export async function accessTokenEnd(
  deps: Pick<OauthDeps, 'database' | 'sessions'>,
  token: string,
): Promise<number | undefined> {
  if (!isOauthSecret('access', token) || (await deps.sessions.authenticate(token)) === undefined)
    return undefined;
  const row = (await deps.database.query(selectSessionByToken(sha256Hex(token))))[0];
  return row?.token_expires_at == null ? undefined : Number(row.token_expires_at);
}

/** The session of an access or refresh token in force, with its client and the token's own end; undefined for any other text. */
export async function sessionOfToken(
  deps: Pick<OauthDeps, 'database' | 'workspace' | 'sessions' | 'now'>,
  token: string,
): Promise<{ readonly session: Session; readonly clientId: string; readonly endsAt: number } | undefined> {
  const session = isOauthSecret('access', token)
    ? await deps.sessions.authenticate(token)
    : await sessionOfRefresh(deps, token);
  const clientId = session && (await clientOfSession(deps.database, session.id));
  if (session === undefined || clientId === undefined) return undefined;
  return { session, clientId, endsAt: (await accessTokenEnd(deps, token)) ?? session.expiresAt };
}

async function sessionOfRefresh(
  deps: Pick<OauthDeps, 'database' | 'workspace' | 'now'>,
  token: string,
): Promise<Session | undefined> {
  if (!isOauthSecret('refresh', token)) return undefined;
  const found = await refreshByHash(deps.database, { hash: sha256Hex(token), workspace: deps.workspace });
  if (found === undefined || found.usedAt !== undefined) return undefined;
  const row = (await deps.database.query(selectSession(found.sessionId)))[0];
  const session = row === undefined ? undefined : sessionFromRow(row);
  const inForce = session?.revokedAt === undefined && deps.now() < found.until;
  return inForce ? session : undefined;
}

/**
 * Ends the connection of a token (RFC 7009): its session, with whatever was narrowed from it. Who holds the token may;
 * another client that names itself may not. What is not in force stays as it is.
 */
export async function endConnection(
  deps: Pick<OauthDeps, 'database' | 'workspace' | 'sessions' | 'now'>,
  asked: { token: string; clientId: string | undefined },
): Promise<void> {
  const found = await sessionOfToken(deps, asked.token);
  if (found === undefined) return;
  if (asked.clientId !== undefined && asked.clientId !== found.clientId) return;
  await deps.sessions.revoke({
    id: found.session.id,
    by: `session:${found.session.id}`,
    reason: 'the application disconnected',
  });
}
