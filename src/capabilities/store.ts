import type { Reader, Row, SqlValue, Statement } from '../storage/database.ts';
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
export function capabilityOf(database: Reader, approvalId: string): Promise<Capability | undefined> {
  return one(database, { sql: 'SELECT * FROM capability WHERE approval_id = ?', params: [approvalId] });
}

/** The same for many approvals, in one query. */
export async function capabilitiesOf(
  database: Reader,
  approvalIds: readonly string[],
): Promise<Map<string, Capability>> {
  if (approvalIds.length === 0) return new Map();
  const rows = await database.query({
    sql: `SELECT * FROM capability WHERE approval_id IN (${approvalIds.map(() => '?').join(', ')})`,
    params: approvalIds,
  });
  return new Map(rows.map(toCapability).map((capability) => [capability.approvalId, capability]));
}

/** `EXISTS (…)`: there is a capability of this approval that nobody has spent, revoked or let run out. */
export function unspentCapability(capability: { approvalId: string; now: number }): Statement {
  return {
    sql: `EXISTS (SELECT 1 FROM capability WHERE capability.approval_id = ? AND capability.state = 'issued'
                  AND capability.expires_at > ?)`,
    params: [capability.approvalId, capability.now],
  };
}

/** What is kept of the token that a capability was exchanged for. */
export interface TokenFacts {
  readonly jti: string;
  readonly kid: string;
  readonly jkt: string | undefined;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/** Spends it; belongs behind a guard with `unspentCapability`. */
export function spendCapability(use: { id: string; at: number; token: TokenFacts | undefined }): Statement {
  const { jti, kid, jkt, expiresAt } = use.token ?? {};
  return {
    sql: `UPDATE capability SET state = 'exchanged', exchanged_at = ?, jti = ?, kid = ?, jkt = ?, token_expires_at = ?
          WHERE id = ? AND state = 'issued'`,
    params: [use.at, jti ?? null, kid ?? null, jkt ?? null, expiresAt ?? null, use.id],
  };
}

/** Ends a capability that is in this state; one that nobody has exchanged ends only with an approval that it can void. */
export function revokeCapability(change: {
  id: string;
  from: 'issued' | 'exchanged';
  reason: string;
  at: number;
}): Statement {
  return {
    sql: `UPDATE capability SET state = 'revoked', revoked_at = ?, revoke_reason = ? WHERE id = ? AND state = ?
          AND (state = 'exchanged' OR EXISTS
            (SELECT 1 FROM approval WHERE approval.id = capability.approval_id AND approval.state = 'approved'))
          RETURNING id`,
    params: [change.at, change.reason, change.id, change.from],
  };
}

async function one(database: Reader, statement: Statement): Promise<Capability | undefined> {
  const row = (await database.query(statement))[0];
  return row && toCapability(row);
}

export function capabilityById(database: Reader, id: string): Promise<Capability | undefined> {
  return one(database, { sql: 'SELECT * FROM capability WHERE id = ?', params: [id] });
}

/** The capability that the token with this id came from. */
export function capabilityByToken(database: Reader, jti: string): Promise<Capability | undefined> {
  return one(database, { sql: 'SELECT * FROM capability WHERE jti = ?', params: [jti] });
}

export interface CapabilityFilter {
  readonly workspace: string;
  readonly approval?: string | undefined;
  readonly holder?: string | undefined;
  readonly limit: number;
  readonly before?: { readonly issuedAt: number; readonly id: string } | undefined;
}

/** Newest first by (issued_at, id). */
export async function selectCapabilities(database: Reader, filter: CapabilityFilter): Promise<Capability[]> {
  const where = ['workspace = ?'];
  const params: SqlValue[] = [filter.workspace];
  for (const [column, value] of [
    ['approval_id', filter.approval],
    ['holder', filter.holder],
  ]) {
    if (value === undefined) continue;
    where.push(`${column} = ?`);
    params.push(value);
  }
  if (filter.before !== undefined) {
    where.push('(issued_at < ? OR (issued_at = ? AND id < ?))');
    params.push(filter.before.issuedAt, filter.before.issuedAt, filter.before.id);
  }
  const rows = await database.query({
    sql: `SELECT * FROM capability WHERE ${where.join(' AND ')} ORDER BY issued_at DESC, id DESC LIMIT ?`,
    params: [...params, filter.limit],
  });
  return rows.map(toCapability);
}
