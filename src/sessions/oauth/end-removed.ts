import type { OauthDeps } from './deps.ts';
import { sessionsOfPerson } from './store.ts';

/**
 * Ends what a person who is removed has given to agents: the sessions that they minted or consented to, with whatever was
 * narrowed from them and whatever they hold open. Throws `ledger_unavailable`; the sessions are shut in this process even then.
 */
export async function endSessionsOf(
  deps: Pick<OauthDeps, 'database' | 'workspace' | 'sessions' | 'now'>,
  removed: { person: string; by: string },
): Promise<void> {
  const { workspace } = deps;
  const ids = await sessionsOfPerson(deps.database, { by: removed.person, workspace, now: deps.now() });
  const reason = 'the person who gave it was removed';
  await Promise.all(ids.map((id) => deps.sessions.revoke({ id, by: removed.by, reason })));
}
