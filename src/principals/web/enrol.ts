import {
  generateRegistrationOptions,
  type PublicKeyCredentialCreationOptionsJSON,
} from '@simplewebauthn/server';
import { CountersignError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { hashSecret } from '../api-key.ts';
import type { PrincipalDeps } from '../deps.ts';
import { checkRegistration, PASSKEY_ALGORITHMS, type RegistrationResponseJSON } from '../people/passkey.ts';
import type { Passkey, Person } from '../people/person.ts';
import { credentialKnown, insertPasskey, insertPerson } from '../people/store.ts';
import { CEREMONY_TIMEOUT_MS, closeChallenge, openChallenge } from './challenge.ts';
import { requireInvite } from './invite.ts';
import type { RelyingParty } from './relying-party.ts';
import { insertWebSession, spendInvite } from './store.ts';
import { formatWebToken, WEB_TOKEN_BYTES } from './web-session.ts';

export interface EnrolDeps extends PrincipalDeps {
  readonly party: RelyingParty;
}

/**
 * Starts an enrolment: what `navigator.credentials.create` needs, with a discoverable credential and user
 * verification required. The invite is not spent yet. Throws `unauthenticated`.
 */
export async function startEnrolment(
  deps: EnrolDeps,
  input: { token: string },
): Promise<{ challengeId: string; name: string; options: PublicKeyCredentialCreationOptionsJSON }> {
  const invite = await requireInvite(deps, input.token);
  const personId = deps.newId('per');
  const challenge = await openChallenge(deps, { purpose: 'enrol', boundTo: `${invite.id} ${personId}` });
  const options = await generateRegistrationOptions({
    rpName: 'Countersign',
    rpID: deps.party.rpId,
    userName: invite.name,
    userDisplayName: invite.name,
    userID: Uint8Array.from(Buffer.from(personId, 'utf8')),
    challenge: challenge.bytes,
    timeout: CEREMONY_TIMEOUT_MS,
    attestationType: 'none',
    authenticatorSelection: {
      residentKey: 'required',
      requireResidentKey: true,
      userVerification: 'required',
    },
    supportedAlgorithmIDs: PASSKEY_ALGORITHMS,
  });
  return { challengeId: challenge.id, name: invite.name, options };
}

/**
 * Finishes an enrolment: spends the invite, enrols the person with this passkey, and signs the browser in, all in one
 * transaction. `webToken` goes into the cookie. Throws `unauthenticated`, and `conflict` for a known passkey.
 */
export async function finishEnrolment(
  deps: EnrolDeps,
  input: { token: string; challengeId: string; response: RegistrationResponseJSON },
): Promise<{ person: Person; webToken: string }> {
  const { challenge, boundTo } = await closeChallenge(deps, { id: input.challengeId, purpose: 'enrol' });
  const invite = await requireInvite(deps, input.token);
  const [inviteId, personId] = boundTo.split(' ');
  if (inviteId !== invite.id || personId === undefined) {
    throw new CountersignError(
      'unauthenticated',
      'This passkey challenge belongs to another link. Open the link again.',
    );
  }
  const created = await checkRegistration(deps.party, { response: input.response, challenge });
  if (await credentialKnown(deps.database, created.credentialId)) {
    throw new CountersignError(
      'conflict',
      'This passkey is already enrolled. Sign in with it, or use another device.',
    );
  }
  const now = deps.now();
  const person: Person = {
    id: personId,
    name: invite.name,
    groups: invite.groups,
    subject: invite.subject,
    createdAt: now,
    removedAt: undefined,
  };
  const passkey: Passkey = {
    ...created,
    id: deps.newId('psk'),
    personId,
    createdAt: now,
    lastUsedAt: undefined,
    suspectAt: undefined,
  };
  const webToken = formatWebToken(deps.random(WEB_TOKEN_BYTES));
  const applied = await deps.ledger.commit({
    guard: spendInvite({ id: invite.id, now }),
    then: [
      insertPerson({ ...person, workspace: deps.workspace }),
      insertPasskey({ ...passkey, workspace: deps.workspace }),
      insertWebSession({
        id: deps.newId('web'),
        workspace: deps.workspace,
        tokenHash: hashSecret(webToken),
        personId,
        createdAt: now,
        expiresAt: now + LIMITS.webSessionTtlMs,
      }),
    ],
    entries: [
      {
        type: 'approver.enrolled',
        ref: { principal: `person:${personId}`, action: 'approvers.enrol' },
        body: {
          person: personId,
          name: person.name,
          groups: [...person.groups],
          invite: invite.id,
          invited_by: invite.createdBy,
          passkey: {
            id: passkey.id,
            credential_id: passkey.credentialId,
            public_key: passkey.publicKey,
            aaguid: passkey.aaguid,
            device_type: passkey.deviceType,
            rp_id: deps.party.rpId,
            origin: deps.party.origin,
          },
        },
      },
    ],
  });
  if (applied.kind === 'refused') {
    throw new CountersignError(
      'unauthenticated',
      'This link has just been used or withdrawn. Ask for a new one.',
    );
  }
  return { person, webToken };
}
