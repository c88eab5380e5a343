import type { Statement } from '../../storage/database.ts';

/**
 * The right to carry an approved action out, for its holder alone: only from `approved`, only unexpired, only while
 * `condition` holds. One row or refused, so that of any number of takers one succeeds.
 */
export function claimAction(claim: {
  id: string;
  holder: string;
  until: number;
  now: number;
  /** An `EXISTS (…)` term: its capability is unspent. */
  condition: Statement;
}): Statement {
  return {
    sql: `UPDATE approval SET state = 'executing', rev = rev + 1, attempt = attempt + 1, lease_owner = ?, lease_until = ?
      WHERE id = ? AND kind = 'action' AND requester = ? AND state = 'approved' AND expires_at > ?
      AND ${claim.condition.sql}
      RETURNING attempt`,
    params: [claim.holder, claim.until, claim.id, claim.holder, claim.now, ...claim.condition.params],
  };
}
