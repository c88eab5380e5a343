import { canonicalize } from '../core/canonical.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import { LIMITS } from '../core/limits.ts';
import type { DownstreamOutcome, FinalOutcome } from '../downstream/catalog.ts';
import { readTask, type ServerTask } from '../downstream/tasks/task.ts';

/** Sends one message about a task to its server. Never rejects. */
export type AskServer = (request: {
  server: string;
  method: string;
  paramsText: string;
  timeoutMs: number;
}) => Promise<DownstreamOutcome>;

/** How a server's task ended. A cancelled one has an unknown outcome: it may have run in part. */
export interface TaskEnd {
  readonly outcome: FinalOutcome;
  readonly cancelled: boolean;
}

/** One task of a server that is being followed. */
export interface FollowedTask {
  /** Resolves when the server is done, and to undefined when following was stopped. Never rejects. */
  readonly ended: Promise<TaskEnd | undefined>;
  /** What the server says now; as it was last known when it cannot be asked. */
  look(): Promise<ServerTask>;
  answer(inputResponses: JsonObject): Promise<void>;
  /** Asks the server to cancel, until it has heard so; whether it does shows in `ended`. */
  cancel(): Promise<void>;
  stop(): void;
}

const UNKNOWN_TASK = -32602;
/** No other error is an answer to the wish for an end: the server is told again. */
const CANNOT_CANCEL: ReadonlySet<JsonValue | undefined> = new Set([-32601, UNKNOWN_TASK]);

/** How long to leave a server alone: as it wishes, within bounds; longer with each failure to reach it. */
export function pollDelayMs(wishedMs: number | undefined, failures: number): number {
  const wished = wishedMs ?? LIMITS.taskPollIntervalMs;
  const slowed = wished * 2 ** Math.min(failures, 10);
  return Math.min(Math.max(slowed, LIMITS.taskPollMinMs), LIMITS.taskPollMaxMs);
}

function endOf(task: ServerTask): TaskEnd | undefined {
  const lacking = (what: string): TaskEnd => ({
    cancelled: false,
    outcome: {
      kind: 'unknown',
      reason: `the server says that the task is ${task.status}, but gives no ${what}`,
    },
  });
  switch (task.status) {
    case 'completed': {
      if (task.resultText === undefined) return lacking('result');
      const isError = (JSON.parse(task.resultText) as JsonObject).isError === true;
      return { cancelled: false, outcome: { kind: 'result', raw: task.resultText, isError } };
    }
    case 'failed':
      if (task.errorText === undefined) return lacking('error');
      return { cancelled: false, outcome: { kind: 'error', raw: task.errorText } };
    case 'cancelled':
      return { cancelled: true, outcome: { kind: 'unknown', reason: 'the server has cancelled the task' } };
    default:
      return undefined;
  }
}

/** What a server said to the wish for an end; undefined when it may not have heard it. */
function heardCancel(outcome: DownstreamOutcome): 'delivered' | 'refused' | undefined {
  if (outcome.kind === 'result') return 'delivered';
  const isRefused =
    outcome.kind === 'error' && CANNOT_CANCEL.has((JSON.parse(outcome.raw) as JsonObject).code);
  return isRefused ? 'refused' : undefined;
}

/** Whether a server answered that it has no such task. */
function isForgotten(outcome: DownstreamOutcome): boolean {
  return outcome.kind === 'error' && (JSON.parse(outcome.raw) as JsonObject).code === UNKNOWN_TASK;
}

/**
 * Follows one task by polling, at the pace that its server wishes. A server that cannot be reached is asked again, since
 * asking changes nothing; one that has forgotten the task leaves its outcome unknown. In the revisions before 2026-07-28
 * the result is fetched by `tasks/result`, which waits at the server.
 */
