import { actRefused, proveAct, type SignedAct } from '../acts.ts';
import type { PasskeyDeps } from '../deps.ts';
import { draftInvite, invitedEntry } from './invite.ts';
import { insertInvite } from './store.ts';

/**
 * Invites somebody as the signed act `approver.invite` says. Whoever signed made the link's secret; only `inviteToken`
 * of it comes here. Gives when the link ends, in epoch milliseconds. Throws as `proveAct` does, and `conflict`.
 */
export async function createInvite(
  deps: PasskeyDeps,
  signed: SignedAct,
): Promise<{ id: string; expiresAt: number }> {
  const act = await proveAct(deps, { ...signed, act: 'approver.invite' });
  const { name, groups, subject, token } = act.params;
  const invite = draftInvite(deps, { name, groups, subject, tokenHash: token, createdBy: act.by });
  const applied = await deps.ledger.commit({
    guard: insertInvite(invite, act.stillValid),
    then: act.then,
    entries: [invitedEntry(invite, act.evidence)],
  });
  if (applied.kind === 'refused') throw actRefused('An invite with this token exists already.');
  return { id: invite.id, expiresAt: invite.expiresAt };
}
