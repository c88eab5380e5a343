import type { OauthDeps } from './deps.ts';

/** Ends what a code or a refresh token gave that came a second time: one of the two who sent it is a thief. */
export async function endReused(
  deps: Pick<OauthDeps, 'sessions'>,
  used: { sessionId: string; what: 'code' | 'refresh token' },
): Promise<void> {
  const reason = `its ${used.what} was used twice`;
  await deps.sessions.revoke({ id: used.sessionId, by: 'gateway', reason });
}
