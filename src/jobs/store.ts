import type { ApprovalState } from '../approvals/approval.ts';
import type { Row, SqlValue, Statement } from '../storage/database.ts';
import { standingOf } from './cancelling/store.ts';
import {
  approvalStatesOf,
  type Job,
  type JobEnd,
  type JobProgress,
  type JobSource,
  type JobState,
  jobIdOf,
  jobStateOf,
} from './job.ts';
import type { NewJob } from './ports.ts';

/** A row of either table with the columns that a job is made of. A sealed result is opened by whoever has the key. */
export interface StoredJob extends Job {
  readonly sealedResult: string | undefined;
  readonly resultSalt: string | undefined;
  readonly cancelRequestedBy: string | undefined;
}

const ROW_COLUMNS = `id, workspace, session_id, subject, source, server, tool, exposed, state, approval_id, call_id,
  remote_id, redact, progress, reason, cancel_requested_at, cancel_requested_by, cancel_standing, created_at,
  updated_at, ended_at, keep_until`;
/** The same of an approval; its state is as of `now`, whatever the sweep has recorded. */
const APPROVAL_COLUMNS = `id, workspace, session_id, subject, 'approval' AS source, server, tool, exposed,
  CASE WHEN state IN ('pending', 'approved') AND expires_at <= ? THEN 'expired' ELSE state END AS state,
  id AS approval_id, NULL AS call_id, NULL AS remote_id, verdict AS redact, NULL AS progress,
  CASE state WHEN 'denied' THEN decision_reason ELSE state_reason END AS reason, NULL AS cancel_requested_at, NULL AS cancel_requested_by,
  NULL AS cancel_standing,
  requested_at AS created_at, COALESCE(outcome_at, decided_at, requested_at) AS updated_at,
  COALESCE(outcome_at, decided_at, expires_at) AS ended_at, erase_at AS keep_until`;

/** As a guard: refused when the session has too much work under way. */
export function insertJob(
  job: NewJob & { id: string; workspace: string; at: number; maxOpen: number },
): Statement {
  const { id, workspace, at, session, retainMs } = job;
  return {
    sql: `INSERT INTO job (id, workspace, session_id, subject, source, server, tool, exposed, state, approval_id, call_id,
      remote_id, redact, retain_until, created_at, updated_at)
      SELECT ?, ?, ?, ?, ?, ?, ?, ?, 'working', ?, ?, ?, ?, ?, ?, ?
      WHERE (SELECT count(*) FROM job WHERE session_id = ? AND ended_at IS NULL) < ? RETURNING id`,
    params: [
      id,
      workspace,
      session.id,
      session.subject,
      job.source,
      job.server,
      job.tool,
      job.exposed,
      job.approvalId ?? null,
      job.callId ?? null,
      job.remoteId ?? null,
      JSON.stringify(job.redact ?? []),
      retainMs === undefined ? null : at + retainMs,
      at,
      at,
      session.id,
      job.maxOpen,
    ],
  };
}

/** A job that is kept as one, with its sealed result. */
export function selectJob({ id, workspace }: { id: string; workspace: string }): Statement {
  return {
    sql: `SELECT ${ROW_COLUMNS}, result_kind, result_sealed, result_salt FROM job WHERE id = ? AND workspace = ?`,
    params: [id, workspace],
  };
}

/** The job that a held tool call is, with its result. */
export function selectApprovalJob(of: { approvalId: string; workspace: string; now: number }): Statement {
  return {
    sql: `SELECT ${APPROVAL_COLUMNS}, result_kind, result_text FROM approval
      WHERE id = ? AND workspace = ? AND kind = 'tool'`,
    params: [of.now, of.approvalId, of.workspace],
  };
}

export interface JobFilter {
  readonly workspace: string;
  readonly state?: JobState | undefined;
  readonly source?: JobSource | undefined;
  readonly session?: string | undefined;
  readonly subject?: string | undefined;
  readonly server?: string | undefined;
  readonly tool?: string | undefined;
  /** Created then or later, epoch milliseconds. */
  readonly since?: number | undefined;
  readonly limit: number;
  readonly before?: { readonly createdAt: number; readonly id: string } | undefined;
  readonly now: number;
}

