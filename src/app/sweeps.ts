import { escalateDue } from '../approvals/escalate.ts';
import type { ReplayRunner } from '../approvals/runner.ts';
import { expireOverdue, reapOrphans } from '../approvals/sweep.ts';
import type { CapabilityKeys } from '../capabilities/keys/open-keys.ts';
import type { Tracker } from '../jobs/track.ts';
import type { SessionDirectory } from '../sessions/directory.ts';
import { endSessionsOfRemoved } from '../sessions/oauth/end-removed.ts';
import type { State } from './open-state.ts';
import type { Redactions } from './wire-redaction.ts';

const SWEEP_MS = 500;

/**
 * Settles what a crash left under way, then keeps looking for what has run out, for what was approved but not taken up,
 * and for what policy no longer keeps. Returns how to stop. One sweep at a time: a slow database does not pile them up.
 */
export async function startSweeps(
  state: State,
  input: {
    sessions: SessionDirectory;
    replays: Pick<ReplayRunner, 'keep' | 'resume'>;
    redactions: Pick<Redactions, 'eraseDue'>;
    capabilityKeys: Pick<CapabilityKeys, 'retireDue'>;
    jobs: Pick<Tracker, 'flush'>;
    onChanged: (approvalId: string) => void;
  },
): Promise<() => void> {
  const deps = { database: state.database, ledger: state.ledger, now: state.now, onChanged: input.onChanged };
  await reapOrphans(deps, { all: true });
  await endSessionsOfRemoved({ ...deps, workspace: state.workspace, sessions: input.sessions });
  let busy = false;
  const timer = setInterval(() => {
    input.sessions.sweep();
    if (busy) return;
    busy = true;
    const { sessions, replays, redactions, capabilityKeys, jobs } = input;
    Promise.all([
      escalateDue(deps),
      expireOverdue(deps),
      // Nothing is taken for cut off before the leases of what is followed here are kept.
      replays.keep().then(() => reapOrphans(deps, { all: false })),
      sessions.flush(),
      replays.resume(),
      redactions.eraseDue(),
      capabilityKeys.retireDue(),
      jobs.flush(),
    ])
      .catch((err: unknown) => state.log.error({ err }, 'a sweep failed; it is tried again'))
      .finally(() => {
        busy = false;
      });
  }, SWEEP_MS);
  return () => clearInterval(timer);
}
