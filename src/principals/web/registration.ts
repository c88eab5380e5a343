import {
  generateRegistrationOptions,
  type PublicKeyCredentialCreationOptionsJSON,
} from '@simplewebauthn/server';
import { CountersignError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { PasskeyDeps } from '../deps.ts';
import {
  checkRegistration,
  type NewPasskey,
  PASSKEY_ALGORITHMS,
  type RegistrationResponseJSON,
} from '../people/passkey.ts';
import type { Passkey } from '../people/person.ts';
import { credentialKnown } from '../people/store.ts';
import { CEREMONY_TIMEOUT_MS, type OpenChallenge } from './challenge.ts';

/** What `navigator.credentials.create` needs for a passkey of this person: discoverable, with user verification. */
export async function registrationOptions(
  deps: PasskeyDeps,
  input: {
    person: { readonly id: string; readonly name: string };
    challenge: OpenChallenge;
    /** Passkeys that the same authenticator must not be enrolled beside. */
    known?: readonly Passkey[];
  },
): Promise<PublicKeyCredentialCreationOptionsJSON> {
  const { person, challenge, known = [] } = input;
  return generateRegistrationOptions({
    rpName: 'Countersign',
    rpID: deps.party.rpId,
    userName: person.name,
    userDisplayName: person.name,
    userID: Uint8Array.from(Buffer.from(person.id, 'utf8')),
    challenge: challenge.bytes,
    timeout: CEREMONY_TIMEOUT_MS,
    attestationType: deps.attestation,
    excludeCredentials: known.map((passkey) => ({ id: passkey.credentialId })),
    authenticatorSelection: {
      residentKey: 'required',
      requireResidentKey: true,
      userVerification: 'required',
    },
    supportedAlgorithmIDs: PASSKEY_ALGORITHMS,
  });
}

/** Checks the answer to a challenge (base64url). Throws `unauthenticated`, and `conflict` for a known passkey. */
export async function acceptRegistration(
  deps: PasskeyDeps,
  input: { response: RegistrationResponseJSON; challenge: string },
): Promise<NewPasskey> {
  const created = await checkRegistration(deps.party, input);
  if (await credentialKnown(deps.database, created.credentialId)) {
    throw new CountersignError(
      'conflict',
      'This passkey is already enrolled. Sign in with it, or use another device.',
    );
  }
  return created;
}

/** A new passkey's row. */
export function passkeyOf(
  deps: Pick<PasskeyDeps, 'newId'>,
  input: { created: NewPasskey; personId: string; at: number },
): Passkey {
  return {
    ...input.created,
    id: deps.newId('psk'),
    personId: input.personId,
    createdAt: input.at,
    lastUsedAt: undefined,
    suspectAt: undefined,
  };
}

/** A new passkey as the ledger tells of it: all that later assertions are checked against. */
export function passkeyBody(deps: Pick<PasskeyDeps, 'party'>, passkey: Passkey): JsonObject {
  return {
    id: passkey.id,
    credential_id: passkey.credentialId,
    public_key: passkey.publicKey,
    aaguid: passkey.aaguid,
    device_type: passkey.deviceType,
    attestation: passkey.attestation,
    rp_id: deps.party.rpId,
    origin: deps.party.origin,
  };
}
