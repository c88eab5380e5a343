import { apiError } from './api-error.ts';
import { followEvents, type StreamOptions } from './follow-events.ts';
import { type CallOptions, type Http, type Pause, path } from './http.ts';
import { listPages, type Paged, type PageOptions } from './page.ts';

/** `waiting`: for a person's decision. `unknown`: it was begun, and nobody can tell what became of it. */
export type JobState =
  | 'waiting'
  | 'working'
  | 'input_required'
  | 'completed'
  | 'failed'
  | 'cancelled'
  | 'unknown';

/** What does the work: a call that outlasted its agent, an approved call, a server's MCP task, or a start/poll pair. */
export type JobSource = 'call' | 'approval' | 'task' | 'poll';

/** Asynchronous work, whatever does it. Times are RFC 3339. */
export interface Job {
  readonly id: string;
  readonly state: JobState;
  readonly source: JobSource;
  /** A session's id. */
  readonly session: string | null;
  readonly subject: string;
  readonly server: string;
  readonly tool: string;
  readonly exposed: string;
  readonly progress: {
    readonly progress: number;
    readonly total: number | null;
    readonly message: string | null;
  } | null;
  /** Why it failed, was cancelled or is unknown. */
  readonly reason: string | null;
  readonly approval: string | null;
  /** Where a person decides. */
  readonly approvalUrl: string | null;
  /** The call on the ledger that began it. */
  readonly call: string | null;
  readonly cancelRequestedAt: string | null;
  /** Whether the server of a `task` or `poll` job has heard that it is to end; null while nobody has asked for it. */
  readonly cancelStanding: 'undelivered' | 'delivered' | 'refused' | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly endedAt: string | null;
  readonly keepUntil: string | null;
}

export interface JobDetail extends Job {
  /** Once it has ended. `result` and `error` hold the member of the tool's JSON-RPC answer as text. */
  readonly result: { readonly kind: 'result' | 'error' | 'note'; readonly text: string } | null;
}

/** Something that happened to a job. */
export interface JobEvent {
  readonly event: 'created' | 'updated' | 'progress' | 'ended';
  /** Of the ledger's entry; pass it as `after` to go on from here. Null for what the ledger does not hold. */
  readonly seq: number | null;
  readonly at: string;
  /** What it became then. */
  readonly state: JobState;
  /** As it is now. */
  readonly job: Job;
}

export interface JobScope {
  readonly source?: JobSource | undefined;
  /** A session's id. */
  readonly session?: string | undefined;
  readonly subject?: string | undefined;
  readonly server?: string | undefined;
  readonly tool?: string | undefined;
}

export interface JobFilter extends JobScope, PageOptions {
  readonly state?: JobState | undefined;
  /** RFC 3339: created then or later. */
  readonly since?: string | undefined;
}

export interface JobWaitOptions extends Omit<CallOptions, 'timeoutMs'> {
  /** How long to wait at most; until it ends unless told. */
  readonly timeoutMs?: number | undefined;
  /** Called about every two seconds with the job as it is, and with the last one. */
  readonly onUpdate?: ((job: JobDetail) => void) | undefined;
}

export interface JobsResource {
  get(id: string, options?: CallOptions): Promise<JobDetail>;
  /** Newest first, without results. */
  list(filter?: JobFilter, options?: CallOptions): Paged<Job>;
  /** Resolves with the job once it has ended, or as it stands when the time is over. */
  wait(id: string, options?: JobWaitOptions): Promise<JobDetail>;
  /**
   * Asks for its end. What waits for a person is withdrawn at once; what is under way is told to stop, which may come
   * too late: wait for it to see. Throws `conflict` once it has ended.
   */
  cancel(id: string, options?: CallOptions): Promise<JobDetail>;
  /** What happens to jobs, in order and across reconnections; every `ended` once. */
  events(scope?: JobScope, options?: StreamOptions): AsyncIterable<JobEvent>;
}

