import { calculateJwkThumbprint, type JWK } from 'jose';
import { sha256Hex } from '../../core/digest.ts';
import { CountersignError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { PrincipalDeps } from '../deps.ts';
import { liveServiceAccount, serviceAccountStillRegistered } from '../store.ts';
import { ACCESS_TOKEN_BYTES, formatAccessToken } from './access-token.ts';
import { checkAssertion, claimedAccount } from './assertion.ts';
import { checkedProof, type SentProof, spentProof } from './proofs.ts';
import { forgetAccessTokens, forgetProofs, insertAccessToken, spendProofs } from './store.ts';

export interface IssuedAccessToken {
  /** Shown here and never again. */
  readonly token: string;
  readonly type: 'Bearer' | 'DPoP';
  readonly lastsSeconds: number;
}

function refuse(why: string): CountersignError {
  return new CountersignError(
    'unauthenticated',
    `client_assertion: not accepted (${why}). Sign {iss, sub, aud, exp, jti} with the registered key of the service account.`,
  );
}

/**
 * Logs a service account in by an assertion that its key signed (RFC 7523): an opaque token for the API that lasts
 * `LIMITS.accessTokenTtlMs`, bound to the key of a DPoP proof where one is sent. Assertion and proof are spent in the
 * transaction that stores the token, so that neither serves twice. Throws `unauthenticated`.
 */
export async function issueAccessToken(
  deps: PrincipalDeps,
  input: { assertion: string; audiences: readonly string[]; dpop: SentProof | undefined },
): Promise<IssuedAccessToken> {
  const { assertion, audiences, dpop } = input;
  const accountId = claimedAccount(assertion);
  const at = { id: accountId ?? '', workspace: deps.workspace };
  const account = await liveServiceAccount(deps.database, at);
  if (account === undefined) throw refuse('no registered service account is named by both iss and sub');
  const now = deps.now();
  const found = await checkAssertion(account, { assertion, audiences, now });
  if (!found.ok) throw refuse(found.reason);
  const proven = dpop === undefined ? undefined : await checkedProof(deps, dpop);
  const token = formatAccessToken(deps.random(ACCESS_TOKEN_BYTES));
  const applied = await deps.ledger.commit({
    guard: spendProofs(
      [
        spentProof('assertion', { by: account.id, jti: found.jti }, now),
        ...(proven === undefined ? [] : [proven.spent]),
      ],
      serviceAccountStillRegistered(at),
    ),
    then: [
      insertAccessToken({
        id: deps.newId('tok'),
        workspace: deps.workspace,
        tokenHash: sha256Hex(token),
        serviceAccountId: account.id,
        jkt: proven?.jkt,
        createdAt: now,
        expiresAt: now + LIMITS.accessTokenTtlMs,
      }),
      forgetProofs(now),
      forgetAccessTokens(now),
    ],
    entries: [],
  });
  if (applied.kind === 'refused') throw refuse('it was used before, or the account was removed');
  return {
    token,
    type: proven === undefined ? 'Bearer' : 'DPoP',
    lastsSeconds: LIMITS.accessTokenTtlMs / 1_000,
  };
}

/** The RFC 7638 thumbprint of the key that a service account registered; undefined when it is not registered. */
export async function accountThumbprint(
  deps: Pick<PrincipalDeps, 'database' | 'workspace'>,
  accountId: string,
): Promise<string | undefined> {
  const account = await liveServiceAccount(deps.database, { id: accountId, workspace: deps.workspace });
  return account && calculateJwkThumbprint(JSON.parse(account.publicKey) as JWK);
}
