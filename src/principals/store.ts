import type { Reader, Row, SqlValue, Statement } from '../storage/database.ts';
import type { ApiKey } from './api-key.ts';
import type { Role } from './principal.ts';
import type { ServiceAccount } from './service-account.ts';

const optionalTime = (value: Row[string] | undefined): number | undefined =>
  value === null || value === undefined ? undefined : Number(value);

function toKey(row: Row): ApiKey {
  return {
    id: String(row.id),
    name: String(row.name),
    roles: JSON.parse(String(row.roles)) as Role[],
    hint: String(row.hint),
    createdBy: String(row.created_by),
    createdAt: Number(row.created_at),
    revokedAt: optionalTime(row.revoked_at),
  };
}

function toServiceAccount(row: Row): ServiceAccount {
  return {
    id: String(row.id),
    name: String(row.name),
    groups: JSON.parse(String(row.groups)) as string[],
    publicKey: String(row.public_key),
    createdBy: String(row.created_by),
    createdAt: Number(row.created_at),
    removedAt: optionalTime(row.removed_at),
  };
}

const ALWAYS: Statement = { sql: '1 = 1', params: [] };

/** Matches only under `condition`, and while no key has or had the hash. */
export function insertKey(
  key: ApiKey & { readonly workspace: string; readonly hash: string },
  condition: Statement = ALWAYS,
): Statement {
  return {
    sql: `INSERT INTO api_key (id, workspace, hash, hint, name, roles, created_by, created_at)
          SELECT ?, ?, ?, ?, ?, ?, ?, CAST(? AS BIGINT) WHERE ${condition.sql}
          AND NOT EXISTS (SELECT 1 FROM api_key WHERE hash = ?) RETURNING id`,
    params: [
      key.id,
      key.workspace,
      key.hash,
      key.hint,
      key.name,
      JSON.stringify(key.roles),
      key.createdBy,
      key.createdAt,
      ...condition.params,
      key.hash,
    ],
  };
}

/** Whether a key has this hash, or had it before it was revoked. */
export async function isKeyHashKnown(database: Reader, hash: string): Promise<boolean> {
  return (await database.query({ sql: 'SELECT 1 FROM api_key WHERE hash = ?', params: [hash] })).length > 0;
}

const IS_OPERATOR = `LIKE '%"operator"%'`;

/** Matches only a key that is not revoked yet, and not the last one in force with the role operator. */
export function markKeyRevoked(key: { id: string; workspace: string; now: number }): Statement {
  return {
    sql: `UPDATE api_key SET revoked_at = ? WHERE id = ? AND workspace = ? AND revoked_at IS NULL
          AND (NOT roles ${IS_OPERATOR} OR EXISTS (
            SELECT 1 FROM api_key other
            WHERE other.id <> ? AND other.workspace = ? AND other.revoked_at IS NULL AND other.roles ${IS_OPERATOR}))
          RETURNING id`,
    params: [key.now, key.id, key.workspace, key.id, key.workspace],
  };
}

export async function keyById(
  database: Reader,
  key: { id: string; workspace: string },
): Promise<ApiKey | undefined> {
  const rows = await database.query({
    sql: 'SELECT * FROM api_key WHERE id = ? AND workspace = ?',
    params: [key.id, key.workspace],
  });
  return rows[0] && toKey(rows[0]);
}

/** The live key with this hash, if any. */
export async function liveKeyByHash(
  database: Reader,
  key: { hash: string; workspace: string },
): Promise<ApiKey | undefined> {
  const rows = await database.query({
    sql: 'SELECT * FROM api_key WHERE hash = ? AND workspace = ? AND revoked_at IS NULL',
    params: [key.hash, key.workspace],
  });
  return rows[0] && toKey(rows[0]);
}

/** Which keys a list wants, newest first; `before` is the keyset of the last row of the page before. */
export interface KeyPage {
  readonly limit: number;
  readonly before?: { readonly createdAt: number; readonly id: string } | undefined;
  /** In force or revoked; both unless told. */
  readonly state?: 'active' | 'revoked' | undefined;
  readonly createdBy?: string | undefined;
}

export async function keysOf(database: Reader, workspace: string, page: KeyPage): Promise<ApiKey[]> {
  const { limit, before, state, createdBy } = page;
  const where = ['workspace = ?'];
  const params: SqlValue[] = [workspace];
  if (state !== undefined) where.push(`revoked_at IS ${state === 'active' ? '' : 'NOT '}NULL`);
  if (createdBy !== undefined) {
    where.push('created_by = ?');
    params.push(createdBy);
  }
  if (before !== undefined) {
    where.push('(created_at < ? OR (created_at = ? AND id < ?))');
    params.push(before.createdAt, before.createdAt, before.id);
  }
  const sql = `SELECT * FROM api_key WHERE ${where.join(' AND ')} ORDER BY created_at DESC, id DESC LIMIT ?`;
  return (await database.query({ sql, params: [...params, limit] })).map(toKey);
}

