import { errorText } from '../core/errors.ts';
import { type ReplayDeps, replayApproval } from './replay.ts';

/** Runs approved calls in the background; a stop waits for those under way. */
export interface ReplayRunner {
  /** Starts the replay of an approved call. Calling it twice is harmless: only one can claim it. */
  run(approvalId: string): void;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
}

export function createReplayRunner(
  deps: ReplayDeps,
  report: (fields: { approval: string; problem: string }, message: string) => void,
): ReplayRunner {
  const running = new Set<Promise<void>>();
  return {
    run(approvalId) {
      const replay = replayApproval(deps, approvalId)
        .catch((error: unknown) =>
          report({ approval: approvalId, problem: errorText(error) }, 'a replay ended early'),
        )
        .finally(() => running.delete(replay));
      running.add(replay);
    },
    async idle() {
      while (running.size > 0) await Promise.all(running);
    },
  };
}
