import type { ReplayRunner } from '../approvals/runner.ts';
import { expireOverdue, reapOrphans } from '../approvals/sweep.ts';
import type { SessionDirectory } from '../sessions/directory.ts';
import type { State } from './open-state.ts';

const SWEEP_MS = 500;

/**
 * Settles what a crash left under way, then keeps looking for what has run out and for what was approved
 * but not taken up. Returns how to stop. One sweep at a
 * time: a slow database does not pile them up.
 */
export async function startSweeps(
  state: State,
  input: {
    sessions: SessionDirectory;
    replays: Pick<ReplayRunner, 'resume'>;
    onChanged: (approvalId: string) => void;
  },
): Promise<() => void> {
  const deps = { database: state.database, ledger: state.ledger, now: state.now, onChanged: input.onChanged };
  await reapOrphans(deps, { all: true });
  let busy = false;
  const timer = setInterval(() => {
    input.sessions.sweep();
    if (busy) return;
    busy = true;
    const { sessions, replays } = input;
    Promise.all([expireOverdue(deps), reapOrphans(deps, { all: false }), sessions.flush(), replays.resume()])
      .catch((err: unknown) => state.log.error({ err }, 'a sweep failed; it is tried again'))
      .finally(() => {
        busy = false;
      });
  }, SWEEP_MS);
  return () => clearInterval(timer);
}
