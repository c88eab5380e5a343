import { errorText } from '../core/errors.ts';
import { type ReplayDeps, replayApproval } from './replay.ts';
import { listApproved } from './sweep.ts';

/** Runs approved calls in the background; a stop waits for those under way. */
export interface ReplayRunner {
  /** Starts the replay of an approved call. Calling it twice is harmless: only one can claim it. */
  run(approvalId: string): void;
  /** Starts whatever is approved and not under way here: after a start, and what a fault kept from starting. */
  resume(): Promise<void>;
  /** Starts nothing more and resolves when nothing is under way. What is approved by then waits for the next start. */
  idle(): Promise<void>;
}

export function createReplayRunner(
  deps: ReplayDeps,
  report: (fields: { approval: string; problem: string }, message: string) => void,
): ReplayRunner {
  const running = new Map<string, Promise<void>>();
  const life = { stopped: false };

  function run(approvalId: string): void {
    if (life.stopped || running.has(approvalId)) return;
    const replay = replayApproval(deps, approvalId)
      .catch((error: unknown) =>
        report({ approval: approvalId, problem: errorText(error) }, 'a replay ended early'),
      )
      .finally(() => running.delete(approvalId));
    running.set(approvalId, replay);
  }

  return {
    run,
    async resume() {
      if (life.stopped) return;
      for (const approvalId of await listApproved(deps.database)) run(approvalId);
    },
    async idle() {
      life.stopped = true;
      while (running.size > 0) await Promise.all(running.values());
    },
  };
}
