import type { PrincipalDeps } from '../deps.ts';
import { type Maker, makerAmong } from './maker.ts';
import { selectChain } from './store.ts';

/** The maker of `session:…`, `api_key:…` or `service_account:…`, by the rows as they are, whatever was revoked since. */
export async function findMaker(
  deps: Pick<PrincipalDeps, 'database' | 'workspace'>,
  ref: string,
): Promise<Maker> {
  const rows = await deps.database.query(selectChain({ ref, workspace: deps.workspace }));
  return makerAmong(rows.map((row) => String(row.ref)));
}
