import type { Row, Statement } from '../../storage/database.ts';
import type { CancelStanding, Job } from '../job.ts';

/** Marks that somebody wants it to end; the first who does is kept. Without `by` it is the gateway itself. */
export function requestJobCancel(request: { id: string; by: string | undefined; at: number }): Statement {
  return {
    sql: `UPDATE job SET cancel_requested_at = ?, cancel_requested_by = ?, updated_at = ?
      WHERE id = ? AND ended_at IS NULL AND cancel_requested_at IS NULL RETURNING id`,
    params: [request.at, request.by ?? null, request.at, request.id],
  };
}

/** Notes what its server said to the wish. */
export function noteCancel(heard: { id: string; standing: CancelStanding; at: number }): Statement {
  return {
    sql: `UPDATE job SET cancel_standing = ?, updated_at = ?
      WHERE id = ? AND ended_at IS NULL AND cancel_requested_at IS NOT NULL RETURNING id`,
    params: [heard.standing, heard.at, heard.id],
  };
}

/** What is known of the wish in a row of a job. A call has nobody who answers to it: it ends, or it has run. */
export function standingOf({
  source,
  cancel_requested_at: at,
  cancel_standing: standing,
}: Row): Job['cancelStanding'] {
  if (at == null || (source !== 'task' && source !== 'poll')) return undefined;
  return standing == null ? 'undelivered' : (standing as CancelStanding);
}