interface JobWire
  extends Omit<
    Job,
    | 'approvalUrl'
    | 'cancelRequestedAt'
    | 'cancelStanding'
    | 'createdAt'
    | 'updatedAt'
    | 'endedAt'
    | 'keepUntil'
  > {
  readonly approval_url: string | null;
  readonly cancel_requested_at: string | null;
  readonly cancel_standing: Job['cancelStanding'];
  readonly created_at: string;
  readonly updated_at: string;
  readonly ended_at: string | null;
  readonly keep_until: string | null;
}

type JobDetailWire = JobWire & Pick<JobDetail, 'result'>;

function jobFrom<Wire extends JobWire>(wire: Wire) {
  const {
    approval_url,
    cancel_requested_at,
    cancel_standing,
    created_at,
    updated_at,
    ended_at,
    keep_until,
    ...same
  } = wire;
  return {
    ...same,
    approvalUrl: approval_url,
    cancelRequestedAt: cancel_requested_at,
    cancelStanding: cancel_standing,
    createdAt: created_at,
    updatedAt: updated_at,
    endedAt: ended_at,
    keepUntil: keep_until,
  };
}

function eventOf(data: string): JobEvent {
  const { job, ...rest } = JSON.parse(data) as Omit<JobEvent, 'job'> & { readonly job?: JobWire };
  if (typeof job === 'object') return { ...rest, job: jobFrom(job) };
  throw apiError({ code: 'bad_response', message: 'An event of the stream of jobs is not about a job.' });
}

/** True once there is nothing left to wait for. */
export function isJobEnded({ state }: Pick<Job, 'state'>): boolean {
  return state === 'completed' || state === 'failed' || state === 'cancelled' || state === 'unknown';
}

const POLL_MS = 25_000;
const WATCH_MS = 2_000;
const POLL_GRACE_MS = 10_000;

export function createJobsResource(deps: {
  readonly http: Http;
  readonly pause: Pause;
  /** Monotonic milliseconds. */
  readonly stopwatch: () => number;
}): JobsResource {
  const { http, stopwatch } = deps;

  async function poll(id: string, timeoutMs: number, options: CallOptions): Promise<JobDetail> {
    const { body } = await http.json<JobDetailWire>({
      method: 'GET',
      path: path`/v1/jobs/${id}/wait`,
      query: { timeout_ms: timeoutMs },
      options: { ...options, timeoutMs: timeoutMs + POLL_GRACE_MS },
    });
    return jobFrom(body);
  }

  return {
    async get(id, options) {
      const call = { method: 'GET', path: path`/v1/jobs/${id}`, options } as const;
      return jobFrom((await http.json<JobDetailWire>(call)).body);
    },
    list: (filter = {}, options) =>
      listPages<JobWire, Job>(http, { path: '/v1/jobs', query: { ...filter }, fromWire: jobFrom, options }),
    async wait(id, options = {}) {
      const { timeoutMs = Number.POSITIVE_INFINITY, onUpdate, ...call } = options;
      const sliceMs = onUpdate === undefined ? POLL_MS : WATCH_MS;
      const startedAt = stopwatch();
      for (;;) {
        const leftMs = Math.max(0, timeoutMs - (stopwatch() - startedAt));
        const job = await poll(id, Math.ceil(Math.min(sliceMs, leftMs)), call);
        onUpdate?.(job);
        if (isJobEnded(job) || leftMs <= sliceMs) return job;
      }
    },
    async cancel(id, options) {
      const call = { method: 'POST', path: path`/v1/jobs/${id}/cancel`, body: {}, options } as const;
      return jobFrom((await http.json<JobDetailWire>(call)).body);
    },
    async *events(scope = {}, options = {}) {
      const from = { path: '/v1/jobs/events', query: { ...scope } };
      let lastSeq = options.after ?? -1;
      for await (const { data } of followEvents(deps, from, options)) {
        const event = eventOf(data);
        if (event.seq !== null && event.seq <= lastSeq) continue;
        lastSeq = event.seq ?? lastSeq;
        yield event;
      }
    },
  };
}
