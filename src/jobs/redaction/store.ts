import type { Statement } from '../../storage/database.ts';
import { idList } from '../../storage/id-list.ts';

const ERASABLE = 'ended_at IS NOT NULL AND redacted_at IS NULL';

/** How far these jobs are: `settled` and `erased` are 0 or 1. */
export function selectJobErasure(ids: readonly string[]): Statement {
  const { marks, params } = idList(ids);
  return {
    sql: `SELECT id, CASE WHEN ended_at IS NULL THEN 0 ELSE 1 END AS settled,
      CASE WHEN redacted_at IS NULL THEN 0 ELSE 1 END AS erased FROM job WHERE id IN (${marks}) ORDER BY id`,
    params,
  };
}

/** Erases result, salt, progress and the server's name for the work; refused unless each has ended and was not erased yet. */
export function eraseJobRows({ ids, at }: { ids: readonly string[]; at: number }): Statement {
  const { marks, params } = idList(ids);
  return {
    sql: `UPDATE job SET result_kind = NULL, result_sealed = NULL, result_salt = NULL, progress = NULL, remote_id = NULL,
      redacted_at = ? WHERE id IN (${marks}) AND ${ERASABLE}
      AND (SELECT count(*) FROM job WHERE id IN (${marks}) AND ${ERASABLE}) = ? RETURNING id`,
    params: [at, ...params, ...params, ids.length],
  };
}

/** Ended jobs that are kept no longer, the longest overdue first. */
export function selectDueJobs({ now, limit }: { now: number; limit: number }): Statement {
  return {
    sql: 'SELECT id FROM job WHERE keep_until IS NOT NULL AND keep_until <= ? ORDER BY keep_until LIMIT ?',
    params: [now, limit],
  };
}

/** Removes jobs whose time is up; refused unless every one of them is still there. */
export function deleteJobs(ids: readonly string[]): Statement {
  const { marks, params } = idList(ids);
  return {
    sql: `DELETE FROM job WHERE id IN (${marks}) AND (SELECT count(*) FROM job WHERE id IN (${marks})) = ? RETURNING id`,
    params: [...params, ...params, ids.length],
  };
}
