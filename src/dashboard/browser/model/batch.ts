import type { Approval } from '../../../sdk/approval.ts';
import type { InboxRow } from './inbox.ts';

/** More at once than anybody can read; the gateway takes no more either. */
export const BATCH_MOST = 50;

/** Whether a call can be picked at all. */
export const canPick = ({ approval, gone }: InboxRow): boolean => !gone && approval.risk !== 'critical';

/** What is picked once these were toggled: all of them that can be, up to the most; or none, where one was picked. */
export function togglePicked(picked: ReadonlySet<string>, rows: readonly InboxRow[]): ReadonlySet<string> {
  const ids = rows.filter(canPick).map((row) => row.approval.id);
  const next = new Set(picked);
  if (ids.some((id) => next.has(id))) for (const id of ids) next.delete(id);
  else for (const id of ids) if (next.size < BATCH_MOST) next.add(id);
  return next;
}

/** Why these calls cannot be decided together, or undefined. */
export function batchHindrance(picked: readonly Approval[]): string | undefined {
  const [first] = picked;
  if (first === undefined) return 'Pick calls first.';
  if (picked.length > BATCH_MOST) return `At most ${BATCH_MOST} calls can be decided together.`;
  if (picked.some((one) => one.risk === 'critical')) return 'A critical call is decided by itself.';
  const sort = ({ kind, server, action, tool, rule }: Approval) =>
    JSON.stringify([kind, action?.resource ?? server, tool, rule?.id, rule?.file, rule?.line]);
  if (picked.some((one) => sort(one) !== sort(first)))
    return 'Only calls of one tool that one rule holds can be decided together.';
  return undefined;
}