function conditions(filter: JobFilter, names: { at: string; before: string }): Statement {
  const where = ['workspace = ?'];
  const params: SqlValue[] = [filter.workspace];
  for (const [column, value] of [
    ['session_id', filter.session],
    ['subject', filter.subject],
    ['server', filter.server],
    ['tool', filter.tool],
  ] as const) {
    if (value === undefined) continue;
    where.push(`${column} = ?`);
    params.push(value);
  }
  if (filter.since !== undefined) {
    where.push(`${names.at} >= ?`);
    params.push(filter.since);
  }
  if (filter.before !== undefined) {
    where.push(`(${names.at} < ? OR (${names.at} = ? AND id < ?))`);
    params.push(filter.before.createdAt, filter.before.createdAt, names.before);
  }
  return { sql: where.join(' AND '), params };
}

function rowsOf(filter: JobFilter): Statement {
  const { sql, params } = conditions(filter, { at: 'created_at', before: filter.before?.id ?? '' });
  const more: string[] = [];
  const moreParams: SqlValue[] = [];
  for (const column of ['state', 'source'] as const) {
    const value = filter[column];
    if (value === undefined) continue;
    more.push(`AND ${column} = ?`);
    moreParams.push(value);
  }
  return {
    sql: `SELECT ${ROW_COLUMNS} FROM job WHERE ${sql} ${more.join(' ')} ORDER BY created_at DESC, id DESC LIMIT ?`,
    params: [...params, ...moreParams, filter.limit],
  };
}

/** Which approvals are in a state of jobs, by what is stored and by what has run out. */
function inState(state: JobState, now: number): Statement {
  const stored = approvalStatesOf(state).map((one) => `'${one}'`);
  const open = `(state IN ('pending', 'approved') AND expires_at <= ?)`;
  const listed = stored.length === 0 ? '1 = 0' : `state IN (${stored.join(', ')})`;
  return stored.includes(`'expired'`)
    ? { sql: `(${listed} OR ${open})`, params: [now] }
    : { sql: `(${listed} AND NOT ${open})`, params: [now] };
}

function approvalsOf(filter: JobFilter): Statement {
  const before = (filter.before?.id ?? '').replace(/^job_/, 'apr_');
  const { sql, params } = conditions(filter, { at: 'requested_at', before });
  const state = filter.state === undefined ? undefined : inState(filter.state, filter.now);
  return {
    sql: `SELECT ${APPROVAL_COLUMNS} FROM approval WHERE ${sql} AND kind = 'tool'
      ${state === undefined ? '' : `AND ${state.sql}`} ORDER BY requested_at DESC, id DESC LIMIT ?`,
    params: [filter.now, ...params, ...(state?.params ?? []), filter.limit],
  };
}

/**
 * Jobs of both tables, newest first by (created_at, id), without results. Each side is read in the order of its own
 * index and no further than the limit.
 */
export function selectJobs(filter: JobFilter): Statement {
  const rows = rowsOf(filter);
  const approvals = approvalsOf(filter);
  if (filter.source === 'approval') return approvals;
  if (filter.source !== undefined) return rows;
  return {
    sql: `SELECT * FROM (SELECT * FROM (${rows.sql}) AS kept UNION ALL SELECT * FROM (${approvals.sql}) AS held) AS job_of_either
      ORDER BY created_at DESC, substr(id, 5) DESC LIMIT ?`,
    params: [...rows.params, ...approvals.params, filter.limit],
  };
}

/**
 * Jobs that are not ended, oldest first: what a start has to go on with. `session_revoked` is 1 where whatever their
 * session has begun is to end with it.
 */
export function selectOpenJobs(): Statement {
  return {
    sql: `SELECT ${ROW_COLUMNS}, CASE WHEN EXISTS (SELECT 1 FROM session WHERE session.id = job.session_id
        AND session.revoked_at IS NOT NULL) THEN 1 ELSE 0 END AS session_revoked
      FROM job WHERE ended_at IS NULL ORDER BY created_at, id`,
    params: [],
  };
}

