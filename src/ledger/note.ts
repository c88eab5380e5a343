import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import type { RandomBytes } from '../core/ids.ts';

const ED25519 = 0x01;
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const SECRET_PREFIX = 'PRIVATE+KEY+';
const SIGNATURES_MAX = 100;
const DASH = '— ';

/** Signs notes under one name; the verifier's text form is public. C2SP signed-note. */
export interface NoteSigner {
  readonly name: string;
  /** `<name>+<key id>+<base64 key>`, for whoever verifies. */
  readonly vkey: string;
  /** The text, an empty line and the signature line. `text` must end in a newline. */
  sign(text: string): string;
}

export interface NoteVerifier {
  readonly name: string;
  /** Eight hex digits. */
  readonly keyId: string;
  verifies(input: { text: string; signature: Uint8Array }): boolean;
}

export type OpenedNote =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly reason: string };

/** True for a name that a key or a log may have: no white space, no `+`, not empty. */
export function isKeyName(name: string): boolean {
  return name !== '' && name.isWellFormed() && !/[\s+]/u.test(name);
}

function keyIdOf(name: string, publicKey: Uint8Array): string {
  const typed = createHash('sha256').update(`${name}\n`).update(Uint8Array.of(ED25519)).update(publicKey);
  return typed.digest('hex').slice(0, 8);
}

function typedBase64(key: Uint8Array): string {
  return Buffer.concat([Uint8Array.of(ED25519), key]).toString('base64');
}

function publicBytes(key: KeyObject): Uint8Array {
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(SPKI_PREFIX.length);
}

function privateKey(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
}

/** Splits `<name>+<key id>+<base64 of 0x01 ‖ 32 bytes>`; undefined when it is anything else. */
function splitKey(text: string): { name: string; keyId: string; key: Uint8Array } | undefined {
  const match = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})$/u.exec(text);
  if (match === null) return undefined;
  const bytes = Buffer.from(match[3] as string, 'base64');
  if (bytes.length !== 33 || bytes[0] !== ED25519) return undefined;
  return { name: match[1] as string, keyId: match[2] as string, key: bytes.subarray(1) };
}

/** A new signing key in its text form, a secret. Throws when the name is not a key name. */
export function newSkey({ name, random }: { name: string; random: RandomBytes }): string {
  if (!isKeyName(name)) throw new TypeError('a key name is not empty and holds no white space and no "+"');
  const seed = random(32);
  return `${SECRET_PREFIX}${name}+${keyIdOf(name, publicBytes(privateKey(seed)))}+${typedBase64(seed)}`;
}

/** Reads `PRIVATE+KEY+<name>+<key id>+<base64>`; undefined when it is malformed or its id does not fit. */
export function parseSkey(skey: string): NoteSigner | undefined {
  if (!skey.startsWith(SECRET_PREFIX)) return undefined;
  const parts = splitKey(skey.slice(SECRET_PREFIX.length));
  if (parts === undefined) return undefined;
  const key = privateKey(parts.key);
  const publicKey = publicBytes(key);
  if (keyIdOf(parts.name, publicKey) !== parts.keyId) return undefined;
  const { name, keyId } = parts;
  const id = Buffer.from(keyId, 'hex');
  return {
    name,
    vkey: `${name}+${keyId}+${typedBase64(publicKey)}`,
    sign: (text) => {
      const signature = sign(null, Buffer.from(text), key);
      return `${text}\n${DASH}${name} ${Buffer.concat([id, signature]).toString('base64')}\n`;
    },
  };
}

/** Reads `<name>+<key id>+<base64>`; undefined when it is malformed or its id does not fit. */
export function parseVkey(vkey: string): NoteVerifier | undefined {
  const parts = splitKey(vkey);
  if (parts === undefined || keyIdOf(parts.name, parts.key) !== parts.keyId) return undefined;
  const key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, parts.key]), format: 'der', type: 'spki' });
  return {
    name: parts.name,
    keyId: parts.keyId,
    verifies: ({ text, signature }) =>
      signature.length === 64 && verify(null, Buffer.from(text), key, signature),
  };
}

function readSignature(line: string): { name: string; keyId: string; signature: Uint8Array } | undefined {
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

/**
 * Opens a signed note for one verifier: its signature must be there and be right; those of other keys are ignored,
 * as the specification asks. The reason names what is wrong.
 */
export function openNote(note: string, verifier: NoteVerifier): OpenedNote {
  if (!note.isWellFormed() || /[\x00-\x09\x0b-\x1f]/.test(note))
    return { ok: false, reason: 'the note holds control characters' };
  const split = note.lastIndexOf('\n\n');
  if (split < 0 || !note.endsWith('\n')) return { ok: false, reason: 'the note has no signature block' };
  const text = note.slice(0, split + 1);
  const lines = note.slice(split + 2, -1).split('\n');
  if (lines.length > SIGNATURES_MAX)
    return { ok: false, reason: `the note has more than ${SIGNATURES_MAX} signatures` };
  let found = false;
  for (const line of lines) {
    const signature = readSignature(line);
    if (signature === undefined) return { ok: false, reason: 'a signature line is malformed' };
    if (signature.name !== verifier.name || signature.keyId !== verifier.keyId || found) continue;
    if (!verifier.verifies({ text, signature: signature.signature }))
      return { ok: false, reason: `the signature by ${verifier.name} is wrong` };
    found = true;
  }
  return found
    ? { ok: true, text }
    : { ok: false, reason: `the note is not signed by ${verifier.name}+${verifier.keyId}` };
}
