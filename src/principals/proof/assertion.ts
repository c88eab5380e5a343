import { verify } from 'node:crypto';
import { sha256 } from '../../core/digest.ts';
import { errorText } from '../../core/errors.ts';
import { isJsonObject, type JsonObject, parseStrict } from '../../core/json.ts';
import { checkSignature } from '../service-account.ts';
import type { PasskeyKey } from './cose-key.ts';

/** Whose signature is expected: one passkey of a person, or the key of a service account. */
export type Party =
  | {
      readonly kind: 'passkey';
      readonly credentialId: string;
      readonly key: PasskeyKey;
      /** The RP id that it was enrolled for. */
      readonly rpId: string;
    }
  | {
      readonly kind: 'service_account';
      /** `svc_…`. */
      readonly id: string;
      /** JWK text. */
      readonly publicKey: string;
    };

/** `backupEligible` is flag BE of the signed authenticator data (WebAuthn Level 3 §6.1); false for a service account. */
export type Proven =
  | { readonly ok: true; readonly backupEligible: boolean }
  | { readonly ok: false; readonly reason: string };

const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;
const BACKUP_ELIGIBLE = 0x08;
const BACKED_UP = 0x10;
const BASE64URL = /^[A-Za-z0-9_-]*$/;

const refused = (reason: string): Proven => ({ ok: false, reason });

function bytesOf(proof: JsonObject, member: string): Buffer | undefined {
  const value = proof[member];
  if (typeof value !== 'string' || !BASE64URL.test(value)) return undefined;
  return Buffer.from(value, 'base64url');
}

/** True when a browser lets a page of this origin use the RP id: https, or http on localhost; the host itself or below it. */
export function originBelongsTo(origin: string, rpId: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { protocol, hostname, origin: bare } = new URL(origin);
  if (bare !== origin) return false;
  const local = hostname === 'localhost' || hostname.endsWith('.localhost');
  if (protocol !== 'https:' && !(protocol === 'http:' && local)) return false;
  return hostname === rpId || hostname.endsWith(`.${rpId}`);
}

/** What is wrong with the client data of an assertion (WebAuthn Level 3 §7.2), or undefined. */
function clientDataProblem(bytes: Buffer, expected: { challenge: string; rpId: string }): string | undefined {
  let data: unknown;
  try {
    data = parseStrict(bytes.toString('utf8'));
  } catch (error) {
    return `its client data is not JSON (${errorText(error)})`;
  }
  if (!isJsonObject(data)) return 'its client data is not an object';
  if (data.type !== 'webauthn.get') return 'its client data is not of type webauthn.get';
  if (data.challenge !== expected.challenge) return 'its challenge is that of another statement';
  if (typeof data.origin !== 'string' || !originBelongsTo(data.origin, expected.rpId))
    return `it was made on an origin that does not belong to ${expected.rpId}`;
  if (data.crossOrigin !== undefined && data.crossOrigin !== false)
    return 'it was made in a frame of another site';
  return data.topOrigin === undefined ? undefined : 'it was made in a frame of another site';
}

function flagsProblem(data: Buffer, rpId: string): string | undefined {
  if (data.length < 37) return 'its authenticator data is too short';
  if (Buffer.compare(data.subarray(0, 32), sha256(rpId)) !== 0)
    return `it was made for another RP than ${rpId}`;
  const flags = data[32] as number;
  if ((flags & USER_PRESENT) === 0) return 'nobody was present (flag UP)';
  if ((flags & USER_VERIFIED) === 0) return 'nobody was verified (flag UV)';
  if ((flags & BACKED_UP) !== 0 && (flags & BACKUP_ELIGIBLE) === 0)
    return 'it says that the key is backed up and cannot be (flags BE, BS)';
  return undefined;
}

function signatureHolds({ algorithm, key }: PasskeyKey, signed: Buffer, signature: Buffer): boolean {
  return verify(algorithm === 'EdDSA' ? null : 'sha256', signed, key, signature);
}

function provePasskey(proof: JsonObject, challenge: Uint8Array, party: Party & { kind: 'passkey' }): Proven {
  if (proof.credential_id !== party.credentialId) return refused('it is by another passkey');
  const clientData = bytesOf(proof, 'client_data_json');
  const data = bytesOf(proof, 'authenticator_data');
  const signature = bytesOf(proof, 'signature');
  if (clientData === undefined || data === undefined || signature === undefined)
    return refused('a member of it is not base64url');
  const expected = { challenge: Buffer.from(challenge).toString('base64url'), rpId: party.rpId };
  const reason = clientDataProblem(clientData, expected) ?? flagsProblem(data, party.rpId);
  if (reason !== undefined) return refused(reason);
  const signed = Buffer.concat([data, sha256(clientData)]);
  if (!signatureHolds(party.key, signed, signature)) return refused('its signature is not by this passkey');
  return { ok: true, backupEligible: ((data[32] as number) & BACKUP_ELIGIBLE) !== 0 };
}

function proveAccount(
  proof: JsonObject,
  challenge: Uint8Array,
  party: Party & { kind: 'service_account' },
): Proven {
  if (proof.service_account !== party.id) return refused('it is by another service account');
  const signature = bytesOf(proof, 'signature');
  if (signature === undefined) return refused('its signature is not base64url');
  const algorithm = checkSignature({ publicKey: party.publicKey }, { message: challenge, signature });
  if (algorithm === undefined) return refused('its signature is not by this service account');
  if (algorithm !== proof.alg) return refused('it names another algorithm than that of the key');
  return { ok: true, backupEligible: false };
}

/** Reads a proof as the ledger holds it; undefined when it is not a JSON object. */
export function readProof(text: string): JsonObject | undefined {
  try {
    const value = parseStrict(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Checks offline that `party` answered `challenge` (the 32 bytes of a statement's digest). For a passkey: client data,
 * RP id, user presence and verification, and the signature (WebAuthn Level 3 §7.2, steps 11 to 21); the counter is the
 * gateway's own business. The reason completes "the proof is refused: …".
 */
export function verifyProof(input: { challenge: Uint8Array; proof: JsonObject; party: Party }): Proven {
  const { challenge, proof, party } = input;
  if (proof.kind !== party.kind) return refused(`it is not of kind ${party.kind}`);
  return party.kind === 'passkey'
    ? provePasskey(proof, challenge, party)
    : proveAccount(proof, challenge, party);
}
