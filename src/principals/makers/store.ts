import type { Statement } from '../../storage/database.ts';

/**
 * A reference with all from whom it comes: who minted a session, who made an API key, who registered a service account.
 * None of this ever changes, and none of these rows is ever deleted. A circle ends where it began.
 */
export function selectChain(from: { ref: string; workspace: string }): Statement {
  const { ref, workspace } = from;
  return {
    sql: `WITH RECURSIVE chain (ref) AS (
            SELECT ? AS ref
            UNION
            SELECT COALESCE(session.minted_by, api_key.created_by, service_account.created_by)
            FROM chain
            LEFT JOIN session ON chain.ref LIKE 'session:%'
              AND session.id = substr(chain.ref, 9) AND session.workspace = ?
            LEFT JOIN api_key ON chain.ref LIKE 'api_key:%'
              AND api_key.id = substr(chain.ref, 9) AND api_key.workspace = ?
            LEFT JOIN service_account ON chain.ref LIKE 'service_account:%'
              AND service_account.id = substr(chain.ref, 17) AND service_account.workspace = ?
            WHERE COALESCE(session.minted_by, api_key.created_by, service_account.created_by) IS NOT NULL)
          SELECT ref FROM chain`,
    params: [ref, workspace, workspace, workspace],
  };
}
