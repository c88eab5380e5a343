import type { PrincipalDeps } from './deps.ts';
import { findPerson } from './people/people.ts';
import { liveServiceAccount } from './store.ts';

/** What decides whether somebody may decide. */
export interface ApproverFacts {
  readonly groups: readonly string[];
  /** The subject of the sessions whose agents act for this person. */
  readonly subject?: string;
}

type FactsDeps = Pick<PrincipalDeps, 'database' | 'workspace'>;

/** The facts of `person:…` or `service_account:…` while it is enrolled; undefined when it no longer is. */
export async function approverFacts(deps: FactsDeps, approver: string): Promise<ApproverFacts | undefined> {
  const [kind, id] = approver.split(':');
  if (id === undefined) return undefined;
  if (kind === 'person') {
    const person = await findPerson(deps, id);
    if (person === undefined || person.removedAt !== undefined) return undefined;
    const { groups, subject } = person;
    return { groups, ...(subject === undefined ? {} : { subject }) };
  }
  if (kind !== 'service_account') return undefined;
  const account = await liveServiceAccount(deps.database, { id, workspace: deps.workspace });
  return account && { groups: account.groups };
}
