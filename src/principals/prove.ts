import { CountersignError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { Statement } from '../storage/database.ts';
import type { PrincipalDeps } from './deps.ts';
import { acceptAssertion } from './people/accept-assertion.ts';
import { type AuthenticationResponseJSON, isCredentialId } from './people/passkey.ts';
import type { Passkey } from './people/person.ts';
import {
  livePasskeyByCredential,
  livePasskeys,
  passkeyStillEnrolled,
  passkeyStillUsable,
  recordPasskeyUse,
} from './people/store.ts';
import { verifyProof } from './proof/assertion.ts';
import { readCoseKey } from './proof/cose-key.ts';
import { checkSignature } from './service-account.ts';
import { liveServiceAccount, serviceAccountStillRegistered } from './store.ts';
import { relyingParty } from './web/relying-party.ts';

/** What convinces a stranger, offline, that this person signed this statement. Base64url, exactly as received. */
export interface PasskeyProof {
  readonly kind: 'passkey';
  readonly credential_id: string;
  readonly client_data_json: string;
  readonly authenticator_data: string;
  readonly signature: string;
}

/** The same for a service account; the signature is over the statement's challenge. */
export interface ServiceAccountProof {
  readonly kind: 'service_account';
  readonly service_account: string;
  readonly alg: 'Ed25519' | 'ES256';
  readonly signature: string;
}

type ProveDeps = Pick<PrincipalDeps, 'database' | 'ledger' | 'workspace' | 'now'>;

export interface ProvenByPasskey {
  readonly proof: PasskeyProof;
  readonly passkeyId: string;
  /** What policy may ask of the authenticator: flag BE of this very assertion, and what its enrolment showed. */
  readonly authenticator: {
    readonly backupEligible: boolean;
    readonly attestation: string;
    readonly aaguid: string;
  };
  /** Records the use of the passkey; belongs into the `then` of the transition. */
  readonly recordUse: Statement;
  /** `EXISTS (…)`: to be ANDed into the transition's guard, so that a removal or replay in between refuses it. */
  readonly stillValid: Statement;
  /** The same where the use was recorded already, by an earlier part of what this one assertion signed. */
  readonly stillEnrolled: Statement;
}

export interface ProvenByServiceAccount {
  readonly proof: ServiceAccountProof;
  readonly account: { readonly id: string; readonly name: string; readonly groups: readonly string[] };
  /** `EXISTS (…)`: to be ANDed into the decision's guard. */
  readonly stillValid: Statement;
}

/**
 * Throws `unauthenticated` unless the proof also convinces whoever verifies the ledger offline. The library that checks
 * assertions online takes encodings that others refuse, and what is on the ledger stays there.
 */
function requireVerifiable(
  proof: PasskeyProof,
  by: { passkey: Passkey; rpId: string; challenge: Uint8Array },
): void {
  const { passkey, rpId, challenge } = by;
  const key = readCoseKey(passkey.publicKey);
  const party = key && ({ kind: 'passkey', credentialId: passkey.credentialId, key, rpId } as const);
  const proven = party && verifyProof({ challenge, proof: { ...proof } satisfies JsonObject, party });
  if (proven?.ok) return;
  throw new CountersignError(
    'unauthenticated',
    `The passkey response cannot be verified from the ledger: ${proven?.reason ?? 'the key cannot be read'}. Nothing was done. Start again from this page.`,
  );
}

/**
 * Checks that `personId`, enrolled now, answered a statement's challenge (its SHA-256) with one of their passkeys.
 * Changes nothing, apart from flagging a passkey whose counter went back: the caller commits `recordUse` together with
 * what was signed. `expectedOrigin` comes from configuration. Throws `unauthenticated`, or `forbidden` when the
 * passkey is not theirs.
 */
export async function verifyPersonAssertion(
  deps: ProveDeps,
  input: {
    challenge: Uint8Array;
    assertion: AuthenticationResponseJSON;
    personId: string;
    expectedOrigin: string;
  },
): Promise<ProvenByPasskey> {
  const { assertion } = input;
  const passkey = isCredentialId(assertion.id)
    ? await livePasskeyByCredential(deps.database, { credentialId: assertion.id, workspace: deps.workspace })
    : undefined;
  if (passkey === undefined || passkey.personId !== input.personId) {
    throw new CountersignError(
      'forbidden',
      'This passkey does not belong to the person who is signed in, or is no longer enrolled. Nothing was done.',
    );
  }
  const party = relyingParty(input.expectedOrigin);
  const { counter, backupEligible } = await acceptAssertion(deps, {
    party,
    response: assertion,
    challenge: Buffer.from(input.challenge).toString('base64url'),
    passkey,
  });
  const proof: PasskeyProof = {
    kind: 'passkey',
    credential_id: passkey.credentialId,
    client_data_json: assertion.response.clientDataJSON,
    authenticator_data: assertion.response.authenticatorData,
    signature: assertion.response.signature,
  };
  requireVerifiable(proof, { passkey, rpId: party.rpId, challenge: input.challenge });
  return {
    proof,
    passkeyId: passkey.id,
    authenticator: { backupEligible, attestation: passkey.attestation, aaguid: passkey.aaguid },
    recordUse: recordPasskeyUse({ passkeyId: passkey.id, counter, now: deps.now() }),
    stillValid: passkeyStillUsable({ passkeyId: passkey.id, counter }),
    stillEnrolled: passkeyStillEnrolled({ passkeyId: passkey.id, counter }),
  };
}

/** The passkeys that may answer for a person, as `allowCredentials` wants them. */
export async function allowedCredentials(
  deps: Pick<ProveDeps, 'database' | 'workspace'>,
  personId: string,
): Promise<{ id: string; transports: readonly string[] }[]> {
  const passkeys = await livePasskeys(deps.database, deps.workspace);
  return passkeys
    .filter((passkey) => passkey.personId === personId)
    .map((passkey) => ({ id: passkey.credentialId, transports: passkey.transports }));
}

/**
 * Checks a service account's signature (base64url) over a statement's challenge. Whether the rule lets automation
 * decide is the caller's question. Throws `unauthenticated`.
 */
export async function verifyServiceAccountSignature(
  deps: Pick<ProveDeps, 'database' | 'workspace'>,
  input: { challenge: Uint8Array; signature: string; serviceAccountId: string },
): Promise<ProvenByServiceAccount> {
  const at = { id: input.serviceAccountId, workspace: deps.workspace };
  const account = await liveServiceAccount(deps.database, at);
  const signature = /^[A-Za-z0-9_-]{1,512}$/.test(input.signature)
    ? Buffer.from(input.signature, 'base64url')
    : Buffer.alloc(0);
  const alg = account && checkSignature(account, { message: input.challenge, signature });
  if (account === undefined || alg === undefined) {
    throw new CountersignError(
      'unauthenticated',
      'The signature is not by a registered service account over this statement. Sign the 32 bytes of its challenge and send base64url.',
    );
  }
  return {
    proof: { kind: 'service_account', service_account: account.id, alg, signature: input.signature },
    account: { id: account.id, name: account.name, groups: account.groups },
    stillValid: serviceAccountStillRegistered(at),
  };
}
