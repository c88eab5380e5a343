import type { VerifiedProof } from '../../src/approvals/decide.ts';
import type { ApprovalTerms } from '../../src/policy/verdict.ts';
import { insertPasskey, insertPerson, passkeyStillUsable } from '../../src/principals/people/store.ts';
import type { Statement } from '../../src/storage/database.ts';

/** Everybody who decides: two who may break the glass, one who is asked only after a time, and one more. */
const CAST = [
  { id: 'per_a', groups: ['finance', 'break-glass'] },
  { id: 'per_b', groups: ['finance', 'break-glass'] },
  { id: 'per_c', groups: ['cto'] },
  { id: 'per_d', groups: ['finance'] },
] as const;

export const PEOPLE: readonly string[] = CAST.map((person) => person.id);

/** Each person has a key that is bound to a device (0) and one that is synced (1). */
export const KEYS = [0, 1] as const;
export type Key = (typeof KEYS)[number];

/** What a rule of the model may ask for, beside a quorum. */
export const TERMS: Readonly<Record<'plain' | 'escalating' | 'bound', Partial<ApprovalTerms>>> = {
  plain: {},
  escalating: { groups: ['finance'], escalations: [{ afterMs: 60_000, groups: ['cto'] }] },
  bound: { authenticator: { backupEligible: false } },
};

export const credentialOf = (person: string, key: number): string => `${person}_k${key}`;

const BACKUP_ELIGIBLE = 8;

/** The rows of everybody and their keys, as enrolment leaves them. */
export function enrolments(): Statement[] {
  return CAST.flatMap(({ id, groups }) => [
    insertPerson({
      id,
      name: id,
      groups,
      subject: undefined,
      createdAt: 0,
      removedAt: undefined,
      workspace: 'default',
    }),
    ...KEYS.map((key) =>
      insertPasskey({
        id: credentialOf(id, key),
        personId: id,
        credentialId: credentialOf(id, key),
        publicKey: '',
        counter: 0,
        transports: [],
        aaguid: '00000000-0000-0000-0000-000000000000',
        deviceType: key === 0 ? 'singleDevice' : 'multiDevice',
        backedUp: false,
        attestation: 'none',
        createdAt: 0,
        lastUsedAt: undefined,
        suspectAt: undefined,
        workspace: 'default',
      }),
    ),
  ]);
}

/** A proof as the door would have verified it; nobody really signs. */
export function proofOf(person: string, key: Key): VerifiedProof {
  const data = Buffer.alloc(37);
  data[32] = key === 1 ? BACKUP_ELIGIBLE : 0;
  const passkeyId = credentialOf(person, key);
  return {
    proof: JSON.stringify({
      kind: 'passkey',
      credential_id: passkeyId,
      client_data_json: '',
      authenticator_data: data.toString('base64url'),
      signature: '',
    }),
    then: [],
    stillValid: passkeyStillUsable({ passkeyId, counter: 0 }),
    authenticator: {
      backupEligible: key === 1,
      attestation: 'none',
      aaguid: '00000000-0000-0000-0000-000000000000',
    },
  };
}
