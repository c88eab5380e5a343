import type { ApprovalTerms } from '../policy/verdict.ts';
import type { PersonWithPasskeys } from '../principals/people/person.ts';
import type { ServiceAccount } from '../principals/service-account.ts';
import { authenticatorRefusal } from './approver.ts';

/** Everybody who is registered, whatever they may decide. */
export interface Registered {
  readonly people: readonly Pick<PersonWithPasskeys, 'id' | 'groups' | 'passkeys'>[];
  readonly accounts: readonly Pick<ServiceAccount, 'id' | 'groups'>[];
}

/** How many of those who are registered the terms would let decide, at the latest once every escalation is due. */
export function electorate(terms: ApprovalTerms, { people, accounts }: Registered): number {
  const groups = [...terms.groups, ...terms.escalations.flatMap((one) => one.groups)];
  const isEntitled = (theirs: readonly string[]) =>
    terms.groups.length === 0 || groups.some((group) => theirs.includes(group));
  const able = people.filter(
    (person) =>
      isEntitled(person.groups) &&
      person.passkeys.some(({ deviceType, attestation, aaguid }) => {
        const shown = { backupEligible: deviceType === 'multiDevice', attestation, aaguid };
        return authenticatorRefusal(terms.authenticator, shown, false) === undefined;
      }),
  );
  if (terms.approver !== 'automation') return able.length;
  const machines = accounts.filter(
    (account) =>
      isEntitled(account.groups) && authenticatorRefusal(terms.authenticator, undefined, false) === undefined,
  );
  return able.length + machines.length;
}
