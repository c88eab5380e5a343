import type { Statement } from '../../storage/database.ts';

/** The sessions narrowed from the one whose id is bound first, whatever their depth; without that one itself. */
export const BELOW = `WITH RECURSIVE below(id) AS (
    SELECT id FROM session WHERE parent_id = ?
    UNION ALL SELECT session.id FROM session JOIN below ON session.parent_id = below.id)`;
const LIVE = 'revoked_at IS NULL AND expires_at > ?';

/** How many sessions of a tree are in force, its root included: one row with `live`. */
export function selectTreeSize(root: string, now: number): Statement {
  return {
    sql: `${BELOW} SELECT count(*) AS live FROM session
      WHERE (id = ? OR id IN (SELECT id FROM below)) AND ${LIVE}`,
    params: [root, root, now],
  };
}

/**
 * Takes the calls of a child from its parent. Refused unless the parent is in force until the child's end and has that
 * many calls left, and the tree has room for one more.
 */
export function lendCalls(loan: {
  id: string;
  root: string;
  calls: number;
  /** When the child ends. */
  until: number;
  now: number;
  maxLive: number;
}): Statement {
  const size = selectTreeSize(loan.root, loan.now);
  return {
    sql: `UPDATE session SET calls = calls + ? WHERE id = ? AND ${LIVE} AND expires_at >= ?
      AND (call_cap IS NULL OR calls + ? <= call_cap) AND (${size.sql}) < ? RETURNING calls`,
    params: [loan.calls, loan.id, loan.now, loan.until, loan.calls, ...size.params, loan.maxLive],
  };
}

/** The ids of the sessions below one that are in force. */
export function selectLiveBelow(id: string, now: number): Statement {
  return {
    sql: `${BELOW} SELECT session.id FROM session JOIN below ON session.id = below.id
      WHERE ${LIVE} ORDER BY session.created_at, session.id`,
    params: [id, now],
  };
}

/** Revokes a session once, if exactly the sessions that the caller has read are in force below it. */
export function revokeRoot(change: {
  id: string;
  at: number;
  reason: string;
  liveBelow: readonly string[];
}): Statement {
  const { id, at, reason, liveBelow } = change;
  const listed = liveBelow.length === 0 ? 'NULL' : liveBelow.map(() => '?').join(', ');
  return {
    sql: `UPDATE session SET revoked_at = ?, revoke_reason = ? WHERE id = ? AND revoked_at IS NULL
      AND (${BELOW} SELECT coalesce(sum(CASE WHEN session.id IN (${listed}) THEN 1 ELSE -1 END), 0)
        FROM session JOIN below ON session.id = below.id WHERE ${LIVE}) = ?
      RETURNING id`,
    params: [at, reason, id, id, ...liveBelow, at, liveBelow.length],
  };
}

/** Revokes whatever is in force below a session, in the transaction that revokes it. */
export function revokeBelow(change: { id: string; at: number; reason: string }): Statement {
  return {
    sql: `${BELOW} UPDATE session SET revoked_at = ?, revoke_reason = ?
      WHERE id IN (SELECT id FROM below) AND ${LIVE}`,
    params: [change.id, change.at, change.reason, change.at],
  };
}
