import { CountersignError } from '../core/errors.ts';
import type { Reader } from '../storage/database.ts';
import type { Approval, Decision } from './approval.ts';
import {
  type ApprovalFilter,
  approvalFromRow,
  decisionFromRow,
  selectApproval,
  selectApprovals,
  selectDecisionsOf,
} from './store.ts';

/** Approvals newest first, at most `filter.limit`. */
export async function listApprovals(database: Reader, filter: ApprovalFilter): Promise<Approval[]> {
  return (await database.query(selectApprovals(filter))).map(approvalFromRow);
}

export async function findApproval(database: Reader, id: string): Promise<Approval | undefined> {
  const row = (await database.query(selectApproval(id)))[0];
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
