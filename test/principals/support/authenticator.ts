import {
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';

/** What one ceremony does differently from a well-behaved browser and authenticator. */
export interface Misbehaviour {
  readonly origin?: string;
  readonly rpId?: string;
  readonly type?: string;
  readonly challenge?: string;
  readonly userVerified?: boolean;
  readonly userPresent?: boolean;
  readonly counter?: number;
  readonly clientData?: Readonly<Record<string, unknown>>;
  readonly userHandle?: string;
  readonly signWith?: KeyObject;
  /** Flag BE, otherwise as the device is. */
  readonly backupEligible?: boolean;
}

export interface SoftDevice {
  readonly origin: string;
  readonly rpId: string;
  /** Whether the counter goes up with each use; it stays 0 otherwise. */
  readonly counting?: boolean;
  /** Whether its passkeys may be copied to other devices. */
  readonly backupEligible?: boolean;
  /** 16 bytes in hex. */
  readonly aaguid?: string;
  /** Signs its attestation with the new passkey itself. */
  readonly attests?: boolean;
  /** One more member of its public key (COSE), which no honest authenticator adds. */
  readonly keyMember?: readonly [number, unknown];
}

/** A passkey in software: ES256, attestation "none", a counter that goes up unless it is told otherwise. */
export interface SoftAuthenticator {
  readonly credentialId: string;
  create(input: { challenge: string } & Misbehaviour): RegistrationResponseJSON;
  get(input: { challenge: string } & Misbehaviour): AuthenticationResponseJSON;
}

const b64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');

function cborHead(major: number, value: number): Buffer {
  if (value < 24) return Buffer.from([(major << 5) | value]);
  if (value < 256) return Buffer.from([(major << 5) | 24, value]);
  return Buffer.from([(major << 5) | 25, value >> 8, value & 255]);
}

function cbor(value: number | string | Uint8Array | ReadonlyMap<number | string, unknown>): Buffer {
  if (typeof value === 'number') return value >= 0 ? cborHead(0, value) : cborHead(1, -1 - value);
  if (typeof value === 'string')
    return Buffer.concat([cborHead(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (value instanceof Uint8Array) return Buffer.concat([cborHead(2, value.length), value]);
  const members = [...value].flatMap(([key, member]) => [cbor(key), cbor(member as Uint8Array)]);
  return Buffer.concat([cborHead(5, value.size), ...members]);
}

export function softAuthenticator(at: SoftDevice): SoftAuthenticator {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const id = randomBytes(32);
  const jwk = publicKey.export({ format: 'jwk' }) as { x: string; y: string };
  const key = createPrivateKey(privateKey.export({ format: 'pem', type: 'pkcs8' }));
  const uses = { count: 0 };

  function clientDataOf(type: string, input: { challenge: string } & Misbehaviour): Buffer {
    const { challenge, origin = at.origin, clientData = { crossOrigin: false } } = input;
    return Buffer.from(JSON.stringify({ type: input.type ?? type, challenge, origin, ...clientData }));
  }

  function authenticatorData(input: Misbehaviour, attested?: Buffer): Buffer {
    if (at.counting !== false) uses.count += 1;
    const backupEligible = input.backupEligible ?? at.backupEligible ?? false;
    const flags =
      (input.userPresent === false ? 0 : 1) |
      (input.userVerified === false ? 0 : 4) |
      (backupEligible ? 8 : 0) |
      (attested ? 0x40 : 0);
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(input.counter ?? uses.count);
    const rpIdHash = createHash('sha256')
      .update(input.rpId ?? at.rpId)
      .digest();
    return Buffer.concat([rpIdHash, Buffer.from([flags]), counter, ...(attested ? [attested] : [])]);
  }

  function signatureOver(data: Buffer, clientData: Buffer, signWith = key): Buffer {
    return sign('sha256', Buffer.concat([data, createHash('sha256').update(clientData).digest()]), signWith);
  }

  function selfAttestation(data: Buffer, clientData: Buffer): ReadonlyMap<string, unknown> {
    return new Map<string, unknown>([
      ['alg', -7],
      ['sig', signatureOver(data, clientData)],
    ]);
  }

  return {
    credentialId: b64(id),
    create(input) {
      const cose = new Map<number, unknown>([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, Buffer.from(jwk.x, 'base64url')],
        [-3, Buffer.from(jwk.y, 'base64url')],
        ...(at.keyMember === undefined ? [] : [at.keyMember]),
      ]);
      const aaguid = Buffer.from(at.aaguid ?? '00'.repeat(16), 'hex');
      const attested = Buffer.concat([aaguid, Buffer.from([0, id.length]), id, cbor(cose)]);
      const clientData = clientDataOf('webauthn.create', input);
      const authData = authenticatorData(input, attested);
      const attestation = new Map<string, unknown>([
        ['fmt', at.attests ? 'packed' : 'none'],
        ['attStmt', at.attests ? selfAttestation(authData, clientData) : new Map()],
        ['authData', authData],
      ]);
      return {
        id: b64(id),
        rawId: b64(id),
        type: 'public-key',
        clientExtensionResults: {},
        response: {
          clientDataJSON: b64(clientData),
          attestationObject: b64(cbor(attestation)),
          transports: ['internal'],
        },
      };
    },
    get(input) {
      const clientData = clientDataOf('webauthn.get', input);
      const data = authenticatorData(input);
      return {
        id: b64(id),
        rawId: b64(id),
        type: 'public-key',
        clientExtensionResults: {},
        response: {
          clientDataJSON: b64(clientData),
          authenticatorData: b64(data),
          signature: b64(signatureOver(data, clientData, input.signWith)),
          ...(input.userHandle === undefined ? {} : { userHandle: b64(Buffer.from(input.userHandle)) }),
        },
      };
    },
  };
}
