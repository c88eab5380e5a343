import type { Statement } from '../../storage/database.ts';
import { idList } from '../../storage/id-list.ts';

/** Which of these payloads are still there. */
export function selectPayloads({ workspace, ids }: { workspace: string; ids: readonly string[] }): Statement {
  const { marks, params } = idList(ids);
  return {
    sql: `SELECT id FROM payload WHERE workspace = ? AND id IN (${marks}) ORDER BY id`,
    params: [workspace, ...params],
  };
}

/** Payloads whose time is up, the longest overdue first. */
export function selectDuePayloads({ now, limit }: { now: number; limit: number }): Statement {
  return {
    sql: 'SELECT id FROM payload WHERE erase_at <= ? ORDER BY erase_at LIMIT ?',
    params: [now, limit],
  };
}

/** Erases payloads with their salts for good; refused unless every one of them is still there. The ids are distinct. */
export function erasePayloads({ workspace, ids }: { workspace: string; ids: readonly string[] }): Statement {
  const { marks, params } = idList(ids);
  return {
    sql: `DELETE FROM payload WHERE workspace = ? AND id IN (${marks})
      AND (SELECT count(*) FROM payload WHERE workspace = ? AND id IN (${marks})) = ? RETURNING id`,
    params: [workspace, ...params, workspace, ...params, ids.length],
  };
}

/** What the entries about a subject point at, in their order; by its index on the ledger. */
export function selectSubjectEntries(range: { subject: string; after: number; limit: number }): Statement {
  return {
    sql: `SELECT seq, type, call, approval, CASE WHEN type = 'job.created' THEN entry END AS job_entry
      FROM ledger WHERE subject = ? AND seq > ? ORDER BY seq LIMIT ?`,
    params: [range.subject, range.after, range.limit],
  };
}
