import type { Clock } from '../core/clock.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Reader, Row } from '../storage/database.ts';
import { approvalEntry, type EntrySubject } from './approval-entry.ts';
import {
  expireApproval,
  selectApproved,
  selectExpired,
  selectOrphans,
  settleApproval,
} from './transitions/store.ts';

export interface SweepDeps {
  readonly database: Reader;
  readonly ledger: Ledger;
  readonly now: Clock;
  readonly onChanged: (approvalId: string) => void;
}

const BATCH = 256;

function subjectOf(row: Row): EntrySubject {
  return {
    id: String(row.id),
    sessionId: row.session_id == null ? undefined : String(row.session_id),
    subject: String(row.subject),
    call: {
      kind: row.kind === 'action' ? 'action' : 'tool',
      server: String(row.server),
      tool: String(row.tool),
    },
  };
}

/** Records as expired what has run out. A decision that commits first wins; this then changes nothing. */
export async function expireOverdue(deps: SweepDeps): Promise<number> {
  const now = deps.now();
  const overdue = await deps.database.query(selectExpired(now, BATCH));
  const outcomes = await Promise.all(
    overdue.map(async (row) => {
      const applied = await deps.ledger.commit({
        guard: expireApproval(String(row.id), now),
        entries: [approvalEntry(subjectOf(row), { type: 'approval.expired', body: {} })],
      });
      if (applied.kind === 'applied') deps.onChanged(String(row.id));
      return applied.kind === 'applied';
    }),
  );
  return outcomes.filter(Boolean).length;
}

const CUT_OFF = {
  tool: 'The gateway stopped while this call was under way. It was sent or not; nothing is retried.',
  action: 'The requester never said what happened.',
} as const;

/**
 * Turns what was begun and never reported into `unknown`: it happened or not, nobody can tell, so nobody retries. At the
 * start of the only process the lease of every dispatch is dead, whatever its time: `all` is for that moment alone. An
 * action's lease ends only by time.
 */
export async function reapOrphans(deps: SweepDeps, options: { all: boolean }): Promise<number> {
  const now = deps.now();
  const dispatchesUntil = options.all ? Number.MAX_SAFE_INTEGER : now;
  const orphans = await deps.database.query(selectOrphans({ now, dispatchesUntil }));
  for (const row of orphans) {
    const reason = CUT_OFF[row.kind === 'action' ? 'action' : 'tool'];
    const applied = await deps.ledger.commit({
      guard: settleApproval({
        id: String(row.id),
        owner: String(row.lease_owner),
        attempt: Number(row.attempt),
        state: 'unknown',
        result: { kind: 'note', text: reason },
        reason,
        at: deps.now(),
      }),
      entries: [
        approvalEntry(subjectOf(row), {
          type: 'approval.outcome',
          body: { state: 'unknown', attempt: Number(row.attempt), reason: 'lease ended' },
        }),
      ],
    });
    if (applied.kind === 'applied') deps.onChanged(String(row.id));
  }
  return orphans.length;
}

/** Calls that were approved but not yet claimed, oldest first: what a restart must carry on with. */
export async function listApproved(database: Reader): Promise<string[]> {
  return (await database.query(selectApproved())).map((row) => String(row.id));
}
