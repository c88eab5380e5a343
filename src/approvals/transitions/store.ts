import type { Statement } from '../../storage/database.ts';
import type { ApprovalState, StoredResult } from '../approval.ts';

/** A decision, bound to the revision it read and to a statement that is unused and unexpired. One row or refused. */
export function decideApproval(change: {
  id: string;
  rev: number;
  state: 'approved' | 'denied' | 'pending';
  at: number;
  /** From now on: an approved call must run while its capability lasts. */
  expiresAt: number;
  by: string;
  reason: string | undefined;
  statementId: string;
  /** An `EXISTS (…)` term: the credential that signed is still enrolled and was not used meanwhile. */
  stillValid: Statement;
}): Statement {
  return {
    sql: `UPDATE approval SET state = ?, rev = rev + 1, decided_at = ?, decided_by = ?, decision_reason = ?, expires_at = ?
      WHERE id = ? AND rev = ? AND state = 'pending' AND expires_at > ?
      AND EXISTS (SELECT 1 FROM statement WHERE id = ? AND approval_id = approval.id AND used_at IS NULL AND expires_at > ?)
      AND NOT EXISTS (SELECT 1 FROM decision WHERE approval_id = approval.id AND approver = ?)
      AND ${change.stillValid.sql}
      RETURNING id, state`,
    params: [
      change.state,
      change.state === 'pending' ? null : change.at,
      change.by,
      change.reason ?? null,
      change.expiresAt,
      change.id,
      change.rev,
      change.at,
      change.statementId,
      change.at,
      change.by,
      ...change.stillValid.params,
    ],
  };
}

export function useStatement(id: string, at: number): Statement {
  return { sql: 'UPDATE statement SET used_at = ? WHERE id = ?', params: [at, id] };
}

export function insertDecision(decision: {
  id: string;
  workspace: string;
  approvalId: string;
  approver: string;
  decision: 'approve' | 'deny';
  reason: string | undefined;
  statement: string;
  proof: string;
  at: number;
}): Statement {
  return {
    sql: `INSERT INTO decision (id, workspace, approval_id, approver, decision, reason, statement, proof, decided_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    params: [
      decision.id,
      decision.workspace,
      decision.approvalId,
      decision.approver,
      decision.decision,
      decision.reason ?? null,
      decision.statement,
      decision.proof,
      decision.at,
    ],
  };
}

export interface StatementRow {
  readonly id: string;
  readonly workspace: string;
  readonly approvalId: string;
  readonly approver: string;
  readonly decision: 'approve' | 'deny';
  readonly reason: string | undefined;
  readonly text: string;
  readonly createdAt: number;
  readonly expiresAt: number;
}

export function insertStatement(row: StatementRow): Statement {
  return {
    sql: `INSERT INTO statement (id, workspace, approval_id, approver, decision, reason, text, created_at, expires_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
    params: [
      row.id,
      row.workspace,
      row.approvalId,
      row.approver,
      row.decision,
      row.reason ?? null,
      row.text,
      row.createdAt,
      row.expiresAt,
    ],
  };
}

export function selectStatement(id: string): Statement {
  return { sql: 'SELECT * FROM statement WHERE id = ?', params: [id] };
}

/**
 * Takes the right to dispatch: only from `approved`, only unexpired, only while the session is alive. Attempt grows and
 * is the fencing token.
 */
export function claimApproval(claim: {
  id: string;
  owner: string;
  until: number;
  now: number;
  /** An `EXISTS (…)` term: its capability is unspent. */
  condition: Statement;
}): Statement {
  return {
    sql: `UPDATE approval SET state = 'executing', rev = rev + 1, attempt = attempt + 1, lease_owner = ?, lease_until = ?
      WHERE id = ? AND state = 'approved' AND expires_at > ?
      AND EXISTS (SELECT 1 FROM session WHERE session.id = approval.session_id AND session.revoked_at IS NULL AND session.expires_at > ?)
      AND ${claim.condition.sql}
      RETURNING attempt`,
    params: [claim.owner, claim.until, claim.id, claim.now, claim.now, ...claim.condition.params],
  };
}

/** Records the outcome, if this owner and attempt still hold the lease. */
export function settleApproval(outcome: {
  id: string;
  owner: string;
  attempt: number;
  state: 'succeeded' | 'failed' | 'unknown';
  result: StoredResult;
  reason: string | undefined;
  at: number;
}): Statement {
  return {
    sql: `UPDATE approval SET state = ?, rev = rev + 1, result_kind = ?, result_text = ?, state_reason = ?, outcome_at = ?,
      lease_owner = NULL, lease_until = NULL
      WHERE id = ? AND state = 'executing' AND lease_owner = ? AND attempt = ? RETURNING id`,
    params: [
      outcome.state,
      outcome.result.kind,
      outcome.result.text,
      outcome.reason ?? null,
      outcome.at,
      outcome.id,
      outcome.owner,
      outcome.attempt,
    ],
  };
}

/**
 * One step of the state machine without a result; refused unless the row is in the state `from` and, where that is
 * `pending`, has not run out.
 */
export function stepApproval(step: {
  id: string;
  from: ApprovalState;
  to: ApprovalState;
  reason: string;
  at: number;
}): Statement {
  return {
    sql: `UPDATE approval SET state = ?, rev = rev + 1, state_reason = ?, outcome_at = ?
      WHERE id = ? AND state = ? AND (state <> 'pending' OR expires_at > ?) RETURNING id`,
    params: [step.to, step.reason, step.at, step.id, step.from, step.at],
  };
}

/** Expiry is a compare-and-set from the open states, so that it and a decision cannot both win. */
export function expireApproval(id: string, now: number): Statement {
  return {
    sql: `UPDATE approval SET state = 'expired', rev = rev + 1, outcome_at = ?,
      state_reason = CASE state WHEN 'pending' THEN 'Nobody decided in time.' ELSE 'It was approved but could not be sent in time.' END
      WHERE id = ? AND state IN ('pending', 'approved') AND expires_at <= ? RETURNING id, session_id, subject`,
    params: [now, id, now],
  };
}

export function selectExpired(now: number, limit: number): Statement {
  return {
    sql: `SELECT id, kind, session_id, subject, server, tool FROM approval
      WHERE state IN ('pending', 'approved') AND expires_at <= ? ORDER BY expires_at LIMIT ?`,
    params: [now, limit],
  };
}

/** Executing rows whose lease has ended; with `now` at infinity (a restart of the only process) that is all of them. */
export function selectOrphans(now: number): Statement {
  return {
    sql: `SELECT id, kind, session_id, subject, server, tool, attempt, lease_owner FROM approval
      WHERE state = 'executing' AND lease_until <= ?`,
    params: [now],
  };
}

export function selectApproved(): Statement {
  return { sql: `SELECT id FROM approval WHERE state = 'approved' ORDER BY decided_at`, params: [] };
}
