import { CountersignError } from '../core/errors.ts';
import type { Reader } from '../storage/database.ts';
import type { Approval, Decision } from './approval.ts';
import {
  type ApprovalFilter,
  approvalFromRow,
  decisionFromRow,
  selectApproval,
  selectApprovals,
  selectApprovedBefore,
  selectDecisionsOf,
  selectPendingCount,
} from './store.ts';

/** Approvals in the order that the filter asks for, at most `filter.limit`. */
export async function listApprovals(database: Reader, filter: ApprovalFilter): Promise<Approval[]> {
  return (await database.query(selectApprovals(filter))).map(approvalFromRow);
}

/** How many approvals wait for a decision. */
export async function countPending(database: Reader, workspace: string): Promise<number> {
  const [row] = await database.query(selectPendingCount(workspace));
  return Number(row?.pending ?? 0);
}

export async function findApproval(database: Reader, id: string): Promise<Approval | undefined> {
  const row = (await database.query(selectApproval(id)))[0];
  return row === undefined ? undefined : approvalFromRow(row);
}

/** What was last approved of the same tool or action and for the same subject, before this one was requested. */
export async function findApprovedBefore(
  database: Reader,
  approval: Approval,
): Promise<Approval | undefined> {
  const row = (await database.query(selectApprovedBefore(approval)))[0];
  return row === undefined ? undefined : approvalFromRow(row);
}

/** Throws `not_found`, also for an approval of another workspace. */
export async function getApproval(
  { database, workspace }: { database: Reader; workspace: string },
  id: string,
): Promise<Approval> {
  const approval = await findApproval(database, id);
  if (approval?.workspace !== workspace)
    throw new CountersignError('not_found', `There is no approval ${id}. List approvals to see which exist.`);
  return approval;
}

/** The decisions made so far about each of these approvals, oldest first; one query for all. */
export async function listDecisionsOf(
  database: Reader,
  approvalIds: readonly string[],
): Promise<Map<string, Decision[]>> {
  const byApproval = new Map<string, Decision[]>();
  if (approvalIds.length === 0) return byApproval;
  for (const row of await database.query(selectDecisionsOf(approvalIds))) {
    const id = String(row.approval_id);
    byApproval.set(id, [...(byApproval.get(id) ?? []), decisionFromRow(row)]);
  }
  return byApproval;
}

/** The decisions made so far, oldest first. */
export async function listDecisions(database: Reader, approvalId: string): Promise<Decision[]> {
  return (await database.query(selectDecisionsOf([approvalId]))).map(decisionFromRow);
}
