import type { Reader } from '../../storage/database.ts';

/** The thumbprints of all keys that the ledger knows: those in force and those that were retired. */
export async function keysOnLedger(
  database: Reader,
): Promise<{ readonly live: ReadonlySet<string>; readonly retired: ReadonlySet<string> }> {
  const rows = await database.query({
    sql: `SELECT type, entry FROM ledger WHERE type IN ('capability_key.created', 'capability_key.retired') ORDER BY seq`,
    params: [],
  });
  const live = new Set<string>();
  const retired = new Set<string>();
  for (const row of rows) {
    const { body } = JSON.parse(String(row.entry)) as { body: { kid: string } };
    if (row.type === 'capability_key.created') live.add(body.kid);
    else {
      live.delete(body.kid);
      retired.add(body.kid);
    }
  }
  return { live, retired };
}