export function moveJob(move: { id: string; to: JobState; at: number }): Statement {
  return {
    sql: `UPDATE job SET state = ?, updated_at = ? WHERE id = ? AND ended_at IS NULL AND state <> ? RETURNING id`,
    params: [move.to, move.at, move.id, move.to],
  };
}

/** Newest progress; refused once the job has ended. */
export function saveProgress(saved: { id: string; progress: JobProgress; at: number }): Statement {
  return {
    sql: 'UPDATE job SET progress = ?, updated_at = ? WHERE id = ? AND ended_at IS NULL RETURNING id',
    params: [JSON.stringify(saved.progress), saved.at, saved.id],
  };
}

/** Ends a job, once: whoever comes second changes nothing. */
export function settleJob(end: {
  id: string;
  state: JobEnd;
  progress: JobProgress | undefined;
  resultKind: string | undefined;
  sealed: string | undefined;
  /** Hex; tells this end from any other, and makes the commitment to the result. */
  salt: string;
  reason: string | undefined;
  at: number;
  keepUntil: number;
}): Statement {
  return {
    sql: `UPDATE job SET state = ?, progress = COALESCE(?, progress), result_kind = ?, result_sealed = ?, result_salt = ?,
      reason = ?, updated_at = ?, ended_at = ?,
      keep_until = CASE WHEN retain_until < ? THEN retain_until ELSE ? END
      WHERE id = ? AND ended_at IS NULL RETURNING id`,
    params: [
      end.state,
      end.progress === undefined ? null : JSON.stringify(end.progress),
      end.resultKind ?? null,
      end.sealed ?? null,
      end.salt,
      end.reason ?? null,
      end.at,
      end.at,
      end.keepUntil,
      end.keepUntil,
      end.id,
    ],
  };
}

const text = (value: SqlValue | undefined): string | undefined => (value == null ? undefined : String(value));
const integer = (value: SqlValue | undefined): number | undefined =>
  value == null ? undefined : Number(value);

/** Of a job the list itself, of an approval its verdict. */
function redactOf(value: SqlValue | undefined): readonly string[] {
  const found = JSON.parse(String(value)) as readonly string[] | { readonly redact?: readonly string[] };
  return 'redact' in found ? (found.redact ?? []) : (found as readonly string[]);
}

/** For approvals that ended without words of their own. */
const REASONS: Readonly<Record<string, string>> = {
  denied: 'It was denied.',
  expired: 'It ran out before it could be sent.',
};

const ENDED: readonly JobState[] = ['completed', 'failed', 'cancelled', 'unknown'];

export function jobFromRow(row: Row): StoredJob {
  const isApproval = row.source === 'approval';
  const stored = String(row.state);
  const state = isApproval ? jobStateOf(stored as ApprovalState) : (stored as JobState);
  const progress = text(row.progress);
  const plain = text(row.result_text);
  return {
    id: isApproval ? jobIdOf(String(row.id)) : String(row.id),
    workspace: String(row.workspace),
    sessionId: text(row.session_id),
    subject: String(row.subject),
    source: String(row.source) as JobSource,
    server: String(row.server),
    tool: String(row.tool),
    exposed: String(row.exposed),
    state,
    progress: progress === undefined ? undefined : (JSON.parse(progress) as JobProgress),
    approvalId: text(row.approval_id),
    callId: text(row.call_id),
    remoteId: text(row.remote_id),
    redact: redactOf(row.redact),
    result:
      plain === undefined
        ? undefined
        : { kind: String(row.result_kind) as NonNullable<Job['result']>['kind'], text: plain },
    reason: text(row.reason) ?? (isApproval ? REASONS[stored] : undefined),
    cancelRequestedAt: integer(row.cancel_requested_at),
    cancelStanding: standingOf(row),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    endedAt: ENDED.includes(state) ? integer(row.ended_at) : undefined,
    keepUntil: integer(row.keep_until),
    sealedResult: text(row.result_sealed),
    resultSalt: text(row.result_salt),
    cancelRequestedBy: text(row.cancel_requested_by),
  };
}
