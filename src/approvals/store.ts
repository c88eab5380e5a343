import type { Risk, Verdict } from '../policy/verdict.ts';
import type { Row, SqlValue, Statement } from '../storage/database.ts';
import { idList } from '../storage/id-list.ts';
import type { Approval, ApprovalState, Decision, StoredResult } from './approval.ts';
import { nextEscalation } from './escalation.ts';
import { erasedCall, type FrozenCall, thawCall } from './frozen-call.ts';

/** The states in which a repetition of a call belongs to the approval that it already has, as in the unique index. */
const DEDUPED = `'pending', 'approved', 'executing', 'succeeded', 'failed', 'unknown', 'denied'`;

const COLUMNS = `id, workspace, kind, requester, session_id, subject, state, server, tool, exposed, risk, dedupe_key,
  call_text, call_digest, call_salt, call_commit, view_text, view_salt, view_commit, tool_hash, policy_version, verdict,
  instance, requested_at, expires_at, decided_at, escalate_at,
  erase_at`;

function columnsOf(approval: Approval): readonly SqlValue[] {
  return [
    approval.id,
    approval.workspace,
    approval.call.kind,
    approval.requester,
    approval.sessionId ?? null,
    approval.subject,
    approval.state,
    approval.call.server,
    approval.call.tool,
    approval.exposed,
    approval.risk,
    approval.dedupeKey,
    approval.call.text,
    approval.call.digest,
    approval.action.salt,
    approval.action.commit,
    approval.view.text,
    approval.view.salt,
    approval.view.commit,
    approval.toolHash,
    approval.policyVersion,
    JSON.stringify(approval.verdict),
    approval.instance,
    approval.requestedAt,
    approval.expiresAt,
    approval.decidedAt ?? null,
    nextEscalation(approval, approval.requestedAt) ?? null,
    approval.verdict.retainMs === undefined ? null : approval.requestedAt + approval.verdict.retainMs,
  ];
}

const marksOf = (params: readonly SqlValue[]): string => params.map(() => '?').join(', ');

export function insertApproval(approval: Approval): Statement {
  const params = columnsOf(approval);
  return { sql: `INSERT INTO approval (${COLUMNS}) VALUES (${marksOf(params)})`, params };
}

/**
 * The same as a guard, for a requester without a session: refused when it has too many requests waiting, or has this
 * very one already.
 */
export function admitAction(action: { approval: Approval; maxPending: number }): Statement {
  const { approval, maxPending } = action;
  const { requester, dedupeKey } = approval;
  const columns = columnsOf(approval);
  return {
    sql: `INSERT INTO approval (${COLUMNS}) SELECT ${marksOf(columns)}
      WHERE (SELECT count(*) FROM approval WHERE requester = ? AND state = 'pending') < ?
      AND NOT EXISTS (SELECT 1 FROM approval WHERE requester = ? AND dedupe_key = ? AND state IN (${DEDUPED}))
      RETURNING id`,
    params: [...columns, requester, maxPending, requester, dedupeKey],
  };
}

/**
 * The right of a session to have one more call frozen, as one conditional UPDATE that also counts the call: the session
 * is alive, has calls left and room among its pending ones, and this call is not frozen already.
 */
export function admitFreeze(freeze: {
  sessionId: string;
  dedupeKey: string;
  maxPending: number;
  now: number;
}): Statement {
  return {
    sql: `UPDATE session SET calls = calls + 1
      WHERE id = ? AND revoked_at IS NULL AND expires_at > ? AND (call_cap IS NULL OR calls < call_cap)
      AND (SELECT count(*) FROM approval WHERE session_id = ? AND state = 'pending') < ?
      AND NOT EXISTS (SELECT 1 FROM approval WHERE requester = ? AND dedupe_key = ? AND state IN (${DEDUPED}))
      RETURNING calls`,
    params: [
      freeze.sessionId,
      freeze.now,
      freeze.sessionId,
      freeze.maxPending,
      `session:${freeze.sessionId}`,
      freeze.dedupeKey,
    ],
  };
}

/** What `admitFreeze` looks at, for the words of a refusal. */
export function selectAdmission(sessionId: string, now: number): Statement {
  return {
    sql: `SELECT CASE WHEN revoked_at IS NULL AND expires_at > ? THEN 1 ELSE 0 END AS alive,
      CASE WHEN call_cap IS NULL OR calls < call_cap THEN 1 ELSE 0 END AS has_calls, call_cap,
      (SELECT count(*) FROM approval WHERE session_id = session.id AND state = 'pending') AS pending
      FROM session WHERE id = ?`,
    params: [now, sessionId],
  };
}

export function selectApproval(id: string): Statement {
  return { sql: 'SELECT * FROM approval WHERE id = ?', params: [id] };
}

/** The approval that a repetition of a call belongs to: any that is neither expired, cancelled nor void. */
export function selectByDedupe(requester: string, key: string): Statement {
  return {
    sql: `SELECT * FROM approval WHERE requester = ? AND dedupe_key = ? AND state IN (${DEDUPED})`,
    params: [requester, key],
  };
}

/** The number of pending approvals, as `pending`. */
export function selectPendingCount(workspace: string): Statement {
  return {
    sql: "SELECT count(*) AS pending FROM approval WHERE workspace = ? AND state = 'pending'",
    params: [workspace],
  };
}

