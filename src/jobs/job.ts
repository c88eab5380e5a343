import type { ApprovalState } from '../approvals/approval.ts';
import { numberOf } from '../core/exact-json.ts';
import type { JsonObject } from '../core/json.ts';
import { LIMITS } from '../core/limits.ts';

/**
 * What does the work: `call`, a call that the gateway goes on with after its agent was let go; `approval`, a frozen call
 * and its replay; `task`, a server's own MCP task; `poll`, work that a server's tool has begun and another one tells of.
 */
export type JobSource = 'call' | 'approval' | 'task' | 'poll';

export const JOB_SOURCES: readonly JobSource[] = ['call', 'approval', 'task', 'poll'];

/** `waiting`: for a person's decision. `unknown`: it was begun, and nobody can tell what became of it. */
export type JobState =
  | 'waiting'
  | 'working'
  | 'input_required'
  | 'completed'
  | 'failed'
  | 'cancelled'
  | 'unknown';

export const JOB_STATES: readonly JobState[] = [
  'waiting',
  'working',
  'input_required',
  'completed',
  'failed',
  'cancelled',
  'unknown',
];

/** How a job ends. A job that ended never changes again, except that an operator may say what `unknown` was. */
export type JobEnd = Extract<JobState, 'completed' | 'failed' | 'cancelled' | 'unknown'>;

/**
 * Whether the server has heard the wish for an end: `undelivered`, not yet, and it is told again; `delivered`, and it may
 * run to its end all the same; `refused`, it cannot be cancelled there.
 */
export type CancelStanding = 'undelivered' | 'delivered' | 'refused';

export const CANCEL_STANDINGS: readonly CancelStanding[] = ['undelivered', 'delivered', 'refused'];

/** How far the work is. `progress` only grows. */
export interface JobProgress {
  readonly progress: number;
  readonly total?: number;
  readonly message?: string;
}

/** `result` and `error`: the member of the downstream's JSON-RPC answer, byte for byte. `note`: our own words. */
export interface JobResult {
  readonly kind: 'result' | 'error' | 'note';
  readonly text: string;
}

/** Asynchronous work, whatever does it. Times are epoch milliseconds. */
export interface Job {
  /** `job_…`; of an approval, `job_` and what follows `apr_` in the approval's id. */
  readonly id: string;
  readonly workspace: string;
  readonly sessionId: string | undefined;
  readonly subject: string;
  readonly source: JobSource;
  readonly server: string;
  /** The name that the downstream knows. */
  readonly tool: string;
  /** The name that agents see. */
  readonly exposed: string;
  readonly state: JobState;
  readonly progress: JobProgress | undefined;
  readonly approvalId: string | undefined;
  /** `req_…`, the call on the ledger that began it. */
  readonly callId: string | undefined;
  /** How the server names the work. Never shown outside the gateway. */
  readonly remoteId: string | undefined;
  /** Pointers of the policy's redactions; `result:` ones hide parts of the result outside MCP. */
  readonly redact: readonly string[];
  /** Only where one job was asked for, and while it is kept. */
  readonly result: JobResult | undefined;
  /** Why it failed, was cancelled or is unknown, in one sentence. */
  readonly reason: string | undefined;
  readonly cancelRequestedAt: number | undefined;
  /** Of work that a server goes on with by itself, once an end was asked for. */
  readonly cancelStanding: CancelStanding | undefined;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly endedAt: number | undefined;
  /** When result and row are erased; for the job of an approval, the approval's own retention decides. */
  readonly keepUntil: number | undefined;
}

/** True once there is nothing left to wait for. */
export function isEnded(state: JobState): state is JobEnd {
  return state === 'completed' || state === 'failed' || state === 'cancelled' || state === 'unknown';
}

/** The job that an approval is, seen as work. */
export function jobIdOf(approvalId: string): string {
  return approvalId.replace(/^apr_/, 'job_');
}

/** The approval that such a job would be of; whether there is one is another question. */
export function approvalIdOf(jobId: string): string {
  return jobId.replace(/^job_/, 'apr_');
}

const BY_APPROVAL: Readonly<Record<ApprovalState, JobState>> = {
  pending: 'waiting',
  approved: 'working',
  executing: 'working',
  succeeded: 'completed',
  failed: 'failed',
  unknown: 'unknown',
  denied: 'failed',
  expired: 'failed',
  void: 'failed',
  cancelled: 'cancelled',
};

/** The state of an approval as that of a job. What was denied, ran out or became void has failed; `reason` says why. */
export function jobStateOf(approval: ApprovalState): JobState {
  return BY_APPROVAL[approval];
}

/** The approval states that a job state stands for. */
export function approvalStatesOf(state: JobState): readonly ApprovalState[] {
  return (Object.keys(BY_APPROVAL) as ApprovalState[]).filter((one) => BY_APPROVAL[one] === state);
}

/** Words as they can be stored: bounded, and without what storage refuses. */
export function plainText(words: string, characters: number): string {
  return words.slice(0, characters).replaceAll('\0', '\uFFFD').toWellFormed();
}

/** Progress as a server tells it, in doubles; undefined when it is not any. The message is cut, since servers write it. */
export function readProgress(told: JsonObject): JobProgress | undefined {
  const { message } = told;
  const [progress, total] = [numberOf(told.progress), numberOf(told.total)];
  if (progress === undefined) return undefined;
  return {
    progress,
    ...(total === undefined ? {} : { total }),
    ...(typeof message === 'string' ? { message: plainText(message, LIMITS.jobMessageCharacters) } : {}),
  };
}

/** The later of what is known and what is told; what does not grow is dropped, as messages may overtake each other. */
export function furtherProgress(
  known: JobProgress | undefined,
  told: JobProgress | undefined,
): JobProgress | undefined {
  if (told === undefined) return known;
  return known === undefined || told.progress > known.progress ? told : known;
}
