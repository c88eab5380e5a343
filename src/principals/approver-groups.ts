import type { PrincipalDeps } from './deps.ts';
import { findPerson } from './people/people.ts';
import { listServiceAccounts } from './service-accounts.ts';

/** The groups of `person:…` or `service_account:…` while it is enrolled; undefined when it no longer is. */
export async function approverGroups(
  deps: PrincipalDeps,
  approver: string,
): Promise<readonly string[] | undefined> {
  const [kind, id] = approver.split(':');
  if (id === undefined) return undefined;
  if (kind === 'person') {
    const person = await findPerson(deps, id);
    return person === undefined || person.removedAt !== undefined ? undefined : person.groups;
  }
  return (await listServiceAccounts(deps)).find((account) => account.id === id)?.groups;
}
