import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { derOf, fixedP256 } from './p256.ts';

const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

const sha256 = (data: string | Uint8Array): Buffer => createHash('sha256').update(data).digest();
const b64 = (data: Uint8Array | string): string => Buffer.from(data).toString('base64url');

/** What one assertion does differently from an honest browser and authenticator. */
export interface Odd {
  readonly origin?: string;
  readonly rpId?: string;
  readonly type?: string;
  readonly challenge?: string;
  readonly clientData?: Readonly<Record<string, unknown>>;
  /** The whole flags byte; UP and UV unless told. */
  readonly flags?: number;
  readonly signature?: Uint8Array;
}

/** A passkey whose keys and signatures follow from its name alone. */
export interface Device {
  readonly credentialId: string;
  /** COSE, base64url. */
  readonly publicKey: string;
  /** The proof of a statement with this challenge, as JSON text. */
  prove(challenge: Uint8Array, odd?: Odd): string;
}

function keyOf(name: string, kind: 'ES256' | 'EdDSA'): { cose: Buffer; sign: (data: Buffer) => Buffer } {
  const seed = sha256(`key of ${name}`);
  if (kind === 'ES256') {
    const key = fixedP256(seed);
    const [x, y] = [key.jwk.x, key.jwk.y].map((part) => Buffer.from(part, 'base64url')) as [Buffer, Buffer];
    const head = Buffer.from([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
    const cose = Buffer.concat([head, x, Buffer.from([0x22, 0x58, 0x20]), y]);
    return { cose, sign: (data) => derOf(key.sign(data)) };
  }
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: 'der', type: 'pkcs8' });
  const x = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);
  const head = Buffer.from([0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 0x20]);
  return { cose: Buffer.concat([head, x]), sign: (data) => sign(null, data, key) };
}

export function fixedDevice(name: string, kind: 'ES256' | 'EdDSA' = 'ES256'): Device {
  const key = keyOf(name, kind);
  const credentialId = b64(sha256(`credential of ${name}`));
  return {
    credentialId,
    publicKey: b64(key.cose),
    prove(challenge, odd = {}) {
      const clientData = Buffer.from(
        JSON.stringify({
          type: odd.type ?? 'webauthn.get',
          challenge: odd.challenge ?? b64(challenge),
          origin: odd.origin ?? 'http://localhost:4400',
          ...(odd.clientData ?? { crossOrigin: false }),
        }),
      );
      const flags = Buffer.from([odd.flags ?? 0x05, 0, 0, 0, 7]);
      const data = Buffer.concat([sha256(odd.rpId ?? 'localhost'), flags]);
      const signature = odd.signature ?? key.sign(Buffer.concat([data, sha256(clientData)]));
      return JSON.stringify({
        kind: 'passkey',
        credential_id: credentialId,
        client_data_json: b64(clientData),
        authenticator_data: b64(data),
        signature: b64(signature),
      });
    },
  };
}
