import type { Statement } from '../../storage/database.ts';
import { idList } from '../../storage/id-list.ts';

const SETTLED = `state NOT IN ('pending', 'approved', 'executing')`;
const ERASABLE = `redacted_at IS NULL AND ${SETTLED}`;

/** How far these approvals are: `settled` and `erased` are 0 or 1. */
export function selectErasure(ids: readonly string[]): Statement {
  const { marks, params } = idList(ids);
  return {
    sql: `SELECT id, subject, session_id, CASE WHEN ${SETTLED} THEN 1 ELSE 0 END AS settled,
      CASE WHEN redacted_at IS NULL THEN 0 ELSE 1 END AS erased
      FROM approval WHERE id IN (${marks}) ORDER BY id`,
    params,
  };
}

/** Settled approvals whose retention has ended, the longest overdue first. */
export function selectDueApprovals({ now, limit }: { now: number; limit: number }): Statement {
  return {
    sql: `SELECT id FROM approval WHERE erase_at IS NOT NULL AND erase_at <= ? AND ${ERASABLE}
      ORDER BY erase_at LIMIT ?`,
    params: [now, limit],
  };
}

/** The capabilities of these approvals whose token is still kept. */
export function selectTokens(approvalIds: readonly string[]): Statement {
  const { marks, params } = idList(approvalIds);
  return {
    sql: `SELECT payload.id FROM capability JOIN payload ON payload.id = capability.id
      WHERE capability.approval_id IN (${marks}) ORDER BY payload.id`,
    params,
  };
}

/**
 * Erases call, view, result, salts and every unsalted digest of the call; refused unless each of these is settled and not
 * erased yet. A key that the agent chose stays, so that what it stands for does not run a second time.
 */
export function eraseApprovals({ ids, at }: { ids: readonly string[]; at: number }): Statement {
  const { marks, params } = idList(ids);
  return {
    sql: `UPDATE approval SET call_text = '', call_digest = '', call_salt = '', view_text = '', view_salt = '',
      result_kind = NULL, result_text = NULL, result_salt = NULL, redacted_at = ?, rev = rev + 1,
      dedupe_key = CASE WHEN substr(dedupe_key, 1, 2) = 'd:' THEN 'erased:' || id ELSE dedupe_key END
      WHERE id IN (${marks}) AND ${ERASABLE}
      AND (SELECT count(*) FROM approval WHERE id IN (${marks}) AND ${ERASABLE}) = ? RETURNING id`,
    params: [at, ...params, ...params, ids.length],
  };
}

/** Erases the tokens of capabilities, in the transaction that erases their approvals. */
export function eraseTokens(capabilityIds: readonly string[]): Statement {
  const { marks, params } = idList(capabilityIds);
  return { sql: `DELETE FROM payload WHERE id IN (${marks})`, params };
}
