import { webcrypto } from 'node:crypto';

const { subtle } = webcrypto;
const P256 = { name: 'ECDH', namedCurve: 'P-256' } as const;

/** What a browser keeps of its subscription. */
export interface UserAgentKeys {
  /** For ECDH over P-256. */
  readonly privateKey: webcrypto.CryptoKey;
  /** The uncompressed point, 65 bytes. */
  readonly publicKey: Uint8Array;
  /** The authentication secret, 16 bytes. */
  readonly auth: Uint8Array;
}

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');

async function hkdf(input: {
  salt: Uint8Array;
  ikm: Uint8Array;
  info: Uint8Array;
  size: number;
}): Promise<Uint8Array> {
  const key = await subtle.importKey('raw', input.ikm, 'HKDF', false, ['deriveBits']);
  const how = { name: 'HKDF', hash: 'SHA-256', salt: input.salt, info: input.info };
  return new Uint8Array(await subtle.deriveBits(how, key, input.size * 8));
}

/** Keys as a browser makes them for a subscription. */
export async function newUserAgentKeys(): Promise<UserAgentKeys> {
  const pair = await subtle.generateKey(P256, true, ['deriveBits']);
  const publicKey = new Uint8Array(await subtle.exportKey('raw', pair.publicKey));
  return { privateKey: pair.privateKey, publicKey, auth: webcrypto.getRandomValues(new Uint8Array(16)) };
}

/**
 * Decrypts a message of one record, by WebCrypto alone (RFC 8291 §3.4, RFC 8188 §2): the code that sends uses none of this.
 * Throws when it is for other keys, was changed, or is no last record.
 */
export async function decryptPush(keys: UserAgentKeys, body: Uint8Array): Promise<string> {
  const salt = body.subarray(0, 16);
  const recordSize = Buffer.from(body).readUInt32BE(16);
  const keyEnd = 21 + (body[20] ?? 0);
  const sender = body.subarray(21, keyEnd);
  const record = body.subarray(keyEnd);
  if (record.length > recordSize) throw new Error('expected one record');
  const theirs = await subtle.importKey('raw', sender, P256, false, []);
  const shared = new Uint8Array(
    await subtle.deriveBits({ name: 'ECDH', public: theirs }, keys.privateKey, 256),
  );
  const info = Buffer.concat([bytes('WebPush: info\0'), keys.publicKey, sender]);
  const ikm = await hkdf({ salt: keys.auth, ikm: shared, info, size: 32 });
  const contentKey = await hkdf({ salt, ikm, info: bytes('Content-Encoding: aes128gcm\0'), size: 16 });
  const iv = await hkdf({ salt, ikm, info: bytes('Content-Encoding: nonce\0'), size: 12 });
  const key = await subtle.importKey('raw', contentKey, 'AES-GCM', false, ['decrypt']);
  const padded = Buffer.from(await subtle.decrypt({ name: 'AES-GCM', iv }, key, record));
  const end = padded.findLastIndex((byte) => byte !== 0);
  if (padded[end] !== 2) throw new Error('expected the last record');
  return padded.subarray(0, end).toString('utf8');
}
