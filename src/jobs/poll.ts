import { isCountersignError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { LIMITS } from '../core/limits.ts';
import type { Schedule } from '../ledger/schedule.ts';
import type { Job } from './job.ts';
import { argumentsFor, type JobPair, readPoll, readRemoteId } from './pair.ts';
import type { EndedJob, Jobs, NewJob } from './ports.ts';

/**
 * What asking came to. `refused` will not change by asking again. `unsent`: the server was certainly not reached, so that
 * asking again is no second time.
 */
export type PollAnswer =
  | { readonly kind: 'result'; readonly raw: string; readonly isError: boolean }
  | { readonly kind: 'silent'; readonly reason: string; readonly unsent: boolean }
  | { readonly kind: 'refused'; readonly reason: string };

export interface PollDeps {
  readonly jobs: Pick<Jobs, 'create' | 'progressed' | 'settle' | 'onCancel' | 'cancelHeard'>;
  readonly pairs: readonly JobPair[];
  /** Calls a tool of the job's server for the session that began the work. Never rejects. */
  readonly ask: (job: Job, tool: string, args: JsonObject) => Promise<PollAnswer>;
  readonly schedule: Schedule;
  readonly now: () => number;
  readonly report: (error: unknown) => void;
}

/** An answered call of a tool, which may have begun work. */
export interface AnsweredCall extends Omit<NewJob, 'source' | 'remoteId'> {
  /** The downstream's `result` member. */
  readonly raw: string;
}

/** Follows the work that tools begin and other tools tell of. */
export interface Poller {
  /** Makes a job of the work that this call began, if any, and follows it. Never rejects: the call has been made. */
  begun(answered: AnsweredCall): Promise<void>;
  /** Goes on following. */
  follow(job: Job): void;
  /** Asks nobody any more; a poll under way is not waited for. */
  close(): void;
}

const SLOWER = 1.5;
const NO_PAIR =
  'The configuration does not say any more how to ask about this work, so what became of it is not known.';
const TOO_LONG = 'It had not ended after a day, and nobody asks about it any more.';
const LEFT_ALONE =
  'Nobody follows it any more. The server was not told, since the configuration names no tool that cancels it.';

export function createPoller(deps: PollDeps): Poller {
  const { jobs, pairs } = deps;
  const followed = new Set<string>();
  const wakes = new Set<() => void>();
  const life = { closed: false };

  function pairOf({ server, tool }: { server: string; tool: string }): JobPair | undefined {
    return pairs.find((pair) => pair.server === server && pair.start === tool);
  }

  const keyOf = (job: Pick<Job, 'sessionId' | 'server' | 'tool' | 'remoteId'>): string =>
    JSON.stringify([job.sessionId, job.server, job.tool, job.remoteId]);

  /** Resolves after a time, or as soon as somebody wants an end or the poller closes. */
  function pause(ms: number, hear: (wake: () => void) => void): Promise<void> {
    return new Promise((resolve) => {
      const stop = deps.schedule(wake, ms);
      function wake(): void {
        wakes.delete(wake);
        stop();
        resolve();
      }
      wakes.add(wake);
      hear(wake);
    });
  }

  /** One poll: how the work ended, or whether this one told anything. */
  async function poll(job: Job, pair: JobPair, args: JsonObject): Promise<EndedJob | 'working' | string> {
    const answer = await deps.ask(job, pair.poll, args);
    if (answer.kind === 'refused') return { state: 'unknown', reason: answer.reason };
    if (answer.kind === 'silent') return `the last poll came to nothing: ${answer.reason}`;
    if (answer.isError) return `${pair.poll} answered with an error.`;
    const reading = readPoll(pair, answer.raw);
    if (reading.kind === 'unclear') return `${pair.poll} does not say how it stands at ${pair.state}.`;
    if (reading.kind === 'working') {
      jobs.progressed(job.id, reading.progress);
      return 'working';
    }
    const { state } = reading;
    const result = { kind: 'result', text: answer.raw } as const;
    return state === 'completed'
      ? { state, result }
      : {
          state,
          result,
          reason: `The server says that the work has ${state === 'failed' ? 'failed' : 'been cancelled'}.`,
        };
  }

  /** Tells the server of the wish for an end. False when it has certainly not heard it, and can be told again. */
  async function tellToCancel(job: Job, tool: string, args: JsonObject): Promise<boolean> {
    const answer = await deps.ask(job, tool, args);
    if (answer.kind === 'silent' && answer.unsent) return false;
    const isRefused = answer.kind === 'refused' || (answer.kind === 'result' && answer.isError);
    // It may have heard also where its answer did not come, and is not told again then.
    await jobs.cancelHeard(job.id, isRefused ? 'refused' : 'delivered').catch(deps.report);
    return true;
  }

  async function loop(job: Job, pair: JobPair, remoteId: string): Promise<void> {
    const args = argumentsFor(pair, remoteId);
    const cancel = { asked: false, tried: false, told: false, wake: () => {} };
    const off = jobs.onCancel(job.id, () => {
      cancel.asked = true;
      cancel.wake();
    });
    let delay = pair.everyMs;
    let failures = 0;
    try {
      for (;;) {
        if (!cancel.asked || cancel.tried) {
          await pause(delay, (wake) => {
            cancel.wake = wake;
          });
        }
        if (life.closed) return;
        if (cancel.asked && !cancel.told) {
          if (pair.cancel === undefined)
            return void (await jobs.settle(job.id, { state: 'cancelled', reason: LEFT_ALONE }));
          if (!cancel.tried) delay = pair.everyMs;
          cancel.tried = true;
          cancel.told = await tellToCancel(job, pair.cancel, args);
        }
        const found = await poll(job, pair, args);
        if (life.closed) return;
        if (typeof found === 'object') return void (await jobs.settle(job.id, found));
        failures = found === 'working' ? 0 : failures + 1;
        if (failures >= LIMITS.jobPollFailures)
          return void (await jobs.settle(job.id, {
            state: 'unknown',
            reason: `Asked ${failures} times in a row, ${found}`,
          }));
        if (deps.now() - job.createdAt > LIMITS.jobPollTotalMs)
          return void (await jobs.settle(job.id, { state: 'unknown', reason: TOO_LONG }));
        delay = Math.min(delay * SLOWER, LIMITS.jobPollMaxMs);
      }
    } finally {
      off();
    }
  }

  function follow(job: Job): void {
    const pair = pairOf(job);
    const { remoteId } = job;
    const key = keyOf(job);
    followed.add(key);
    const work =
      pair === undefined || remoteId === undefined
        ? jobs.settle(job.id, { state: 'unknown', reason: NO_PAIR })
        : loop(job, pair, remoteId);
    work
      .catch((error: unknown) => {
        // Somebody else has ended it.
        if (!isCountersignError(error) || error.code !== 'conflict') deps.report(error);
      })
      .finally(() => followed.delete(key));
  }

  return {
    async begun({ raw, ...answered }) {
      const pair = pairOf(answered);
      const remoteId = pair && readRemoteId(pair, raw);
      if (remoteId === undefined || life.closed) return;
      if (followed.has(keyOf({ ...answered, sessionId: answered.session.id, remoteId }))) return;
      try {
        follow(await jobs.create({ ...answered, source: 'poll', remoteId }));
      } catch (error) {
        deps.report(error);
      }
    },
    follow,
    close() {
      life.closed = true;
      for (const wake of [...wakes]) wake();
    },
  };
}
