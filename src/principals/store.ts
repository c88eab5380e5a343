import type { Reader, Row, Statement } from '../storage/database.ts';
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

export function insertKey(key: ApiKey & { readonly workspace: string; readonly hash: string }): Statement {
  return {
    sql: `INSERT INTO api_key (id, workspace, hash, hint, name, roles, created_by, created_at)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
    params: [
      key.id,
      key.workspace,
      key.hash,
      key.hint,
      key.name,
      JSON.stringify(key.roles),
      key.createdBy,
      key.createdAt,
    ],
  };
}

/** Matches only a key that is not revoked yet. */
export function markKeyRevoked(key: { id: string; workspace: string; now: number }): Statement {
  return {
    sql: 'UPDATE api_key SET revoked_at = ? WHERE id = ? AND workspace = ? AND revoked_at IS NULL RETURNING id',
    params: [key.now, key.id, key.workspace],
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

export async function allKeys(database: Reader, workspace: string): Promise<ApiKey[]> {
  const rows = await database.query({
    sql: 'SELECT * FROM api_key WHERE workspace = ? ORDER BY created_at, id',
    params: [workspace],
  });
  return rows.map(toKey);
}

export function insertServiceAccount(account: ServiceAccount & { readonly workspace: string }): Statement {
  return {
    sql: `INSERT INTO service_account (id, workspace, name, groups, public_key, created_by, created_at)
          VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id`,
    params: [
      account.id,
      account.workspace,
      account.name,
      JSON.stringify(account.groups),
      account.publicKey,
      account.createdBy,
      account.createdAt,
    ],
  };
}

/** Matches only an account that is not removed yet. */
export function markServiceAccountRemoved(account: {
  id: string;
  workspace: string;
  now: number;
}): Statement {
  return {
    sql: 'UPDATE service_account SET removed_at = ? WHERE id = ? AND workspace = ? AND removed_at IS NULL RETURNING id',
    params: [account.now, account.id, account.workspace],
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
