import { errorText } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { type ReplayDeps, replayApproval } from './replay.ts';
import { listApproved } from './sweep.ts';
import { keepLease } from './transitions/store.ts';

/** Runs approved calls in the background; a stop waits for those under way. */
export interface ReplayRunner {
  /** Starts the replay of an approved call. Calling it twice is harmless: only one can claim it. */
  run(approvalId: string): void;
  /** Starts whatever is approved and not under way here: after a start, and what a fault kept from starting. */
  resume(): Promise<void>;
  /**
   * Keeps the leases of those under way here, however long their servers take: nobody takes them for cut off while they
   * are followed. To be called far more often than a lease ends. Throws `ledger_unavailable`.
   */
  keep(): Promise<void>;
  /** Starts nothing more and resolves when nothing is under way. What is approved by then waits for the next start. */
  idle(): Promise<void>;
}

/** A lease is kept when this part of it has passed, so that some attempts may fail. */
const LEASE_PARTS = 4;

export function createReplayRunner(
  deps: ReplayDeps,
  report: (fields: { approval: string; problem: string }, message: string) => void,
): ReplayRunner {
  const { owner, now } = deps;
  const running = new Map<string, { readonly ended: Promise<void>; keptAt: number }>();
  const life = { stopped: false };

  function run(approvalId: string): void {
    if (life.stopped || running.has(approvalId)) return;
    const ended = replayApproval(deps, approvalId)
      .catch((error: unknown) =>
        report({ approval: approvalId, problem: errorText(error) }, 'a replay ended early'),
      )
      .finally(() => running.delete(approvalId));
    running.set(approvalId, { ended, keptAt: now() });
  }

  return {
    run,
    async resume() {
      if (life.stopped) return;
      for (const approvalId of await listApproved(deps.database)) run(approvalId);
    },
    async keep() {
      for (const [id, one] of running) {
        const at = now();
        if (at - one.keptAt < LIMITS.replayLeaseMs / LEASE_PARTS) continue;
        await deps.ledger.commit({
          guard: keepLease({ id, owner, until: at + LIMITS.replayLeaseMs }),
          entries: [],
        });
        one.keptAt = at;
      }
    },
    async idle() {
      life.stopped = true;
      while (running.size > 0) await Promise.all([...running.values()].map(({ ended }) => ended));
    },
  };
}
