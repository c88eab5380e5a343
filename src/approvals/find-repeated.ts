import type { Clock } from '../core/clock.ts';
import { CountersignError } from '../core/errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Reader } from '../storage/database.ts';
import { type Approval, stateAt } from './approval.ts';
import { approvalEntry } from './approval-entry.ts';
import { approvalFromRow, selectByDedupe } from './store.ts';
import { expireApproval } from './transitions/store.ts';

/**
 * The approval that this very request already has, settled or not, or undefined. One that has run out is recorded as
 * expired first, so that a repeated request is asked about anew. Throws `idempotency_mismatch` when the key stands for
 * something else.
 */
export async function findRepeated(
  deps: { database: Reader; ledger: Ledger; now: Clock },
  request: { requester: string; dedupeKey: string; digest: string },
): Promise<Approval | undefined> {
  const row = (await deps.database.query(selectByDedupe(request.requester, request.dedupeKey)))[0];
  if (row === undefined) return undefined;
  const approval = approvalFromRow(row);
  if (approval.call.digest !== request.digest) {
    const what = approval.call.kind === 'action' ? 'another action' : 'a call with other arguments';
    throw new CountersignError(
      'idempotency_mismatch',
      `This idempotency key belongs to ${approval.id}, ${what}. Use a new key for a new request.`,
    );
  }
  const now = deps.now();
  if (stateAt(approval, now) !== 'expired') return approval;
  await deps.ledger.commit({
    guard: expireApproval(approval.id, now),
    entries: [approvalEntry(approval, { type: 'approval.expired', body: {} })],
  });
  return undefined;
}
