import type { PublicKeyCredentialCreationOptionsJSON } from '@simplewebauthn/server';
import { CountersignError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { type ActOffer, actRefused, offerAct, proveAct, type SignedAct } from '../acts.ts';
import type { PasskeyDeps } from '../deps.ts';
import type { NewPasskey, RegistrationResponseJSON } from '../people/passkey.ts';
import type { Passkey } from '../people/person.ts';
import { insertFurtherPasskey, livePasskeys } from '../people/store.ts';
import type { PersonPrincipal } from '../principal.ts';
import { closeChallenge, openChallenge } from './challenge.ts';
import { acceptRegistration, passkeyBody, passkeyOf, registrationOptions } from './registration.ts';

/** Starts the making of one more passkey for a signed-in person. Throws `conflict` when there are too many. */
export async function startAddingPasskey(
  deps: PasskeyDeps,
  by: PersonPrincipal,
): Promise<{ challengeId: string; options: PublicKeyCredentialCreationOptionsJSON }> {
  const all = await livePasskeys(deps.database, deps.workspace);
  const known = all.filter((passkey) => passkey.personId === by.id);
  if (known.length >= LIMITS.passkeysPerPerson) {
    throw new CountersignError(
      'conflict',
      `You have ${known.length} passkeys, which is the most that one person may have. Remove one first.`,
    );
  }
  const challenge = await openChallenge(deps, { purpose: 'add-passkey', boundTo: by.id });
  return {
    challengeId: challenge.id,
    options: await registrationOptions(deps, { person: by, challenge, known }),
  };
}

/**
 * Checks the new passkey and offers the act `passkey.add` over it. It counts only once a passkey that the person
 * already has has signed that act (`addPasskey`). Throws `unauthenticated`, and `conflict` for a known passkey.
 */
export async function offerAddedPasskey(
  deps: PasskeyDeps,
  input: { by: PersonPrincipal; challengeId: string; response: RegistrationResponseJSON },
): Promise<ActOffer> {
  const { by, challengeId, response } = input;
  const { challenge, boundTo } = await closeChallenge(deps, { id: challengeId, purpose: 'add-passkey' });
  if (boundTo !== by.id) {
    throw new CountersignError(
      'unauthenticated',
      'This passkey challenge belongs to another person. Start again from this page.',
    );
  }
  const created = await acceptRegistration(deps, { response, challenge });
  return offerAct(deps, {
    by,
    act: 'passkey.add',
    params: { person: by.id, credential_id: created.credentialId, public_key: created.publicKey },
    kept: JSON.stringify(created),
  });
}

/** Enrols one more passkey of the person who signed for it. Throws as `proveAct` does, and `conflict`. */
export async function addPasskey(
  deps: PasskeyDeps,
  input: SignedAct & { personId: string },
): Promise<Passkey> {
  const about = { person: input.personId };
  const act = await proveAct(deps, { ...input, act: 'passkey.add', about });
  // The other members of what was registered; the credential and its key are what the person signed.
  const created = JSON.parse(act.kept ?? '{}') as NewPasskey;
  const { person, credential_id, public_key } = act.params;
  const passkey = passkeyOf(deps, {
    created: { ...created, credentialId: credential_id, publicKey: public_key },
    personId: person,
    at: deps.now(),
  });
  const applied = await deps.ledger.commit({
    guard: insertFurtherPasskey({ ...passkey, workspace: deps.workspace }, act.stillValid),
    then: act.then,
    entries: [
      {
        type: 'passkey.added',
        ref: { principal: act.by, action: 'passkeys.add' },
        body: { person, passkey: passkeyBody(deps, passkey), ...act.evidence },
      },
    ],
  });
  if (applied.kind === 'refused') throw actRefused('This passkey is enrolled already.');
  return passkey;
}
