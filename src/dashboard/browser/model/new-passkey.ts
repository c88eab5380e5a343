import { toBase64Url } from '../../../sdk/statement.ts';
import { bytesOfBase64 } from './bytes.ts';

/** Where attested credential data begins in authenticator data (WebAuthn Level 3 §6.1). */
const AAGUID_AT = 37;
const LENGTH_AT = AAGUID_AT + 16;
const ID_AT = LENGTH_AT + 2;

/** True when `credentialId` and its COSE key (base64url) are those that this device's authenticator has just made. */
export function isMadeHere(
  authenticatorData: string,
  passkey: { readonly credentialId: unknown; readonly publicKey: unknown },
): boolean {
  const { credentialId, publicKey } = passkey;
  if (typeof credentialId !== 'string' || typeof publicKey !== 'string') return false;
  const data = bytesOfBase64(authenticatorData);
  const keyAt = ID_AT + (data[LENGTH_AT] ?? 0) * 256 + (data[LENGTH_AT + 1] ?? 0);
  const key = bytesOfBase64(publicKey);
  // CBOR says where it ends itself: a key that is a prefix of what follows the id is that key.
  const made = toBase64Url(data.subarray(keyAt, keyAt + key.length));
  return toBase64Url(data.subarray(ID_AT, keyAt)) === credentialId && made === publicKey;
}
