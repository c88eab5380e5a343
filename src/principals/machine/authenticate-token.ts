import { sha256Hex } from '../../core/digest.ts';
import type { PrincipalDeps } from '../deps.ts';
import type { Principal } from '../principal.ts';
import { isAccessToken } from './access-token.ts';
import { dpopRefusal, type SentProof, useProof } from './proofs.ts';
import { liveAccessToken, revokeAccessToken } from './store.ts';

export type MachinePrincipal = Extract<Principal, { kind: 'service_account' }>;

/**
 * The service account that holds this access token, or undefined when it is malformed, unknown, expired or revoked, or
 * the account was removed. A bound token needs a proof by its key with every request, and `sent.scheme` must say so.
 * Throws `unauthenticated` with the field `DPoP` otherwise.
 */
export async function authenticateAccessToken(
  deps: PrincipalDeps,
  token: string,
  sent: { scheme: 'Bearer' | 'DPoP'; proof: Omit<SentProof, 'accessToken'> | undefined },
): Promise<MachinePrincipal | undefined> {
  if (!isAccessToken(token)) return undefined;
  const { workspace } = deps;
  const found = await liveAccessToken(deps.database, { hash: sha256Hex(token), workspace, now: deps.now() });
  if (found === undefined) return undefined;
  if (found.jkt === undefined) {
    if (sent.scheme === 'DPoP')
      throw dpopRefusal('This access token is not bound to a key; send it as Bearer.');
  } else {
    if (sent.scheme !== 'DPoP' || sent.proof === undefined)
      throw dpopRefusal('This access token is bound to a key: send it as DPoP with a proof of that key.');
    const { jkt } = await useProof(deps, { ...sent.proof, accessToken: token });
    if (jkt !== found.jkt)
      throw dpopRefusal('DPoP: the proof is by another key than the access token is bound to.');
  }
  return { kind: 'service_account', id: found.accountId, name: found.name, groups: found.groups };
}

/** Ends a token of this account now; one that is not in force stays as it is. */
export async function endAccessToken(
  deps: PrincipalDeps,
  input: { token: string; accountId: string },
): Promise<void> {
  const { token, accountId } = input;
  await deps.ledger.commit({
    guard: revokeAccessToken({ hash: sha256Hex(token), accountId, at: deps.now() }),
    entries: [],
  });
}
