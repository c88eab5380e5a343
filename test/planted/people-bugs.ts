import type { PlantedBug } from './bug.ts';

const ACTS = ['test/principals/acts.test.ts'];
const GUARD = ['test/principals/acts-guard.test.ts'];
const SIGN_IN = ['test/principals/sign-in.test.ts'];
const ENROL = ['test/principals/enrol.test.ts'];
const PROVE = ['test/principals/prove.test.ts'];
const REMOVE = ['test/principals/remove.test.ts'];

/** Defects of people, passkeys and invites. */
export const PEOPLE_BUGS: readonly PlantedBug[] = [
  {
    name: 'the passkey of another person signs',
    file: 'src/principals/prove.ts',
    find: 'passkey === undefined || passkey.personId !== input.personId',
    replace: 'passkey === undefined',
    tests: ACTS,
  },
  {
    name: 'the challenge of an assertion is not compared',
    file: 'src/principals/people/passkey.ts',
    find: `      response,
      expectedChallenge: input.challenge,`,
    replace: `      response,
      expectedChallenge: () => true,`,
    tests: SIGN_IN,
  },
  {
    name: 'another origin is accepted in an assertion',
    file: 'src/principals/people/passkey.ts',
    find: `      expectedOrigin: party.origin,
      expectedRPID: party.rpId,
      expectedType`,
    replace: `      expectedOrigin: [party.origin, 'https://evil.example'],
      expectedRPID: party.rpId,
      expectedType`,
    tests: SIGN_IN,
  },
  {
    name: 'an assertion without user verification is accepted',
    file: 'src/principals/people/passkey.ts',
    find: `      expectedType: 'webauthn.get',
      requireUserVerification: true`,
    replace: `      expectedType: 'webauthn.get',
      requireUserVerification: false`,
    tests: SIGN_IN,
  },
  {
    name: 'an assertion from the frame of another site is accepted',
    file: 'src/principals/people/passkey.ts',
    find: `    requireTopLevel(response.response.clientDataJSON);
    const { verified, authenticationInfo`,
    replace: '    const { verified, authenticationInfo',
    tests: SIGN_IN,
  },
  {
    name: 'the signature of an assertion is not checked',
    file: 'src/principals/people/passkey.ts',
    find: "    if (!verified) throw new Error('the signature is not valid');",
    replace: '',
    tests: SIGN_IN,
  },
  {
    name: 'a passkey may become copyable after its enrolment',
    file: 'src/principals/people/passkey.ts',
    find: 'authenticationInfo.credentialDeviceType !== passkey.deviceType',
    replace: "authenticationInfo.credentialDeviceType === 'x'",
    tests: SIGN_IN,
  },
  {
    name: 'self attestation passes as that of a security key',
    file: 'src/principals/people/passkey.ts',
    find: "? 'self' : info.fmt",
    replace: '? info.fmt : info.fmt',
    tests: ENROL,
  },
  {
    name: 'a counter that went back is not noticed',
    file: 'src/principals/people/accept-assertion.ts',
    find: 'if (!isCounted || flags.counter > passkey.counter) return flags;',
    replace: 'if (!isCounted || flags.counter >= 0) return flags;',
    tests: SIGN_IN,
  },
  {
    name: 'a counter that stands still is not noticed',
    file: 'src/principals/people/accept-assertion.ts',
    find: 'flags.counter > passkey.counter) return',
    replace: 'flags.counter >= passkey.counter) return',
    tests: PROVE,
  },
  {
    name: 'a suspect passkey is not marked',
    file: 'src/principals/people/store.ts',
    find: 'SET suspect_at = coalesce(suspect_at, ?)',
    replace: 'SET last_used_at = coalesce(suspect_at, ?)',
    tests: SIGN_IN,
  },
  {
    name: 'two removals at a time take the last passkey',
    file: 'src/principals/people/store.ts',
    find: `other.id <> passkey.id
                          AND other.removed_at IS NULL)`,
    replace: 'other.id <> passkey.id)',
    tests: REMOVE,
  },
  {
    name: 'the removal of a last passkey is offered',
    file: 'src/principals/people/remove-passkey.ts',
    find: 'if (theirs.length > 1) return passkey;',
    replace: 'if (theirs.length > 0) return passkey;',
    tests: REMOVE,
  },
  {
    name: 'sign-ins outlive the passkey that began them',
    file: 'src/principals/people/remove-passkey.ts',
    find: '[...act.then, endSessionsOfPasskey({ id: passkey, now })]',
    replace: '[...act.then]',
    tests: REMOVE,
  },
  {
    name: 'a person is removed by a passkey that is gone',
    file: 'src/principals/people/store.ts',
    find: `other.workspace = ? AND other.removed_at IS NULL)
            AND`,
    replace: `other.workspace = ? AND other.removed_at IS NULL)
            AND 1 = 1 OR`,
    tests: GUARD,
  },
  {
    name: 'the removal of oneself is offered',
    file: 'src/principals/people/remove-person.ts',
    find: 'if (input.by.id === input.personId) {',
    replace: "if (input.by.id === '') {",
    tests: REMOVE,
  },
  {
    name: 'an invite is made by a passkey that is gone',
    file: 'src/principals/web/store.ts',
    find: 'WHERE token_hash = ?) AND',
    replace: 'WHERE token_hash = ?) AND 1 = 1 OR',
    tests: GUARD,
  },
  {
    name: 'two invites have one token',
    file: 'src/principals/web/store.ts',
    find: 'WHERE NOT EXISTS (SELECT 1 FROM invite WHERE token_hash = ?) AND',
    replace: 'WHERE (1 = 1 OR NOT EXISTS (SELECT 1 FROM invite WHERE token_hash = ?)) AND',
    tests: ENROL,
  },
  {
    name: 'the token of an invite is what the ledger publishes as its proof',
    file: 'src/principals/web/invite-secret.ts',
    find: 'return sha256Hex(inviteProof(secret));',
    replace: 'return inviteProof(secret);',
    tests: ENROL,
  },
  {
    name: 'the secret of a link stands in the ledger',
    file: 'src/principals/web/enrol.ts',
    find: 'invite_proof: inviteProof(input.token),',
    replace: 'invite_proof: inviteProof(input.token), x: input.token,',
    tests: ENROL,
  },
  {
    name: 'one person finishes the new passkey of another',
    file: 'src/principals/web/add-passkey.ts',
    find: 'if (boundTo !== by.id) {',
    replace: "if (boundTo === '') {",
    tests: ACTS,
  },
  {
    name: 'a passkey is added by one that is gone',
    file: 'src/principals/people/store.ts',
    find: 'WHERE credential_id = ?) AND',
    replace: 'WHERE credential_id = ?) AND 1 = 1 OR',
    tests: GUARD,
  },
  {
    name: 'a person who was removed still counts as an approver',
    file: 'src/principals/approver-groups.ts',
    find: 'person === undefined || person.removedAt !== undefined',
    replace: 'person === undefined',
    tests: PROVE,
  },
];
