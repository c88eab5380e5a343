import { type Approval, stateAt } from '../../approvals/approval.ts';
import { toRfc3339 } from '../../core/clock.ts';
import type { JsonObject } from '../../core/json.ts';
import { LIMITS } from '../../core/limits.ts';
import type { ServerTask, TaskStatus } from '../../downstream/tasks/task.ts';
import { isEnded, type Job, jobIdOf } from '../../jobs/job.ts';
import { downstreamError, rpcError } from '../errors.ts';
import { pagePrompt, tellHeld } from '../pending.ts';
import type { Era } from '../request.ts';
import { legacyResult, modernResult, type ServerIdentity, withMetaMember } from '../result.ts';
import { DISPOSITION } from './extension.ts';

export interface TaskContext {
  readonly publicOrigin: string;
  readonly now: number;
  readonly identity: ServerIdentity;
  readonly era: Era;
}

/** A task as clients see it (SEP-2663, Tasks). What is inlined is text, so that it keeps its bytes. */
export interface ClientTask {
  readonly taskId: string;
  readonly status: TaskStatus;
  readonly statusMessage?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly lastUpdatedAt: number;
  /** From `createdAt`; null while it is kept without an end. */
  readonly ttlMs: number | null;
  readonly pollIntervalMs: number;
  readonly meta?: JsonObject | undefined;
  readonly inlined?: Inlined | undefined;
}

export interface Inlined {
  readonly name: 'result' | 'error' | 'inputRequests';
  readonly text: string;
}

const IMMEDIATE = 'io.modelcontextprotocol/model-immediate-response';
const PENDING = 'countersign/approval';

function resultFor({ era, identity }: TaskContext, raw: string): Inlined {
  return { name: 'result', text: era === 'modern' ? modernResult(raw, identity) : legacyResult(raw) };
}

type Settled = Exclude<Approval['state'], 'pending' | 'approved' | 'executing' | 'cancelled'>;

/** Whether the tool ran (draft SEP-2848, Execution disposition). */
function dispositionOf(approval: Approval, state: Settled): string {
  switch (state) {
    case 'succeeded':
      return 'approved-executed';
    case 'failed':
      // A note that is also the reason is the gateway's own: it could not send. An operator's later note is not.
      return approval.result?.kind === 'note' && approval.result.text === approval.stateReason
        ? 'denied-not-executed'
        : 'execution-error';
    case 'unknown':
      return 'outcome-unknown';
    default:
      return 'denied-not-executed';
  }
}

/** What a client, and its model, are told at once of a call that waits for a person. */
function pendingMeta(approval: Approval, publicOrigin: string): JsonObject {
  const { message, url } = pagePrompt(approval, publicOrigin);
  return {
    [PENDING]: { approval_id: approval.id, approve_url: url, expires_at: toRfc3339(approval.expiresAt) },
    [IMMEDIATE]: `${message} Tell the user to open ${url}. The result comes with the task.`,
  };
}

/**
 * A held call as a task. It works until a person has decided and the call has run; it completes also when it was denied,
 * ran out or became void, with a result that says so, and never fails. Only a withdrawn one is cancelled.
 */
export function taskOfApproval(approval: Approval, context: TaskContext): ClientTask {
  const { requestedAt, decidedAt, outcomeAt, expiresAt } = approval;
  const state = stateAt(approval, context.now);
  const lastUpdatedAt = outcomeAt ?? decidedAt ?? (state === 'expired' ? expiresAt : requestedAt);
  const kept = Math.max(expiresAt, lastUpdatedAt) + LIMITS.jobKeepDefaultMs - requestedAt;
  const task = {
    taskId: jobIdOf(approval.id),
    createdAt: requestedAt,
    lastUpdatedAt,
    ttlMs: kept,
    pollIntervalMs: LIMITS.taskPollIntervalMs,
  };
  const { exposed } = approval;
  switch (state) {
    case 'pending': {
      const { url } = pagePrompt(approval, context.publicOrigin);
      const statusMessage = `The call of ${exposed} has not run: a person must approve it. Open ${url}`;
      return { ...task, status: 'working', statusMessage, meta: pendingMeta(approval, context.publicOrigin) };
    }
    case 'approved':
    case 'executing':
      return {
        ...task,
        status: 'working',
        statusMessage: `The call of ${exposed} was approved and is under way.`,
      };
    case 'cancelled':
      return {
        ...task,
        status: 'cancelled',
        statusMessage: `The call of ${exposed} was withdrawn. It did not run.`,
      };
    default: {
      const told = withMetaMember(tellHeld(approval, context), {
        key: DISPOSITION,
        value: dispositionOf(approval, state),
      });
      return { ...task, status: 'completed', inlined: resultFor(context, told) };
    }
  }
}

