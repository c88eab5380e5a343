import { eraseDueApprovals, eraseSettled } from '../approvals/redaction/erase.ts';
import { eraseDueJobs, eraseEndedJobs } from '../jobs/redaction/erase.ts';
import { eraseDueSidecars, redactedEntry } from '../ledger/redact/erase.ts';
import type { RedactDeps } from '../ledger/redact/redact.ts';
import type { State } from './open-state.ts';

export interface Redactions {
  readonly deps: RedactDeps;
  /** Erases one bounded batch of what retention has ended for. */
  eraseDue(): Promise<void>;
}

/** Lets the ledger erase what approvals and jobs keep, and policy's retention end by itself. */
export function wireRedaction(state: State, onChanged: (approvalId: string) => void): Redactions {
  const { database, ledger, now, workspace } = state;
  const approvals = { database, ledger, now, redactedEntry, onChanged };
  const deps: RedactDeps = {
    database,
    ledger,
    workspace,
    eraseApprovals: (ids, erasure) => eraseSettled(approvals, ids, erasure),
    eraseJobs: (ids, erasure) => eraseEndedJobs(approvals, ids, erasure),
  };
  return {
    deps,
    async eraseDue() {
      await eraseDueSidecars(deps, now());
      await eraseDueApprovals(approvals);
      await eraseDueJobs(approvals);
    },
  };
}