export interface ApprovalFilter {
  readonly workspace: string;
  readonly state?: ApprovalState | undefined;
  readonly session?: string | undefined;
  /** `api_key:key_…` and the like. */
  readonly requester?: string | undefined;
  readonly subject?: string | undefined;
  readonly tool?: string | undefined;
  readonly risk?: Risk | undefined;
  /** Only these. */
  readonly ids?: readonly string[] | undefined;
  /** Newest first unless told. */
  readonly order?: 'newest' | 'oldest' | undefined;
  readonly limit: number;
  /** The last one of the page before. */
  readonly after?: { readonly requestedAt: number; readonly id: string } | undefined;
}

/** In order of (requested_at, id). Pending lists are answered from their partial index. */
export function selectApprovals(filter: ApprovalFilter): Statement {
  const where = ['workspace = ?'];
  const params: SqlValue[] = [filter.workspace];
  // A literal, so that the planner can use the partial indices; the type leaves nothing else than a known state.
  if (filter.state !== undefined) where.push(`state = '${filter.state}'`);
  const equals: readonly (readonly [string, string | undefined])[] = [
    ['session_id', filter.session],
    ['requester', filter.requester],
    ['subject', filter.subject],
    ['tool', filter.tool],
    ['risk', filter.risk],
  ];
  for (const [column, value] of equals) {
    if (value === undefined) continue;
    where.push(`${column} = ?`);
    params.push(value);
  }
  if (filter.ids !== undefined) {
    const list = idList(filter.ids);
    where.push(`id IN (${list.marks})`);
    params.push(...list.params);
  }
  const [beyond, direction] = filter.order === 'oldest' ? ['>', 'ASC'] : ['<', 'DESC'];
  if (filter.after !== undefined) {
    where.push(`(requested_at ${beyond} ? OR (requested_at = ? AND id ${beyond} ?))`);
    params.push(filter.after.requestedAt, filter.after.requestedAt, filter.after.id);
  }
  params.push(filter.limit);
  return {
    sql: `SELECT * FROM approval WHERE ${where.join(' AND ')} ORDER BY requested_at ${direction}, id ${direction} LIMIT ?`,
    params,
  };
}

/** The newest other call or action of the same name, place and subject that was approved by then and not erased since. */
export function selectApprovedBefore(
  approval: Pick<Approval, 'id' | 'workspace' | 'subject' | 'call' | 'requestedAt'>,
): Statement {
  const { id, workspace, subject, call, requestedAt } = approval;
  return {
    sql: `SELECT * FROM approval WHERE subject = ? AND workspace = ? AND kind = ? AND server = ? AND tool = ?
      AND state IN ('approved', 'executing', 'succeeded', 'failed', 'unknown') AND decided_at IS NOT NULL
      AND redacted_at IS NULL AND id <> ? AND requested_at <= ? ORDER BY requested_at DESC, id DESC LIMIT 1`,
    params: [subject, workspace, call.kind, call.server, call.tool, id, requestedAt],
  };
}

export function selectDecisionsOf(approvalIds: readonly string[]): Statement {
  return {
    sql: `SELECT approval_id, approver, decision, reason, break_glass, decided_at FROM decision
      WHERE approval_id IN (${approvalIds.map(() => '?').join(', ')}) ORDER BY decided_at, id`,
    params: [...approvalIds],
  };
}

export function decisionFromRow(row: Row): Decision {
  return {
    approver: String(row.approver),
    decision: row.decision === 'approve' ? 'approve' : 'deny',
    reason: row.reason == null ? undefined : String(row.reason),
    breakGlass: Number(row.break_glass) === 1,
    decidedAt: Number(row.decided_at),
  };
}

const text = (value: SqlValue | undefined): string | undefined => (value == null ? undefined : String(value));
const integer = (value: SqlValue | undefined): number | undefined =>
  value == null ? undefined : Number(value);

function callFromRow(row: Row): FrozenCall {
  if (row.redacted_at == null) return thawCall(String(row.call_text));
  return erasedCall({
    kind: row.kind === 'action' ? 'action' : 'tool',
    server: String(row.server),
    tool: String(row.tool),
    subject: String(row.subject),
  });
}

export function approvalFromRow(row: Row): Approval {
  const call = callFromRow(row);
  const result: StoredResult | undefined =
    row.result_kind == null
      ? undefined
      : { kind: String(row.result_kind) as StoredResult['kind'], text: String(row.result_text) };
  return {
    id: String(row.id),
    workspace: String(row.workspace),
    requester: String(row.requester),
    sessionId: text(row.session_id),
    subject: String(row.subject),
    state: String(row.state) as ApprovalState,
    rev: Number(row.rev),
    exposed: String(row.exposed),
    risk: String(row.risk) as Approval['risk'],
    dedupeKey: String(row.dedupe_key),
    call,
    action: { text: call.text, salt: String(row.call_salt), commit: String(row.call_commit) },
    view: { text: String(row.view_text), salt: String(row.view_salt), commit: String(row.view_commit) },
    toolHash: String(row.tool_hash),
    policyVersion: String(row.policy_version),
    verdict: JSON.parse(String(row.verdict)) as Verdict,
    instance: String(row.instance),
    requestedAt: Number(row.requested_at),
    expiresAt: Number(row.expires_at),
    decidedAt: integer(row.decided_at),
    decidedBy: text(row.decided_by),
    decisionReason: text(row.decision_reason),
    attempt: Number(row.attempt),
    leaseOwner: text(row.lease_owner),
    leaseUntil: integer(row.lease_until),
    result,
    outcomeAt: integer(row.outcome_at),
    stateReason: text(row.state_reason),
    escalatedAt: integer(row.escalated_at),
    redactedAt: integer(row.redacted_at),
  };
}
