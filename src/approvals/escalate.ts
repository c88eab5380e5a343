import { approvalEntry } from './approval-entry.ts';
import { escalationsDue, nextEscalation } from './escalation.ts';
import { approvalFromRow } from './store.ts';
import type { SweepDeps } from './sweep.ts';
import { escalateApproval, selectEscalations } from './transitions/store.ts';

const BATCH = 256;

/**
 * Records the escalations that have become due for requests that still wait, each once. Who may decide depends on the
 * time alone; this makes it known. A decision or expiry that commits first wins. Returns how many requests were widened.
 */
export async function escalateDue(deps: SweepDeps): Promise<number> {
  const now = deps.now();
  const rows = await deps.database.query(selectEscalations(now, BATCH));
  const outcomes = await Promise.all(
    rows.map(async (row) => {
      const approval = approvalFromRow(row);
      const due = escalationsDue(approval, { since: Number(row.escalate_at) - 1, now });
      const next = nextEscalation(approval, now);
      const applied = await deps.ledger.commit({
        guard: escalateApproval({ id: approval.id, dueAt: Number(row.escalate_at), next, now }),
        entries: due.map(({ afterMs, groups }) =>
          approvalEntry(approval, {
            type: 'approval.escalated',
            body: { after_ms: afterMs, groups: [...groups] },
          }),
        ),
      });
      if (applied.kind === 'applied') deps.onChanged(approval.id);
      return applied.kind === 'applied';
    }),
  );
  return outcomes.filter(Boolean).length;
}