function errorText(job: Job): string {
  if (job.result?.kind === 'error') {
    const reply = downstreamError(job.result.text);
    if (reply.kind === 'error') {
      const { httpStatus: _, ...error } = reply.error;
      return reply.raw ?? JSON.stringify(error);
    }
  }
  const code = job.state === 'unknown' ? 'outcome_unknown' : 'downstream_unavailable';
  const { httpStatus: _, ...error } = rpcError(code, job.reason ?? 'The call failed; no more is known.');
  return JSON.stringify(error);
}

const NOT_KEPT = JSON.stringify({
  content: [
    {
      type: 'text',
      text: 'The call has run, but its result is not kept any more. Do not repeat it to get it.',
    },
  ],
  isError: true,
});

/**
 * A job as a task, for a job that is no approval's. `told` is what its server says now, and `questions` those of its
 * questions that this client may be asked.
 */
export function taskOfJob(
  job: Job,
  context: TaskContext,
  live: { told?: ServerTask | undefined; questions?: JsonObject | undefined } = {},
): ClientTask {
  const { told, questions } = live;
  const task = {
    taskId: job.id,
    createdAt: job.createdAt,
    lastUpdatedAt: job.updatedAt,
    ttlMs: job.keepUntil === undefined ? null : Math.max(1, job.keepUntil - job.createdAt),
    pollIntervalMs: Math.max(1, Math.round(told?.pollIntervalMs ?? LIMITS.taskPollIntervalMs)),
  };
  if (!isEnded(job.state)) {
    if (questions !== undefined && Object.keys(questions).length > 0) {
      const inlined: Inlined = { name: 'inputRequests', text: JSON.stringify(questions) };
      return { ...task, status: 'input_required', statusMessage: told?.statusMessage, inlined };
    }
    const waits =
      told?.status === 'input_required' ? 'The server asks for input that is not relayed.' : undefined;
    return {
      ...task,
      status: 'working',
      statusMessage: waits ?? told?.statusMessage ?? job.progress?.message,
    };
  }
  switch (job.state) {
    case 'completed': {
      const raw = job.result?.kind === 'result' ? job.result.text : NOT_KEPT;
      return { ...task, status: 'completed', inlined: resultFor(context, raw) };
    }
    case 'cancelled':
      return { ...task, status: 'cancelled', statusMessage: job.reason };
    default:
      return {
        ...task,
        status: 'failed',
        statusMessage: job.reason,
        inlined: { name: 'error', text: errorText(job) },
      };
  }
}

function membersOf(task: ClientTask): JsonObject {
  const { taskId, status, statusMessage, createdAt, lastUpdatedAt, ttlMs, pollIntervalMs, meta } = task;
  return {
    taskId,
    status,
    ...(statusMessage === undefined ? {} : { statusMessage }),
    createdAt: toRfc3339(createdAt),
    lastUpdatedAt: toRfc3339(Math.max(createdAt, lastUpdatedAt)),
    ttlMs,
    pollIntervalMs,
    ...(meta === undefined ? {} : { _meta: meta }),
  };
}

/** The result of a request that became a task (`CreateTaskResult`): how it stands, never how it ended. */
export function createdText(task: ClientTask): string {
  return JSON.stringify({ resultType: 'task', ...membersOf(task) });
}

/** The task with what belongs to its status (`DetailedTask`). */
export function detailedText(task: ClientTask): string {
  const text = JSON.stringify(membersOf(task));
  const { inlined } = task;
  return inlined === undefined ? text : `${text.slice(0, -1)},"${inlined.name}":${inlined.text}}`;
}
