import { LIMITS } from '../core/limits.ts';
import type { Timers } from './link.ts';

/** The time limit of one call. */
export interface Deadline {
  /** The server has shown life: the limit begins anew, up to a bound. */
  progressed(): void;
  /**
   * The limit does not run until the returned function is called; with several of them, until all were. In all it
   * stands still for `LIMITS.downstreamAskedMs` at most.
   */
  standStill(): () => void;
  stop(): void;
  /** How long the call has taken, whether or not the limit ran. */
  elapsedMs(): number;
}

/** Runs `expire` once `timeoutMs` have passed without progress, or `downstreamProgressFactor` times that with it. */
export function createDeadline(input: { timers: Timers; timeoutMs: number; expire: () => void }): Deadline {
  const { timers, timeoutMs, expire } = input;
  const start = timers.now();
  const bound = start + timeoutMs * LIMITS.downstreamProgressFactor;
  const state = {
    dueAt: start + timeoutMs,
    holds: 0,
    stillSince: undefined as number | undefined,
    stoodMs: 0,
    stopped: false,
    timer: timers.after(timeoutMs, expire),
  };

  /** The time that counts: it stands still with the limit. */
  function counted(): number {
    return (state.stillSince ?? timers.now()) - state.stoodMs;
  }

  function arm(ms: number, run: () => void): void {
    state.timer.cancel();
    state.timer = timers.after(Math.max(0, ms), run);
  }

  function run(): void {
    if (state.stillSince === undefined || state.stopped) return;
    state.stoodMs += timers.now() - state.stillSince;
    state.stillSince = undefined;
    arm(state.dueAt - counted(), expire);
  }

  return {
    progressed() {
      if (state.stopped) return;
      state.dueAt = Math.min(counted() + timeoutMs, bound);
      if (state.stillSince === undefined) arm(state.dueAt - counted(), expire);
    },
    standStill() {
      const leftMs = LIMITS.downstreamAskedMs - state.stoodMs;
      if (state.holds++ === 0 && leftMs > 0 && !state.stopped) {
        state.stillSince = timers.now();
        arm(leftMs, run);
      }
      const hold = { open: true };
      return () => {
        if (!hold.open) return;
        hold.open = false;
        if (--state.holds === 0) run();
      };
    },
    stop() {
      state.stopped = true;
      state.timer.cancel();
    },
    elapsedMs: () => timers.now() - start,
  };
}
