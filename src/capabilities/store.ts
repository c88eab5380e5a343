import type { Reader, Row, Statement } from '../storage/database.ts';
import type { Capability } from './capability.ts';

/** Goes into the transaction of the decision that approves. */
export function insertCapability(capability: Capability): Statement {
  return {
    sql: `INSERT INTO capability (id, workspace, approval_id, state, holder, aud, digest, dpop, basis, issued_at, expires_at)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    params: [
      capability.id,
      capability.workspace,
      capability.approvalId,
      capability.state,
      capability.holder,
      capability.aud,
      capability.digest,
      capability.dpop ? 1 : 0,
      capability.basis,
      capability.issuedAt,
      capability.expiresAt,
    ],
  };
}

function toCapability(row: Row): Capability {
  const number = (value: Row[string] | undefined): number | undefined =>
    value == null ? undefined : Number(value);
  const text = (value: Row[string] | undefined): string | undefined =>
    value == null ? undefined : String(value);
  return {
    id: String(row.id),
    workspace: String(row.workspace),
    approvalId: String(row.approval_id),
    state: String(row.state) as Capability['state'],
    holder: String(row.holder),
    aud: String(row.aud),
    digest: String(row.digest),
    dpop: Number(row.dpop) === 1,
    basis: row.basis === 'policy' ? 'policy' : 'decision',
    issuedAt: Number(row.issued_at),
    expiresAt: Number(row.expires_at),
    exchangedAt: number(row.exchanged_at),
    revokedAt: number(row.revoked_at),
    revokeReason: text(row.revoke_reason),
    jti: text(row.jti),
    kid: text(row.kid),
    jkt: text(row.jkt),
    tokenExpiresAt: number(row.token_expires_at),
  };
}

/** The capability that approving this released, whatever became of it. */
export async function capabilityOf(database: Reader, approvalId: string): Promise<Capability | undefined> {
  const rows = await database.query({
    sql: 'SELECT * FROM capability WHERE approval_id = ?',
    params: [approvalId],
  });
  return rows[0] && toCapability(rows[0]);
}

/** `EXISTS (…)`: there is a capability of this approval that nobody has spent, revoked or let run out. */
export function unspentCapability(capability: { approvalId: string; now: number }): Statement {
  return {
    sql: `EXISTS (SELECT 1 FROM capability WHERE capability.approval_id = ? AND capability.state = 'issued'
                  AND capability.expires_at > ?)`,
    params: [capability.approvalId, capability.now],
  };
}

/** Spends it; belongs behind a guard with `unspentCapability`. */
export function spendCapability(use: { id: string; at: number }): Statement {
  return {
    sql: `UPDATE capability SET state = 'exchanged', exchanged_at = ? WHERE id = ? AND state = 'issued'`,
    params: [use.at, use.id],
  };
}
