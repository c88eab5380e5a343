import { expect, it } from 'vitest';
import { electorate } from '../../src/approvals/electorate.ts';
import type { ApprovalTerms } from '../../src/policy/verdict.ts';
import type { Passkey } from '../../src/principals/people/person.ts';

const passkey = (more: Partial<Passkey> = {}) =>
  ({ deviceType: 'multiDevice', attestation: 'none', aaguid: 'a', ...more }) as Passkey;
const person = (groups: string[], ...passkeys: Passkey[]) => ({ id: groups.join(), groups, passkeys });
const terms = (more: Partial<ApprovalTerms> = {}) =>
  ({
    groups: [],
    escalations: [],
    approver: 'person',
    authenticator: {},
    ...more,
  }) as unknown as ApprovalTerms;
const registered = {
  people: [
    person(['cfo'], passkey()),
    person(['ops'], passkey({ deviceType: 'singleDevice', attestation: 'packed' })),
    person(['ops', 'board']),
  ],
  accounts: [{ id: 'svc_1', groups: ['ops'] }],
};

it.each<[string, Partial<ApprovalTerms>, number]>([
  ['anyone who has a passkey, where no groups are named', {}, 2],
  ['people of the groups alone', { groups: ['cfo'] }, 1],
  ['nobody without a passkey', { groups: ['board'] }, 0],
  ['those of a later escalation too', { groups: ['cfo'], escalations: [{ afterMs: 1, groups: ['ops'] }] }, 2],
  ['those with a passkey of the kind that is asked for', { authenticator: { backupEligible: false } }, 1],
  ['those whose passkey showed its maker', { authenticator: { attestation: ['packed'] } }, 1],
  ['service accounts where the rule lets them', { groups: ['ops'], approver: 'automation' }, 2],
])('counted as able to decide: %s', (_whom, more, able) => {
  expect(electorate(terms(more), registered)).toBe(able);
});
