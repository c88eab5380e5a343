import type { JsonObject } from '../core/json.ts';
import type { FinalOutcome } from '../downstream/catalog.ts';
import type { ServerTask } from '../downstream/tasks/task.ts';
import type { Job } from '../jobs/job.ts';
import type { NewJob, ResumeJob } from '../jobs/ports.ts';
import type { EntryRef } from '../ledger/entry.ts';

/** A call that was answered with a task, as a job in the making. */
export interface TaskJob {
  readonly ref: EntryRef;
  readonly job: Omit<NewJob, 'source' | 'remoteId'>;
  readonly task: ServerTask;
  /** Of the caller, until it has the job: when it fires before that, the server is asked to cancel. */
  readonly signal?: AbortSignal | undefined;
}

/** Work that servers go on with by themselves, followed to its end. */
export interface ServerTasks {
  /**
   * Keeps a task as a job and follows it; its end is recorded as the outcome of its call and settles the job. The job
   * is durable when this resolves. Throws `ledger_unavailable`; the task is then nobody's.
   */
  takeOver(taken: TaskJob): Promise<Job>;
  /**
   * Follows a task without a job. Never rejects: it ends in the call's outcome, and in `unknown` when the server is not
   * done after `timeoutMs` or when `signal` fires; the server is then asked to cancel.
   */
  waitFor(input: {
    server: string;
    task: ServerTask;
    timeoutMs: number;
    signal?: AbortSignal | undefined;
  }): Promise<FinalOutcome>;
  /** Goes on after a restart. */
  readonly resume: ResumeJob;
  /**
   * What the server says of a job's task, asked anew; as it was last known when the server cannot be asked. Undefined
   * for a job that is not followed here, or no longer.
   */
  look(jobId: string): Promise<ServerTask | undefined>;
  /** Hands a client's answers to the server, by the server's own keys. Never rejects. */
  answer(jobId: string, inputResponses: JsonObject): Promise<void>;
  /** Asks servers to cancel what they go on with for a session. */
  endSession(sessionId: string): void;
  /** Stops asking, and resolves when nothing is under way. Unfinished jobs go on after the next start. */
  close(): Promise<void>;
}
