import type { Row, SqlValue, Statement } from '../storage/database.ts';
import type { Session, SessionState } from './session.ts';
import { BELOW } from './tree/store.ts';

const COLUMNS =
  'id, workspace, subject, labels, scope, call_cap, calls, minted_by, ancestors, created_at, expires_at, revoked_at, revoke_reason';

export function insertSession(session: Session, tokenHash: string): Statement {
  return {
    sql: `INSERT INTO session (id, workspace, token_hash, subject, labels, scope, call_cap, calls, minted_by, parent_id, ancestors,
      created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?) RETURNING id`,
    params: [
      session.id,
      session.workspace,
      tokenHash,
      session.subject,
      JSON.stringify(session.labels),
      JSON.stringify(session.scope),
      session.callCap ?? null,
      session.mintedBy,
      session.ancestors.at(-1) ?? null,
      JSON.stringify(session.ancestors),
      session.createdAt,
      session.expiresAt,
    ],
  };
}

/** The session of a token, with `token_expires_at` where the token ends before its session. */
export function selectSessionByToken(tokenHash: string): Statement {
  return {
    sql: `SELECT ${COLUMNS}, token_expires_at FROM session WHERE token_hash = ?`,
    params: [tokenHash],
  };
}

export function selectSession(id: string): Statement {
  return { sql: `SELECT ${COLUMNS} FROM session WHERE id = ?`, params: [id] };
}

/** Which sessions a list wants, newest first; `before` is the keyset of the last row of the page before. */
export interface SessionPage {
  readonly workspace: string;
  readonly limit: number;
  readonly before?: { readonly createdAt: number; readonly id: string } | undefined;
  readonly subject?: string | undefined;
  readonly state?: SessionState | undefined;
  /** Only this session and those that were narrowed from it, whatever their depth. */
  readonly tree?: string | undefined;
}

const IN_STATE: Readonly<Record<SessionState, string>> = {
  active: 'revoked_at IS NULL AND expires_at > ?',
  expired: 'revoked_at IS NULL AND expires_at <= ?',
  revoked: 'revoked_at IS NOT NULL',
};

export function selectSessions(page: SessionPage, now: number): Statement {
  const { workspace, limit, before, subject, state, tree } = page;
  const where = ['workspace = ?'];
  const params: SqlValue[] = [workspace];
  if (subject !== undefined) {
    where.push('subject = ?');
    params.push(subject);
  }
  if (state !== undefined) {
    where.push(IN_STATE[state]);
    if (state !== 'revoked') params.push(now);
  }
  if (tree !== undefined) {
    where.push(`(id = ? OR id IN (${BELOW} SELECT id FROM below))`);
    params.push(tree, tree);
  }
  if (before !== undefined) {
    where.push('(created_at < ? OR (created_at = ? AND id < ?))');
    params.push(before.createdAt, before.createdAt, before.id);
  }
  return {
    sql: `SELECT ${COLUMNS} FROM session WHERE ${where.join(' AND ')} ORDER BY created_at DESC, id DESC LIMIT ?`,
    params: [...params, limit],
  };
}

/** Counts one call against the cap; no row means that the cap is reached. */
export function spendCall(id: string): Statement {
  return {
    sql: 'UPDATE session SET calls = calls + 1 WHERE id = ? AND (call_cap IS NULL OR calls < call_cap) RETURNING calls',
    params: [id],
  };
}

/** Raises the count of a session without a cap to what was seen; never lowers it. */
export function recordCalls(id: string, calls: number): Statement {
  return { sql: 'UPDATE session SET calls = ? WHERE id = ? AND calls < ?', params: [calls, id, calls] };
}

export function sessionFromRow(row: Row): Session & { readonly calls: number } {
  const optional = (value: Row[string] | undefined): number | undefined =>
    value == null ? undefined : Number(value);
  return {
    id: String(row.id),
    workspace: String(row.workspace),
    subject: String(row.subject),
    labels: JSON.parse(String(row.labels)) as Record<string, string>,
    scope: JSON.parse(String(row.scope)) as string[],
    callCap: optional(row.call_cap),
    calls: Number(row.calls),
    mintedBy: String(row.minted_by),
    ancestors: JSON.parse(String(row.ancestors)) as string[],
    createdAt: Number(row.created_at),
    expiresAt: Number(row.expires_at),
    revokedAt: optional(row.revoked_at),
    revokeReason: row.revoke_reason == null ? undefined : String(row.revoke_reason),
  };
}
