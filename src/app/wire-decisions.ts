import type { Approval } from '../approvals/approval.ts';
import type { DecideDeps } from '../approvals/decide.ts';
import { findMaker } from '../principals/makers/find-maker.ts';
import type { State } from './open-state.ts';
import type { AppEvent } from './options.ts';
import { releaseOn } from './release.ts';

/** Gives decisions their collaborators: what approving releases, and whom to tell. */
export function wireDecisions(
  state: State,
  told: { onDecided: (approval: Approval) => void; emit: (event: AppEvent) => void },
): DecideDeps {
  const { database, ledger, now, newId, random, signer, log, workspace } = state;
  return {
    database,
    workspace,
    ledger,
    now,
    newId,
    random,
    log: signer.name,
    makerOf: ({ requester }) => findMaker(state, requester),
    release: releaseOn('decision', newId),
    onDecided: (approval) => {
      const { id, call } = approval;
      state.observed.tracing?.decided({ approval: id, tool: call.tool, state: approval.state });
      told.onDecided(approval);
    },
    onBreakGlass: (use) => {
      log.warn(use, 'somebody broke the glass to approve a call');
      told.emit({ event: 'break_glass.invoked', ...use });
    },
  };
}