export function followTask(
  ask: AskServer,
  input: {
    server: string;
    task: ServerTask;
    /** Undefined while the server is away. */
    era: () => 'legacy' | 'modern' | undefined;
    onTold?: (task: ServerTask) => void;
    onCancelHeard?: (standing: 'delivered' | 'refused') => void;
  },
): FollowedTask {
  const { server, era } = input;
  const { taskId } = input.task;
  const ended = Promise.withResolvers<TaskEnd | undefined>();
  const state = {
    task: input.task,
    over: false,
    failures: 0,
    timer: undefined as NodeJS.Timeout | undefined,
    asking: undefined as Promise<void> | undefined,
    fetching: false,
    toCancel: false,
  };

  function send(method: string, more: JsonObject = {}, timeoutMs: number = LIMITS.taskAskTimeoutMs) {
    return ask({ server, method, paramsText: canonicalize({ ...more, taskId }), timeoutMs });
  }

  function finish(end: TaskEnd | undefined): void {
    if (state.over) return;
    state.over = true;
    clearTimeout(state.timer);
    ended.resolve(end);
  }

  function told(task: ServerTask): void {
    state.task = { ...task, taskId };
    state.failures = 0;
    input.onTold?.(state.task);
  }

  /** The answer of a 2025-11-25 server to `tasks/result` is the call's own. It may take long: nobody waits for it here. */
  function fetchResult(): void {
    if (state.fetching) return;
    state.fetching = true;
    void send('tasks/result', {}, LIMITS.taskResultTimeoutMs).then((outcome) => {
      state.fetching = false;
      if (outcome.kind === 'result' || outcome.kind === 'error') finish({ cancelled: false, outcome });
      else state.failures += 1;
    });
  }

  async function tellToCancel(): Promise<void> {
    state.toCancel = true;
    const standing = heardCancel(await send('tasks/cancel'));
    if (standing === undefined) return;
    state.toCancel = false;
    input.onCancelHeard?.(standing);
  }

  async function askNow(): Promise<void> {
    const speaks = era();
    const outcome: DownstreamOutcome =
      speaks === undefined
        ? { kind: 'not_sent', code: 'downstream_unavailable', reason: 'the server is away' }
        : await send('tasks/get');
    if (state.over) return;
    const task = outcome.kind === 'result' ? readTask(outcome.raw) : undefined;
    if (isForgotten(outcome)) {
      const reason = 'the server no longer knows the task';
      finish({ cancelled: false, outcome: { kind: 'unknown', reason } });
      return;
    }
    if (task === undefined) {
      state.failures += 1;
      return;
    }
    told(task);
    if (speaks === 'legacy' && task.status !== 'working' && task.status !== 'cancelled') fetchResult();
    else {
      const end = endOf(state.task);
      if (end !== undefined) finish(end);
    }
  }

  /** One question at a time: whoever asks meanwhile gets the same answer. */
  function askOnce(): Promise<void> {
    if (state.over) return Promise.resolve();
    clearTimeout(state.timer);
    state.asking ??= askNow().finally(() => {
      state.asking = undefined;
      schedule();
    });
    return state.asking;
  }

  /** What the server may not have heard is told again: that changes nothing where it has. */
  async function askAgain(): Promise<void> {
    if (state.toCancel && era() !== undefined) await tellToCancel();
    await askOnce();
  }

  function schedule(): void {
    if (state.over) return;
    clearTimeout(state.timer);
    state.timer = setTimeout(() => void askAgain(), pollDelayMs(state.task.pollIntervalMs, state.failures));
    state.timer.unref();
  }

  // What created the task says that it is over, but not how it ended: that has to be asked for.
  if (input.task.status === 'working') schedule();
  else void askOnce();
  return {
    ended: ended.promise,
    async look() {
      await askOnce();
      return state.task;
    },
    async answer(inputResponses) {
      await send('tasks/update', { inputResponses });
      await askOnce();
    },
    async cancel() {
      await tellToCancel();
      await askOnce();
    },
    stop: () => finish(undefined),
  };
}
