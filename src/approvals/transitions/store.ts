import type { Statement } from '../../storage/database.ts';
import type { ApprovalState, StoredResult } from '../approval.ts';
import type { Approver } from '../approver.ts';

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
  /** `EXISTS (…)` terms: the credential that signed is still enrolled and was not used meanwhile, its owner is unchanged. */
  conditions: readonly Statement[];
}): Statement {
  return {
    sql: `UPDATE approval SET state = ?, rev = rev + 1, decided_at = ?, decided_by = ?, decision_reason = ?, expires_at = ?
      WHERE id = ? AND rev = ? AND state = 'pending' AND expires_at > ?
      AND EXISTS (SELECT 1 FROM statement WHERE id = ? AND approval_id = approval.id AND used_at IS NULL AND expires_at > ?)
      AND NOT EXISTS (SELECT 1 FROM decision WHERE approval_id = approval.id AND approver = ?)
      ${change.conditions.map((condition) => `AND ${condition.sql}`).join('\n      ')}
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
      ...change.conditions.flatMap((condition) => condition.params),
    ],
  };
}

/** `EXISTS (…)`: the approver is still enrolled, with the very groups by which they may decide. */
export function approverStands(approver: Approver): Statement {
  const table = approver.kind === 'person' ? 'person' : 'service_account';
  return {
    sql: `EXISTS (SELECT 1 FROM ${table} WHERE id = ? AND groups = ? AND removed_at IS NULL)`,
    params: [approver.id, JSON.stringify(approver.groups)],
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
  breakGlass: boolean;
  at: number;
}): Statement {
  return {
    sql: `INSERT INTO decision (id, workspace, approval_id, approver, decision, reason, statement, proof, break_glass, decided_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    params: [
      decision.id,
      decision.workspace,
      decision.approvalId,
      decision.approver,
      decision.decision,
      decision.reason ?? null,
      decision.statement,
      decision.proof,
      decision.breakGlass ? 1 : 0,
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

/** Keeps the lease of a dispatch that its owner follows; refused once it has been settled, by whomever. */
export function keepLease(kept: { id: string; owner: string; until: number }): Statement {
  return {
    sql: `UPDATE approval SET lease_until = ? WHERE id = ? AND state = 'executing' AND lease_owner = ? RETURNING id`,
    params: [kept.until, kept.id, kept.owner],
  };
}

/** Records the outcome, if this owner and attempt still hold the lease. */
export function settleApproval(outcome: {
  id: string;
  owner: string;
  attempt: number;
  state: 'succeeded' | 'failed' | 'unknown';
  result: StoredResult;
  /** Hex, of the commitment to the result that the entry holds; absent when it holds none. */
  salt?: string;
  reason: string | undefined;
  at: number;
}): Statement {
  return {
    sql: `UPDATE approval SET state = ?, rev = rev + 1, result_kind = ?, result_text = ?, result_salt = ?, state_reason = ?, outcome_at = ?,
      lease_owner = NULL, lease_until = NULL
      WHERE id = ? AND state = 'executing' AND lease_owner = ? AND attempt = ? RETURNING id`,
    params: [
      outcome.state,
      outcome.result.kind,
      outcome.result.text,
      outcome.salt ?? null,
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
      state_reason = CASE
        WHEN state = 'pending' AND EXISTS (SELECT 1 FROM decision WHERE approval_id = approval.id)
          THEN 'Too few people approved in time.'
        WHEN state = 'pending' THEN 'Nobody decided in time.'
        WHEN kind = 'action' THEN 'It was approved but its capability was not exchanged in time.'
        ELSE 'It was approved but could not be sent in time.' END
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

/** Requests that wait and of which an escalation is due. */
export function selectEscalations(now: number, limit: number): Statement {
  return {
    sql: `SELECT * FROM approval WHERE state = 'pending' AND escalate_at IS NOT NULL AND escalate_at <= ?
      AND expires_at > ? ORDER BY escalate_at LIMIT ?`,
    params: [now, now, limit],
  };
}

/** Marks the escalation that was due at `dueAt` as recorded; refused when that has happened, or nothing waits any more. */
export function escalateApproval(escalation: {
  id: string;
  dueAt: number;
  next: number | undefined;
  now: number;
}): Statement {
  return {
    sql: `UPDATE approval SET escalated_at = ?, escalate_at = ?, rev = rev + 1
      WHERE id = ? AND state = 'pending' AND escalate_at = ? AND expires_at > ? RETURNING id`,
    params: [escalation.now, escalation.next ?? null, escalation.id, escalation.dueAt, escalation.now],
  };
}

/** The decisions about an approval with what proves them, oldest first. */
export function selectSignedDecisions(approvalId: string): Statement {
  return {
    sql: `SELECT approver, decision, reason, break_glass, decided_at, proof FROM decision
      WHERE approval_id = ? ORDER BY decided_at, id`,
    params: [approvalId],
  };
}

/**
 * Executing rows whose lease has ended; with `dispatchesUntil` at infinity (a restart of the only process) those are all
 * dispatches. An action is carried out by its requester, whom no restart of ours stops: only time ends its lease.
 */
export function selectOrphans(ended: { now: number; dispatchesUntil: number }): Statement {
  return {
    sql: `SELECT id, kind, session_id, subject, server, tool, attempt, lease_owner FROM approval
      WHERE state = 'executing' AND lease_until <= CASE kind WHEN 'tool' THEN ? ELSE ? END`,
    params: [ended.dispatchesUntil, ended.now],
  };
}

/** Approved calls that the gateway itself carries out. */
export function selectApproved(): Statement {
  return {
    sql: `SELECT id FROM approval WHERE state = 'approved' AND kind = 'tool' ORDER BY decided_at`,
    params: [],
  };
}
