import { errorText } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { Job } from '../jobs/job.ts';
import type { EndedJob, Jobs, NewJob } from '../jobs/ports.ts';
import type { ClientAnswer, GateCall, GateOutcome } from './call.ts';
import { endedCall } from './ended-job.ts';

export interface DetachDeps {
  /** The path of a call, as ever. */
  readonly callTool: (call: GateCall) => Promise<GateOutcome>;
  readonly jobs: Jobs;
  /** How long a caller waits for its call before it is given a job. */
  readonly detachAfterMs: number;
  readonly report: (error: unknown) => void;
}

/** Calls of callers that can be given a job: what takes too long goes on without them. */
export interface Detacher {
  /**
   * Makes the call. After `detachAfterMs`, and once the call was sent, the outcome is a job, durable and still working; the
   * call itself goes on, no longer ended by the caller's signal, and its outcome settles the job. No caller is let go
   * while it is being asked something. A call that ends
   * sooner, or that cannot be written down as a job, ends as every other; with `always`, whatever was sent is a job.
   */
  call(call: GateCall, how?: { readonly always: boolean }): Promise<GateOutcome>;
  /** Cancels what goes on for a session. */
  endSession(sessionId: string): void;
  /** Resolves when nothing goes on. */
  idle(): Promise<void>;
}

type Unmade = Omit<NewJob, 'source' | 'remoteId'>;

/** How long a caller waits. The time stands still while it is asked something, and begins anew with its answer. */
function createPatience(ms: number) {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const begin = (): NodeJS.Timeout => setTimeout(() => resolve(undefined), ms);
  const state = { asked: 0, timer: begin() };
  return {
    over: promise,
    async during<Answer>(answer: Promise<Answer>): Promise<Answer> {
      state.asked += 1;
      clearTimeout(state.timer);
      try {
        return await answer;
      } finally {
        state.asked -= 1;
        if (state.asked === 0) state.timer = begin();
      }
    },
    end(): void {
      state.asked += 1;
      clearTimeout(state.timer);
    },
  };
}

const LEFT: ClientAnswer = { none: 'The client was given a task meanwhile and cannot be asked any more.' };

/** A caller that asked for a job waits no longer than a server needs to answer with a task of its own. */
const ASKED_FOR_MS = 1_000;

export function createDetacher(deps: DetachDeps): Detacher {
  const { callTool, jobs, detachAfterMs, report } = deps;
  const going = new Map<string, { sessionId: string; cancel: () => void; done: Promise<void> }>();

  function goOn(job: Job, call: GateCall, running: Promise<GateOutcome>, cancel: () => void): void {
    let wasCancelled = false;
    const stopListening = jobs.onCancel(job.id, () => {
      wasCancelled = true;
      cancel();
    });
    const done = running
      .then(
        (outcome) => endedCall(outcome, { cancelled: wasCancelled }),
        (error: unknown): EndedJob => ({ state: 'unknown', reason: `It broke off: ${errorText(error)}` }),
      )
      .then((end) => jobs.settle(job.id, end))
      .then(() => undefined, report)
      .finally(() => {
        stopListening();
        going.delete(job.id);
      });
    going.set(job.id, { sessionId: call.session.id, cancel, done });
  }

  return {
    async call(call, { always } = { always: false }) {
      const own = new AbortController();
      const abort = (): void => own.abort();
      if (call.signal?.aborted === true) abort();
      call.signal?.addEventListener('abort', abort, { once: true });
      const letGo = (): void => call.signal?.removeEventListener('abort', abort);
      const state = {
        sent: undefined as Unmade | undefined,
        claimed: false,
        job: undefined as Job | undefined,
        told: undefined as JsonObject | undefined,
      };

      const sending = Promise.withResolvers<undefined>();
      const patience = createPatience(always ? Math.min(ASKED_FOR_MS, detachAfterMs) : detachAfterMs);
      const { client } = call;

      const running = callTool({
        ...call,
        signal: own.signal,
        client: client && {
          ...client,
          ask: async (request, signal) =>
            state.job === undefined ? patience.during(client.ask(request, signal)) : LEFT,
        },
        onProgress: (told: JsonObject) => {
          state.told = told;
          if (state.job === undefined) call.onProgress?.(told);
          else jobs.progressed(state.job.id, told);
        },
        longWork: {
          sent(job) {
            state.sent = job;
            sending.resolve(undefined);
          },
          claim() {
            const isFree = !state.claimed;
            state.claimed = true;
            return isFree;
          },
        },
      });
      let first = await Promise.race([running, patience.over]).finally(patience.end);
      // What was not sent can be no job; whoever has waited long enough is let go as soon as it is.
      if (first === undefined && state.sent === undefined)
        first = await Promise.race([running, sending.promise]);
      const isOver = first !== undefined && (!always || first.kind === 'job' || first.kind === 'held');
      if (isOver || state.sent === undefined || (first === undefined && state.claimed)) {
        return running.finally(letGo);
      }
      state.claimed = true;
      try {
        state.job = await jobs.create({ ...state.sent, source: 'call' });
      } catch (error) {
        // What cannot be written down is not handed over: the caller waits, as it would have without jobs.
        report(error);
        return running.finally(letGo);
      }
      if (state.told !== undefined) jobs.progressed(state.job.id, state.told);
      letGo();
      goOn(state.job, call, running, abort);
      return { kind: 'job', job: state.job };
    },

    endSession(sessionId) {
      for (const one of going.values()) if (one.sessionId === sessionId) one.cancel();
    },

    async idle() {
      await Promise.all([...going.values()].map(({ done }) => done));
    },
  };
}
