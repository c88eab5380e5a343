import {
  type AuthenticationResponseJSON,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import { decodeAttestationObject } from '@simplewebauthn/server/helpers';
import { CountersignError, errorText } from '../../core/errors.ts';
import { isJsonObject, parseStrict } from '../../core/json.ts';
import { readCoseKey } from '../proof/cose-key.ts';
import type { RelyingParty } from '../web/relying-party.ts';
import type { Passkey } from './person.ts';

export type { AuthenticationResponseJSON, RegistrationResponseJSON };

/** EdDSA, ES256, RS256 (COSE), what every platform offers. */
export const PASSKEY_ALGORITHMS = [-8, -7, -257];

/** What a new passkey is asked to show of its maker: nothing, or the attestation that its authenticator has. */
export type Attestation = 'none' | 'direct';

/** True for text that can be a credential id (base64url); anything else is not even looked up. */
export function isCredentialId(id: unknown): id is string {
  return typeof id === 'string' && /^[A-Za-z0-9_-]{1,1400}$/.test(id);
}

export type NewPasskey = Pick<
  Passkey,
  | 'credentialId'
  | 'publicKey'
  | 'counter'
  | 'transports'
  | 'aaguid'
  | 'deviceType'
  | 'backedUp'
  | 'attestation'
>;

/**
 * The format of the attestation that was shown. An authenticator that signs with the new passkey itself has shown
 * nothing about its maker (WebAuthn Level 3 §6.5.4), and `packed` would say that it had: that is `self`.
 */
function attestationFormat(info: { fmt: string; attestationObject: Uint8Array }): string {
  if (info.fmt !== 'packed') return info.fmt;
  const statement = decodeAttestationObject(Uint8Array.from(info.attestationObject)).get('attStmt');
  return statement.get('x5c') === undefined ? 'self' : info.fmt;
}

function refused(cause: unknown): CountersignError {
  const detail = errorText(cause);
  return new CountersignError(
    'unauthenticated',
    'The passkey response was refused. Start again from this page.',
    {
      cause: cause instanceof Error ? cause : new Error(detail),
    },
  );
}

/**
 * Refuses what the library lets pass: a ceremony inside another site's frame (WebAuthn Level 3 §13.4.9), even when
 * the browser does not say whose frame.
 */
function requireTopLevel(clientDataJson: string): void {
  const data = parseStrict(Buffer.from(clientDataJson, 'base64url').toString('utf8'));
  if (!isJsonObject(data)) throw new Error('clientDataJSON is not an object');
  if (data.crossOrigin !== undefined && data.crossOrigin !== false)
    throw new Error('crossOrigin is not false');
  if (data.topOrigin !== undefined) throw new Error('topOrigin is present');
}

/**
 * Checks a registration: type, challenge, origin, RP id, user presence and verification, attestation format.
 * `challenge` is base64url. Throws `unauthenticated`; the reason is in `cause`, for diagnostics.
 */
export async function checkRegistration(
  party: RelyingParty,
  input: { response: RegistrationResponseJSON; challenge: string },
): Promise<NewPasskey> {
  try {
    requireTopLevel(input.response.response.clientDataJSON);
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: input.response,
      expectedChallenge: input.challenge,
      expectedOrigin: party.origin,
      expectedRPID: party.rpId,
      requireUserVerification: true,
      supportedAlgorithmIDs: PASSKEY_ALGORITHMS,
    });
    if (!verified) throw new Error('the attestation is not valid');
    const { credential } = registrationInfo;
    const publicKey = Buffer.from(credential.publicKey).toString('base64url');
    // Whoever verifies the ledger has to read it too, and an entry cannot be taken back.
    if (readCoseKey(publicKey) === undefined)
      throw new Error('the public key is in a form that nobody can read');
    const transports = (credential.transports ?? []).filter((transport) => /^[a-z-]{1,20}$/.test(transport));
    return {
      credentialId: credential.id,
      publicKey,
      counter: credential.counter,
      transports,
      aaguid: registrationInfo.aaguid,
      deviceType: registrationInfo.credentialDeviceType,
      backedUp: registrationInfo.credentialBackedUp,
      attestation: attestationFormat(registrationInfo),
    };
  } catch (cause) {
    throw refused(cause);
  }
}

/** What a valid assertion says of its authenticator. */
export interface AssertionFlags {
  /** Its signature counter, 0 where it keeps none (WebAuthn Level 3 §6.1.1). Comparing it is the caller's. */
  readonly counter: number;
  /** Flag BE: the passkey may be copied to other devices. */
  readonly backupEligible: boolean;
}

/**
 * Checks an assertion by `passkey`: credential, type, challenge, origin, RP id, user presence and verification,
 * signature, and that flag BE is as it was at enrolment (WebAuthn Level 3 §7.2). Not the counter.
 * Throws `unauthenticated`; the reason is in `cause`, for diagnostics.
 */
export async function checkAssertion(
  party: Pick<RelyingParty, 'origin' | 'rpId'>,
  input: {
    response: AuthenticationResponseJSON;
    /** base64url */
    challenge: string;
    passkey: Pick<Passkey, 'credentialId' | 'publicKey' | 'personId' | 'deviceType'>;
  },
): Promise<AssertionFlags> {
  const { passkey, response } = input;
  try {
    if (response.id !== passkey.credentialId) throw new Error('another credential answered');
    const handle = response.response.userHandle;
    if (handle && Buffer.from(handle, 'base64url').toString('utf8') !== passkey.personId) {
      throw new Error('the user handle names another person');
    }
    requireTopLevel(response.response.clientDataJSON);
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response,
      expectedChallenge: input.challenge,
      expectedOrigin: party.origin,
      expectedRPID: party.rpId,
      expectedType: 'webauthn.get',
      requireUserVerification: true,
      credential: {
        id: passkey.credentialId,
        publicKey: Buffer.from(passkey.publicKey, 'base64url'),
        // With 0 the library does not compare: it would do so before it looks at the signature.
        counter: 0,
      },
    });
    if (!verified) throw new Error('the signature is not valid');
    if (authenticationInfo.credentialDeviceType !== passkey.deviceType)
      throw new Error('the backup eligibility is not that of the enrolled passkey');
    return {
      counter: authenticationInfo.newCounter,
      backupEligible: authenticationInfo.credentialDeviceType === 'multiDevice',
    };
  } catch (cause) {
    throw refused(cause);
  }
}