/** Matches only under `condition`, and while no account in force has the name. */
export function insertServiceAccount(
  account: ServiceAccount & { readonly workspace: string },
  condition: Statement,
): Statement {
  return {
    sql: `INSERT INTO service_account (id, workspace, name, groups, public_key, created_by, created_at)
          SELECT ?, ?, ?, ?, ?, ?, CAST(? AS BIGINT) WHERE ${condition.sql}
          AND NOT EXISTS (SELECT 1 FROM service_account WHERE workspace = ? AND name = ? AND removed_at IS NULL)
          RETURNING id`,
    params: [
      account.id,
      account.workspace,
      account.name,
      JSON.stringify(account.groups),
      account.publicKey,
      account.createdBy,
      account.createdAt,
      ...condition.params,
      account.workspace,
      account.name,
    ],
  };
}

/** Matches only under `condition`, and an account that is not removed yet. */
export function markServiceAccountRemoved(
  account: { id: string; workspace: string; now: number },
  condition: Statement,
): Statement {
  return {
    sql: `UPDATE service_account SET removed_at = ?
          WHERE id = ? AND workspace = ? AND removed_at IS NULL AND ${condition.sql} RETURNING id`,
    params: [account.now, account.id, account.workspace, ...condition.params],
  };
}

export async function liveServiceAccount(
  database: Reader,
  account: { id: string; workspace: string },
): Promise<ServiceAccount | undefined> {
  const rows = await database.query({
    sql: 'SELECT * FROM service_account WHERE id = ? AND workspace = ? AND removed_at IS NULL',
    params: [account.id, account.workspace],
  });
  return rows[0] && toServiceAccount(rows[0]);
}

export async function liveServiceAccounts(database: Reader, workspace: string): Promise<ServiceAccount[]> {
  const rows = await database.query({
    sql: 'SELECT * FROM service_account WHERE workspace = ? AND removed_at IS NULL ORDER BY created_at, id',
    params: [workspace],
  });
  return rows.map(toServiceAccount);
}

/** A condition for the guard of a decision: the account is still registered when the decision is committed. */
export function serviceAccountStillRegistered(account: { id: string; workspace: string }): Statement {
  return {
    sql: 'EXISTS (SELECT 1 FROM service_account WHERE id = ? AND workspace = ? AND removed_at IS NULL)',
    params: [account.id, account.workspace],
  };
}

/** An act statement as it was offered. Times are epoch milliseconds. */
export interface OfferedAct {
  readonly id: string;
  readonly act: string;
  readonly personId: string;
  readonly text: string;
  /** What the gateway knows beyond what is signed, as JSON text. */
  readonly kept: string | undefined;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** Matches only while fewer than `most` statements are open for the person. */
export function insertAct(act: OfferedAct & { readonly workspace: string }, most: number): Statement {
  return {
    sql: `INSERT INTO act_statement (id, workspace, act, person_id, text, kept, created_at, expires_at)
          SELECT ?, ?, ?, ?, ?, ?, CAST(? AS BIGINT), CAST(? AS BIGINT)
          WHERE (SELECT count(*) FROM act_statement WHERE person_id = ? AND used_at IS NULL AND expires_at > ?)
                < CAST(? AS BIGINT)
          RETURNING id`,
    params: [
      act.id,
      act.workspace,
      act.act,
      act.personId,
      act.text,
      act.kept ?? null,
      act.createdAt,
      act.expiresAt,
      act.personId,
      act.createdAt,
      most,
    ],
  };
}

export function dropStaleActs(now: number): Statement {
  return { sql: 'DELETE FROM act_statement WHERE expires_at <= ?', params: [now] };
}

/** A statement as it was offered, and whether it was used. */
export async function actById(
  database: Reader,
  act: { id: string; workspace: string },
): Promise<(OfferedAct & { readonly used: boolean }) | undefined> {
  const rows = await database.query({
    sql: 'SELECT * FROM act_statement WHERE id = ? AND workspace = ?',
    params: [act.id, act.workspace],
  });
  const row = rows[0];
  return (
    row && {
      id: String(row.id),
      act: String(row.act),
      personId: String(row.person_id),
      text: String(row.text),
      kept: row.kept == null ? undefined : String(row.kept),
      createdAt: Number(row.created_at),
      expiresAt: Number(row.expires_at),
      used: row.used_at != null,
    }
  );
}

/** A condition for the guard of an act: its statement is neither used nor expired. */
export function actStillOpen(act: { id: string; now: number }): Statement {
  return {
    sql: 'EXISTS (SELECT 1 FROM act_statement WHERE id = ? AND used_at IS NULL AND expires_at > ?)',
    params: [act.id, act.now],
  };
}

export function useAct(act: { id: string; now: number }): Statement {
  return { sql: 'UPDATE act_statement SET used_at = ? WHERE id = ?', params: [act.now, act.id] };
}
