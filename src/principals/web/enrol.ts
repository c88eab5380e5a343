import type { PublicKeyCredentialCreationOptionsJSON } from '@simplewebauthn/server';
import { CountersignError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { hashSecret } from '../api-key.ts';
import type { PasskeyDeps } from '../deps.ts';
import type { RegistrationResponseJSON } from '../people/passkey.ts';
import type { Person } from '../people/person.ts';
import { insertPasskey, insertPerson } from '../people/store.ts';
import { closeChallenge, openChallenge } from './challenge.ts';
import { requireInvite } from './invite.ts';
import { inviteProof } from './invite-secret.ts';
import { acceptRegistration, passkeyBody, passkeyOf, registrationOptions } from './registration.ts';
import { insertWebSession, spendInvite } from './store.ts';
import { formatWebToken, WEB_TOKEN_BYTES } from './web-session.ts';

/** Starts an enrolment by a link's secret. The invite is not spent yet. Throws `unauthenticated`. */
export async function startEnrolment(
  deps: PasskeyDeps,
  input: { token: string },
): Promise<{ challengeId: string; name: string; options: PublicKeyCredentialCreationOptionsJSON }> {
  const invite = await requireInvite(deps, input.token);
  const personId = deps.newId('per');
  const challenge = await openChallenge(deps, { purpose: 'enrol', boundTo: `${invite.id} ${personId}` });
  const person = { id: personId, name: invite.name };
  const options = await registrationOptions(deps, { person, challenge });
  return { challengeId: challenge.id, name: invite.name, options };
}

/**
 * Finishes an enrolment: spends the invite, enrols the person with this passkey, and signs the browser in, all in one
 * transaction. `token` is the link's secret; the ledger tells its proof, which the invite promised. `webToken` goes
 * into the cookie. Throws `unauthenticated`, and `conflict` for a known passkey.
 */
export async function finishEnrolment(
  deps: PasskeyDeps,
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
  const created = await acceptRegistration(deps, { response: input.response, challenge });
  const now = deps.now();
  const person: Person = {
    id: personId,
    name: invite.name,
    groups: invite.groups,
    subject: invite.subject,
    createdAt: now,
    removedAt: undefined,
  };
  const passkey = passkeyOf(deps, { created, personId, at: now });
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
        passkeyId: passkey.id,
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
          ...(person.subject === undefined ? {} : { subject: person.subject }),
          invite: invite.id,
          invite_proof: inviteProof(input.token),
          invited_by: invite.createdBy,
          passkey: passkeyBody(deps, passkey),
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
