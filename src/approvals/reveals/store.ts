import type { Statement } from '../../storage/database.ts';

/** One part of a call, and whom it was shown to. */
export interface RevealKey {
  readonly approvalId: string;
  /** `person:per_…`. */
  readonly approver: string;
  readonly what: 'arguments' | 'result';
}

export function selectReveal({ approvalId, approver, what }: RevealKey): Statement {
  return {
    sql: 'SELECT revealed_at FROM reveal WHERE approval_id = ? AND approver = ? AND what = ?',
    params: [approvalId, approver, what],
  };
}

/**
 * Marks a part as shown to somebody, once: refused when it was already, when the call was erased, when it can no longer
 * be decided and this approver has not decided it, or when `condition`, an `EXISTS (…)` term, does not hold.
 */
export function insertReveal(key: RevealKey, at: number, condition: Statement): Statement {
  const { approvalId, approver, what } = key;
  return {
    sql: `INSERT INTO reveal (approval_id, approver, what, workspace, revealed_at)
      SELECT id, ?, ?, workspace, ? FROM approval WHERE id = ? AND redacted_at IS NULL
      AND ((state = 'pending' AND expires_at > ?)
        OR EXISTS (SELECT 1 FROM decision WHERE decision.approval_id = approval.id AND decision.approver = ?))
      AND NOT EXISTS (SELECT 1 FROM reveal AS before
        WHERE before.approval_id = approval.id AND before.approver = ? AND before.what = ?)
      AND ${condition.sql} RETURNING approval_id`,
    params: [approver, what, at, approvalId, at, approver, approver, what, ...condition.params],
  };
}
