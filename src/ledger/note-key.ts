import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import type { RandomBytes } from '../core/ids.ts';

const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const SECRET_PREFIX = 'PRIVATE+KEY+';

/** What a key signs: whole notes (C2SP signed-note), or checkpoints of others with a time (C2SP tlog-cosignature). */
export const KEY_TYPE = { note: 0x01, cosignature: 0x04 } as const;

export type KeyType = (typeof KEY_TYPE)[keyof typeof KEY_TYPE];

/** The parts of a key's text form. `key` is 32 bytes: the public key, or the seed of a secret one. */
interface KeyParts {
  readonly name: string;
  /** Eight hex digits. */
  readonly keyId: string;
  readonly key: Uint8Array;
}

/** True for a name that a key or a log may have: no white space, no `+`, not empty. */
export function isKeyName(name: string): boolean {
  return name !== '' && name.isWellFormed() && !/[\s+]/u.test(name);
}

function keyIdOf({ name, key }: { name: string; key: Uint8Array }, type: KeyType): string {
  const typed = createHash('sha256').update(`${name}\n`).update(Uint8Array.of(type)).update(key);
  return typed.digest('hex').slice(0, 8);
}

function formatKey({ name, keyId, key }: KeyParts, type: KeyType): string {
  return `${name}+${keyId}+${Buffer.concat([Uint8Array.of(type), key]).toString('base64')}`;
}

function splitKey(text: string, type: KeyType): KeyParts | undefined {
  const match = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})$/u.exec(text);
  if (match === null) return undefined;
  const bytes = Buffer.from(match[3] as string, 'base64');
  if (bytes.length !== 33 || bytes[0] !== type) return undefined;
  return { name: match[1] as string, keyId: match[2] as string, key: bytes.subarray(1) };
}

function publicBytes(key: KeyObject): Uint8Array {
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(SPKI_PREFIX.length);
}

function privateKeyOf(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
}

/** A key as it is used: Ed25519, under a name, for one type of signature. */
interface UsableKey {
  readonly name: string;
  /** Eight hex digits: the first four bytes of SHA-256(name ‖ 0x0A ‖ type ‖ public key). */
  readonly keyId: string;
  readonly key: KeyObject;
}

/** A new secret key as `PRIVATE+KEY+<name>+<key id>+<base64>`. Throws when the name is not a key name. */
export function newSecretKey(input: { name: string; type: KeyType; random: RandomBytes }): string {
  const { name, type, random } = input;
  if (!isKeyName(name)) throw new TypeError('a key name is not empty and holds no white space and no "+"');
  const seed = random(32);
  const keyId = keyIdOf({ name, key: publicBytes(privateKeyOf(seed)) }, type);
  return `${SECRET_PREFIX}${formatKey({ name, keyId, key: seed }, type)}`;
}

/** Reads a secret key and gives its public text form too; undefined when it is malformed, of another type, or its id does not fit. */
export function readSecretKey(text: string, type: KeyType): (UsableKey & { vkey: string }) | undefined {
  if (!text.startsWith(SECRET_PREFIX)) return undefined;
  const parts = splitKey(text.slice(SECRET_PREFIX.length), type);
  if (parts === undefined) return undefined;
  const { name, keyId } = parts;
  const key = privateKeyOf(parts.key);
  const publicKey = publicBytes(key);
  if (keyIdOf({ name, key: publicKey }, type) !== keyId) return undefined;
  return { name, keyId, key, vkey: formatKey({ name, keyId, key: publicKey }, type) };
}

/** Reads `<name>+<key id>+<base64>`; undefined when it is malformed, of another type, or its id does not fit. */
export function readPublicKey(text: string, type: KeyType): UsableKey | undefined {
  const parts = splitKey(text, type);
  if (parts === undefined || keyIdOf(parts, type) !== parts.keyId) return undefined;
  const { name, keyId } = parts;
  const spki = Buffer.concat([SPKI_PREFIX, parts.key]);
  return { name, keyId, key: createPublicKey({ key: spki, format: 'der', type: 'spki' }) };
}

/** One line of a note's signature block. */
export interface SignatureLine {
  readonly name: string;
  /** Eight hex digits. */
  readonly keyId: string;
  readonly signature: Uint8Array;
}

/** `— <name> <base64 of key id ‖ signature>`, without its newline. */
export function formatSignatureLine({ name, keyId, signature }: SignatureLine): string {
  return `— ${name} ${Buffer.concat([Buffer.from(keyId, 'hex'), signature]).toString('base64')}`;
}

/** Reads what `formatSignatureLine` writes; undefined when it is anything else. */
export function parseSignatureLine(line: string): SignatureLine | undefined {
  const match = /^— ([^+\s]+) ([A-Za-z0-9+/]+={0,2})$/u.exec(line);
  if (match === null) return undefined;
  const bytes = Buffer.from(match[2] as string, 'base64');
  if (bytes.length < 5 || bytes.toString('base64') !== match[2]) return undefined;
  return {
    name: match[1] as string,
    keyId: bytes.subarray(0, 4).toString('hex'),
    signature: bytes.subarray(4),
  };
}
