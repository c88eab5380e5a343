import type { NewId } from '../../core/ids.ts';
import type { JsonObject } from '../../core/json.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Utterance } from '../../downstream/catalog.ts';
import type { CallClient, ClientAnswer, GateOutcome } from '../../gate/call.ts';

/** One request of a client that stands for a call while it is open. */
export interface Attendance {
  readonly session: { readonly id: string };
  readonly capabilities: JsonObject;
  readonly logLevel?: string | undefined;
  readonly onProgress?: ((progress: JsonObject) => void) | undefined;
  readonly tell?: ((notification: Utterance) => void) | undefined;
  /** Aborted when the client closes the response: that cancels the call (2026-07-28, Cancellation). */
  readonly signal?: AbortSignal | undefined;
}

export type Attended =
  | { readonly kind: 'outcome'; readonly outcome: GateOutcome }
  /** Its server waits for these answers; the client is to come back with them, and with id and round. */
  | {
      readonly kind: 'asked';
      readonly id: string;
      readonly round: number;
      readonly questions: Readonly<Record<string, Utterance>>;
    };

/**
 * Calls whose servers ask while they answer (before 2026-07-28), for clients that are asked by being sent back: the call
 * stays open at its server while its client is away.
 */
export interface Parking {
  /** Makes a call. Rejects as `run` does. */
  begin(
    request: Attendance,
    run: (way: Pick<Attendance, 'onProgress' | 'signal'> & { client: CallClient }) => Promise<GateOutcome>,
  ): Promise<Attended>;
  /** Goes on with a call; undefined when it is not there, or when this round was answered before. */
  resume(
    request: Attendance,
    back: { id: string; round: number; responses: JsonObject },
  ): Promise<Attended> | undefined;
  /** Cancels those of one session, also where the client did not come back in time. */
  endSession(sessionId: string): void;
  /** Cancels every call that waits for its client, or did until it was too late; resolves when their outcomes are recorded. */
  close(): Promise<void>;
}

interface Question {
  readonly request: Utterance;
  readonly settle: (answer: ClientAnswer) => void;
}

interface Call {
  readonly id: string;
  readonly sessionId: string;
  readonly controller: AbortController;
  readonly open: Map<string, Question>;
  attended: Attendance | undefined;
  readonly outcome: Promise<GateOutcome>;
  asked: number;
  round: number;
  isAbandoned: boolean;
  wake: PromiseWithResolvers<'asked'>;
  timer: NodeJS.Timeout | undefined;
}

const NOBODY: ClientAnswer = { none: 'Nobody answered.' };

export function createParking(deps: { newId: NewId; report: (error: unknown) => void }): Parking {
  const calls = new Map<string, Call>();
  /** Calls that nobody can come back to, and that go on at their servers. */
  const leftBehind = new Set<Call>();
  const state = { isClosed: false };

  /** The client has its outcome, or does not come back: nothing that is asked, now or later, is answered any more. */
  function abandon(call: Call): void {
    clearTimeout(call.timer);
    calls.delete(call.id);
    call.isAbandoned = true;
    for (const { settle } of [...call.open.values()]) settle(NOBODY);
  }

  /** The client did not come back: its call goes on, but not beyond the end of its session. */
  function leaveBehind(call: Call): void {
    const forget = (): unknown => leftBehind.delete(call);
    leftBehind.add(call);
    call.outcome.then(forget, forget);
    abandon(call);
  }

  function end(call: Call): void {
    abandon(call);
    call.controller.abort();
  }

  function hasRoom(call: Call): boolean {
    if (calls.has(call.id)) return true;
    const own = [...calls.values()].filter(({ sessionId }) => sessionId === call.sessionId);
    return own.length < LIMITS.parkedCallsPerSession;
  }

  function ask(call: Call, request: Utterance, signal: AbortSignal): Promise<ClientAnswer> {
    const isGone = call.isAbandoned || state.isClosed;
    if (isGone || signal.aborted || !hasRoom(call)) return Promise.resolve(NOBODY);
    calls.set(call.id, call);
    call.asked += 1;
    const key = `input-${call.asked}`;
    return new Promise((resolve) => {
      const giveUp = (): void => settle(NOBODY);
      const settle = (answer: ClientAnswer): void => {
        call.open.delete(key);
        signal.removeEventListener('abort', giveUp);
        resolve(answer);
      };
      signal.addEventListener('abort', giveUp, { once: true });
      call.open.set(key, { request, settle });
      call.wake.resolve('asked');
    });
  }

  function sendBack(call: Call): Attended {
    call.round += 1;
    call.timer = setTimeout(() => leaveBehind(call), LIMITS.parkedCallMs);
    call.timer.unref();
    const questions = Object.fromEntries([...call.open].map(([key, { request }]) => [key, request]));
    return { kind: 'asked', id: call.id, round: call.round, questions };
  }

  async function attend(call: Call, request: Attendance): Promise<Attended> {
    const { signal } = request;
    const cancel = (): void => call.controller.abort();
    call.attended = request;
    clearTimeout(call.timer);
    signal?.addEventListener('abort', cancel, { once: true });
    if (signal?.aborted) cancel();
    try {
      for (;;) {
        const next = await Promise.race([call.outcome, call.wake.promise]);
        if (next !== 'asked') {
          abandon(call);
          return { kind: 'outcome', outcome: next };
        }
        // What is asked in the same breath is one round.
        await new Promise(setImmediate);
        if (call.open.size > 0 && !signal?.aborted) return sendBack(call);
        call.wake = Promise.withResolvers();
      }
    } catch (error) {
      abandon(call);
      throw error;
    } finally {
      signal?.removeEventListener('abort', cancel);
      call.attended = undefined;
    }
  }

  return {
    begin(request, run) {
      const { capabilities, logLevel, onProgress } = request;
      const controller = new AbortController();
      const client: CallClient = {
        key: request.session.id,
        capabilities,
        logLevel,
        ask: (asked, signal) => ask(call, asked, signal),
        tell: (notification) => call.attended?.tell?.(notification),
      };
      const way = {
        client,
        signal: controller.signal,
        onProgress: onProgress && ((progress: JsonObject) => call.attended?.onProgress?.(progress)),
      };
      const call: Call = {
        id: deps.newId('ask'),
        sessionId: request.session.id,
        controller,
        open: new Map(),
        attended: undefined,
        // Not before there is a call to ask for.
        outcome: Promise.resolve().then(() => run(way)),
        asked: 0,
        round: 0,
        isAbandoned: false,
        wake: Promise.withResolvers(),
        timer: undefined,
      };
      call.outcome.catch((error: unknown) => {
        if (call.attended === undefined) deps.report(error);
      });
      return attend(call, request);
    },

    resume(request, { id, round, responses }) {
      const call = calls.get(id);
      const isHere = call?.sessionId === request.session.id && call.round === round;
      if (call === undefined || !isHere || call.attended !== undefined) return undefined;
      call.wake = Promise.withResolvers();
      for (const [key, { settle }] of [...call.open]) {
        const result = responses[key];
        if (typeof result === 'object' && result !== null && !Array.isArray(result)) settle({ result });
      }
      if (call.open.size > 0) call.wake.resolve('asked');
      return attend(call, request);
    },

    endSession(sessionId) {
      for (const call of [...calls.values(), ...leftBehind]) if (call.sessionId === sessionId) end(call);
    },

    async close() {
      state.isClosed = true;
      const waiting = [...calls.values(), ...leftBehind];
      for (const call of waiting) end(call);
      await Promise.allSettled(waiting.map(({ outcome }) => outcome));
    },
  };
}
