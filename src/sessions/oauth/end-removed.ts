import type { OauthDeps } from './deps.ts';
import { sessionsOfPerson, sessionsOfRemoved } from './store.ts';

const REASON = 'the person who gave it was removed';
type EndDeps = Pick<OauthDeps, 'database' | 'workspace' | 'sessions' | 'now'>;

/**
 * Ends what a person who is removed has given to agents: the sessions that they minted or consented to, with whatever was
 * narrowed from them and whatever they hold open. Throws `ledger_unavailable`; the sessions are shut in this process even then.
 */
export async function endSessionsOf(deps: EndDeps, removed: { person: string; by: string }): Promise<void> {
  const { workspace } = deps;
  const ids = await sessionsOfPerson(deps.database, { by: removed.person, workspace, now: deps.now() });
  await Promise.all(ids.map((id) => deps.sessions.revoke({ id, by: removed.by, reason: REASON })));
}

/** The same of every person who was removed by a process that stopped before it had ended what they gave. */
export async function endSessionsOfRemoved(deps: EndDeps): Promise<void> {
  const { workspace } = deps;
  for (const id of await sessionsOfRemoved(deps.database, { workspace, now: deps.now() }))
    await deps.sessions.revoke({ id, by: 'gateway', reason: REASON });
}
