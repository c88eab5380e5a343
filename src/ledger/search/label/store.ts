import type { Reader, Statement } from '../../../storage/database.ts';

/** Lets a session be found by a label, as `name=value`. */
export function insertLabel({ label, session }: { label: string; session: string }): Statement {
  return {
    sql: 'INSERT INTO ledger_label (label, session) VALUES (?, ?) ON CONFLICT (label, session) DO NOTHING',
    params: [label, session],
  };
}

/** True when the session began with the label. */
export async function hasLabel(
  database: Reader,
  { label, session }: { label: string; session: string },
): Promise<boolean> {
  const rows = await database.query({
    sql: 'SELECT session FROM ledger_label WHERE label = ? AND session = ?',
    params: [label, session],
  });
  return rows.length > 0;
}
