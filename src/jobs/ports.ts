import type { JsonObject } from '../core/json.ts';
import type { EntryDraft } from '../ledger/entry.ts';
import type { CancelStanding, Job, JobEnd, JobResult, JobSource, JobState } from './job.ts';

/** Work that begins. Everything is durable, and on the ledger, before its id is known to anybody. */
export interface NewJob {
  readonly source: Exclude<JobSource, 'approval'>;
  readonly session: { readonly id: string; readonly subject: string };
  readonly server: string;
  readonly tool: string;
  readonly exposed: string;
  readonly callId?: string | undefined;
  readonly approvalId?: string | undefined;
  /** How the server names the work. */
  readonly remoteId?: string | undefined;
  /** The verdict's redactions, so that the result is shown as policy says. */
  readonly redact?: readonly string[] | undefined;
  /** Policy's retention, counted from now; it can only shorten how long the result is kept. */
  readonly retainMs?: number | undefined;
}

/** How work ended. */
export interface EndedJob {
  readonly state: JobEnd;
  readonly result?: JobResult | undefined;
  /** One sentence, without argument values. */
  readonly reason?: string | undefined;
  /** Of the same fact, in the same transaction, before the entry of the job. */
  readonly entries?: readonly EntryDraft[] | undefined;
}

/** The gateway's asynchronous work. A service of one process; what it tells survives a restart, except the newest progress. */
export interface Jobs {
  /**
   * Durable when it resolves; the job is then `working`. Throws `rate_limited` when the session has too much work under
   * way, and `ledger_unavailable`.
   */
  create(input: NewJob): Promise<Job>;
  /** What a server tells of its progress. Never throws and never waits; what does not grow is dropped. */
  progressed(id: string, told: JsonObject): void;
  /** Between `working` and `input_required`. Changes nothing when it is there already; throws `conflict` once it has ended. */
  move(id: string, to: Extract<JobState, 'working' | 'input_required'>): Promise<Job>;
  /**
   * Ends a job by one conditional update, durably, with its entry. Throws `conflict` when it has ended already: the
   * first end counts. Not for jobs of approvals, which end with their approval.
   */
  settle(id: string, end: EndedJob): Promise<Job>;
  /** With its result. */
  find(id: string): Promise<Job | undefined>;
  /** The same; throws `not_found`. */
  get(id: string): Promise<Job>;
  /**
   * Resolves with the job once it has ended, or as it stands when `timeoutMs` has passed or `abort` fires. Throws
   * `not_found`.
   */
  wait(input: { id: string; timeoutMs: number; abort?: AbortSignal | undefined }): Promise<Job>;
  /**
   * Asks for an end. What still waits for a person is withdrawn at once; of anything else whoever does the work is
   * told, which may take a while or come too late. Repeating it is harmless. Throws `not_found`, and `conflict` once it
   * has ended. `by` is a principal, as `api_key:key_…` or `session:ses_…`; undefined for the gateway itself.
   */
  requestCancel(id: string, by: string | undefined): Promise<Job>;
  /** Notes what the server said to the wish for an end. Changes nothing where there is none, or once it has ended. */
  cancelHeard(id: string, standing: Exclude<CancelStanding, 'undelivered'>): Promise<void>;
  /** Runs once when an end is asked for, or soon if that has happened. Returns how to stop listening. */
  onCancel(id: string, run: () => void): () => void;
  /** Runs on each change, progress included. Returns how to stop listening. */
  onChange(id: string, run: () => void): () => void;
  /** The same for whatever job changes. */
  onAnyChange(run: (id: string) => void): () => void;
}

/**
 * Goes on with a job that was under way when the gateway stopped: whoever follows a server's work does so again. Not
 * awaited; it ends in `settle`. A cancel that was asked for before is found by `onCancel`.
 */
export type ResumeJob = (job: Job) => void;

/** Who goes on with what. `call` has nobody: its connection is gone, so its outcome is unknown. */
export interface Resumers {
  readonly task?: ResumeJob | undefined;
  readonly poll?: ResumeJob | undefined;
}
