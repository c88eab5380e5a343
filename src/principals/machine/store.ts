import type { Reader, Statement } from '../../storage/database.ts';
import type { AccessToken } from './access-token.ts';

/** A proof that was accepted, by a digest that names it, and when it may be forgotten. */
export interface SpentProof {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly forgetAt: number;
}

/** Spends proofs as a guard: matches only when none of them was ever accepted and `condition` holds. */
export function spendProofs(proofs: readonly SpentProof[], condition?: Statement): Statement {
  const ids = proofs.map(({ id }) => id);
  const also = condition === undefined ? '' : ` AND ${condition.sql}`;
  const one = `SELECT ?, CAST(? AS BIGINT) WHERE NOT EXISTS
    (SELECT 1 FROM seen_proof WHERE id IN (${ids.map(() => '?').join(', ')}))${also}`;
  return {
    sql: `INSERT INTO seen_proof (id, expires_at) ${proofs.map(() => one).join(' UNION ALL ')} RETURNING id`,
    params: proofs.flatMap(({ id, forgetAt }) => [id, forgetAt, ...ids, ...(condition?.params ?? [])]),
  };
}

export function forgetProofs(now: number): Statement {
  return { sql: 'DELETE FROM seen_proof WHERE expires_at <= ?', params: [now] };
}

export function insertAccessToken(token: AccessToken): Statement {
  return {
    sql: `INSERT INTO access_token (id, workspace, token_hash, service_account_id, jkt, created_at, expires_at)
          VALUES (?, ?, ?, ?, ?, ?, ?)`,
    params: [
      token.id,
      token.workspace,
      token.tokenHash,
      token.serviceAccountId,
      token.jkt ?? null,
      token.createdAt,
      token.expiresAt,
    ],
  };
}

export function forgetAccessTokens(now: number): Statement {
  return { sql: 'DELETE FROM access_token WHERE expires_at <= ?', params: [now] };
}

/** Ends a token; matches only one that is this account's and in force. */
export function revokeAccessToken(token: { hash: string; accountId: string; at: number }): Statement {
  return {
    sql: `UPDATE access_token SET revoked_at = ?
          WHERE token_hash = ? AND service_account_id = ? AND revoked_at IS NULL RETURNING id`,
    params: [token.at, token.hash, token.accountId],
  };
}

/** The account and the key of a token in force, while the account is registered. */
export async function liveAccessToken(
  database: Reader,
  token: { hash: string; workspace: string; now: number },
): Promise<
  { accountId: string; name: string; groups: readonly string[]; jkt: string | undefined } | undefined
> {
  const rows = await database.query({
    sql: `SELECT service_account.id, service_account.name, service_account.groups, access_token.jkt FROM access_token
          JOIN service_account ON service_account.id = access_token.service_account_id
          WHERE access_token.token_hash = ? AND access_token.workspace = ? AND access_token.expires_at > ?
          AND access_token.revoked_at IS NULL AND service_account.removed_at IS NULL`,
    params: [token.hash, token.workspace, token.now],
  });
  const row = rows[0];
  return (
    row && {
      accountId: String(row.id),
      name: String(row.name),
      groups: JSON.parse(String(row.groups)) as string[],
      jkt: row.jkt == null ? undefined : String(row.jkt),
    }
  );
}
