import type { Clock } from '../core/clock.ts';
import { isCountersignError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { Downstreams } from '../downstream/catalog.ts';
import type { ServerTask } from '../downstream/tasks/task.ts';
import type { Job } from '../jobs/job.ts';
import type { Jobs } from '../jobs/ports.ts';
import type { EntryRef } from '../ledger/entry.ts';
import { endedJob } from './ended-job.ts';
import { type FollowedTask, followTask, type TaskEnd } from './follow-task.ts';
import { askServer } from './forward.ts';
import { outcomeBody } from './outcome.ts';
import type { ServerTasks } from './server-tasks.ts';

export interface FollowTasksDeps {
  readonly downstreams: Downstreams;
  readonly jobs: Jobs;
  /** False once the session was revoked in this process: what it has begun ends with it. */
  readonly mayStillAct: (sessionId: string) => boolean;
  readonly report: (error: unknown) => void;
  readonly now: Clock;
}

/** How often an end that could not be recorded is tried again. */
const RECORD_AGAIN_MS = 5_000;
const TOO_LONG = 'the server was not done in the time that a task is followed';

function refOf(job: Job): EntryRef {
  return {
    subject: job.subject,
    action: `${job.server}/${job.tool}`,
    ...(job.sessionId === undefined ? {} : { session: job.sessionId }),
    ...(job.callId === undefined ? {} : { call: job.callId }),
  };
}

/** What is known of a task after a restart: its name. The next question tells the rest. */
function remembered(taskId: string): ServerTask {
  const nothing = {
    statusMessage: undefined,
    pollIntervalMs: LIMITS.taskPollMinMs,
    inputRequests: undefined,
  };
  return { taskId, status: 'working', ...nothing, resultText: undefined, errorText: undefined };
}

export function createServerTasks(deps: FollowTasksDeps): ServerTasks {
  const { downstreams, jobs, report } = deps;
  const followed = new Map<string, FollowedTask & { readonly sessionId: string | undefined }>();
  const waiting = new Set<FollowedTask>();
  const underWay = new Set<Promise<void>>();
  const stopping = new AbortController();

  function start(
    server: string,
    task: ServerTask,
    heard: Pick<Parameters<typeof followTask>[1], 'onTold' | 'onCancelHeard'> = {},
  ): FollowedTask {
    const era = () => downstreams.catalog().servers.find(({ name }) => name === server)?.era;
    return followTask((request) => askServer(deps, request), {
      server,
      task,
      era,
      ...heard,
    });
  }

  /**
   * Settles the job with the outcome of its call, both or neither, so that a stop in between leaves nothing to be said
   * twice; tries again while the ledger cannot be written.
   */
  async function record(job: Job, { outcome, cancelled }: TaskEnd): Promise<void> {
    const entries = [{ type: 'call.outcome' as const, ref: refOf(job), body: outcomeBody(outcome) }];
    while (!stopping.signal.aborted) {
      try {
        await jobs.settle(job.id, { ...endedJob(outcome, { cancelled }), entries });
        return;
      } catch (error) {
        report(error);
        const now = await jobs.find(job.id).catch(() => undefined);
        if (now?.endedAt !== undefined) return;
      }
      await pause(RECORD_AGAIN_MS, stopping.signal);
    }
  }

  function follow(job: Job, task: ServerTask): void {
    let shown: string = job.state;
    const one = start(job.server, task, {
      onTold(told) {
        if (told.status === shown || (told.status !== 'working' && told.status !== 'input_required')) return;
        shown = told.status;
        jobs.move(job.id, told.status).catch(report);
      },
      onCancelHeard: (standing) => void jobs.cancelHeard(job.id, standing).catch(report),
    });
    followed.set(job.id, { ...one, sessionId: job.sessionId });
    const stopListening = jobs.onCancel(job.id, () => void one.cancel());
    const left = Math.max(0, job.createdAt + LIMITS.taskTotalMs - deps.now());
    const deadline = setTimeout(() => void giveUp(), left);
    deadline.unref();
    const overdue = Promise.withResolvers<TaskEnd>();

    async function giveUp(): Promise<void> {
      await one.cancel();
      overdue.resolve({ cancelled: false, outcome: { kind: 'unknown', reason: TOO_LONG } });
    }

    const done = Promise.race([one.ended, overdue.promise])
      .then((end) => {
        one.stop();
        return end === undefined ? undefined : record(job, end);
      })
      .catch(report)
      .finally(() => {
        clearTimeout(deadline);
        stopListening();
        followed.delete(job.id);
        underWay.delete(done);
      });
    underWay.add(done);
    // The session may have been revoked while its job was written down, or read after a start.
    if (job.sessionId !== undefined && !deps.mayStillAct(job.sessionId)) void cancelForSession(job.id);
  }

  /** Durable first, so that the next start goes on with it; what cannot be written down is told to the server all the same. */
  async function cancelForSession(jobId: string): Promise<void> {
    try {
      await jobs.requestCancel(jobId, undefined);
    } catch (error) {
      if (isCountersignError(error) && error.code === 'conflict') return;
      report(error);
      await followed.get(jobId)?.cancel();
    }
  }

  return {
    async takeOver({ job: given, task, signal }) {
      const job = await jobs.create({ ...given, source: 'task', remoteId: task.taskId });
      follow(job, task);
      if (signal?.aborted) void followed.get(job.id)?.cancel();
      return job;
    },

    async waitFor({ server, task, timeoutMs, signal }) {
      const one = start(server, task);
      waiting.add(one);
      const given = Promise.withResolvers<string>();
      const timer = setTimeout(
        () => given.resolve(`the server was not done within ${timeoutMs} ms`),
        timeoutMs,
      );
      const abort = () => given.resolve('cancelled by the caller');
      if (signal?.aborted === true) abort();
      signal?.addEventListener('abort', abort, { once: true });
      const first = await Promise.race([one.ended, given.promise]);
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      waiting.delete(one);
      if (typeof first === 'string') await one.cancel();
      one.stop();
      const end = await one.ended;
      const wasGivenUp = typeof first === 'string';
      // What was done before it could be cancelled is known all the same.
      if (end !== undefined && !(wasGivenUp && end.cancelled)) return end.outcome;
      const reason = wasGivenUp ? first : 'the gateway stopped before the server was done';
      return { kind: 'unknown', reason };
    },

    resume(job) {
      if (job.remoteId !== undefined && !followed.has(job.id)) follow(job, remembered(job.remoteId));
    },

    async look(jobId) {
      return followed.get(jobId)?.look();
    },

    async answer(jobId, inputResponses) {
      await followed.get(jobId)?.answer(inputResponses);
    },

    endSession(sessionId) {
      for (const [id, one] of followed) if (one.sessionId === sessionId) void cancelForSession(id);
    },

    async close() {
      stopping.abort();
      for (const one of [...followed.values(), ...waiting]) one.stop();
      await Promise.all(underWay);
    },
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done, { once: true });
  });
}
