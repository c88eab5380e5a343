import { bytesOfBase64 } from './bytes.ts';

const KEY_BYTES = 32;
const ID_BYTES = 4;
/** Ed25519 in C2SP signed-note. */
const NOTE_KEY = 1;
const encoder = new TextEncoder();

/** A head of the log whose signature was checked here. */
export interface SignedHead {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
  /** By which key: eight hex digits. */
  readonly keyId: string;
}

interface LogKey {
  readonly name: string;
  readonly keyId: string;
  readonly publicKey: Uint8Array<ArrayBuffer>;
}

/** This browser cannot check such signatures; nothing is said about the log. */
export const CANNOT_CHECK = 'This browser cannot check Ed25519 signatures';

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Reads `<name>+<key id>+<base64>`. Throws an `Error` when it is malformed, or when its id is not that of its key. */
async function readLogKey(vkey: string): Promise<LogKey> {
  const [, name, keyId, base64] = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})$/u.exec(vkey) ?? [];
  if (name === undefined || keyId === undefined || base64 === undefined)
    throw new Error('The log’s key is not a verifier key "<name>+<key id>+<base64>".');
  const typed = bytesOfBase64(base64);
  if (typed[0] !== NOTE_KEY || typed.length !== KEY_BYTES + 1)
    throw new Error('The log’s key is not of the type that signs checkpoints.');
  const named = Uint8Array.of(...encoder.encode(`${name}\n`), ...typed);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', named));
  if (hexOf(digest.subarray(0, ID_BYTES)) !== keyId)
    throw new Error('The id of the log’s key does not fit the key.');
  return { name, keyId, publicKey: Uint8Array.from(typed.subarray(1)) };
}

async function importKey(publicKey: Uint8Array<ArrayBuffer>) {
  try {
    return await crypto.subtle.importKey('raw', publicKey, 'Ed25519', false, ['verify']);
  } catch (cause) {
    throw new Error(CANNOT_CHECK, { cause });
  }
}

/** The signature of this key among the lines of a note. Throws an `Error`. */
function signatureBy({ name, keyId }: LogKey, lines: readonly string[]): Uint8Array<ArrayBuffer> {
  for (const line of lines) {
    const [, signer, base64] = /^— ([^+\s]+) ([A-Za-z0-9+/]+={0,2})$/u.exec(line) ?? [];
    if (signer === undefined || base64 === undefined) throw new Error('A signature line is malformed.');
    const bytes = bytesOfBase64(base64);
    if (signer === name && hexOf(bytes.subarray(0, ID_BYTES)) === keyId)
      return Uint8Array.from(bytes.subarray(ID_BYTES));
  }
  throw new Error(`The checkpoint is not signed with the log’s key ${name}+${keyId}.`);
}

/** What the ledger's first entry and its rotations say of its keys. */
export interface KeyBody {
  readonly vkey?: unknown;
  readonly previous?: unknown;
  /** By the previous key, base64. */
  readonly signature?: unknown;
}

async function verifyHandover(
  previous: string,
  { previous: named, vkey, signature }: KeyBody,
): Promise<string> {
  if (typeof vkey !== 'string' || typeof signature !== 'string' || named !== previous)
    throw new Error('A change of the log’s key does not follow the key before it.');
  const { name, publicKey } = await readLogKey(previous);
  if ((await readLogKey(vkey)).name !== name) throw new Error('A change of the log’s key is to another log.');
  const text = encoder.encode(`countersign/rotate/v1\n${vkey}\n`);
  const key = await importKey(publicKey);
  const bytes = Uint8Array.from(bytesOfBase64(signature));
  if (await crypto.subtle.verify('Ed25519', key, bytes, text)) return vkey;
  throw new Error('A change of the log’s key is not signed by the key before it.');
}

/**
 * The key in force: that of the first entry, or the last to which each before it has handed over. Throws an `Error`
 * where a key was not handed over.
 */
export async function keyInForce(bodies: readonly KeyBody[]): Promise<string> {
  const [genesis, ...rotations] = bodies;
  if (typeof genesis?.vkey !== 'string')
    throw new Error('The log’s first entry, which names its key, is not there.');
  let current = genesis.vkey;
  for (const rotation of rotations) current = await verifyHandover(current, rotation);
  return current;
}

/**
 * Checks a checkpoint (C2SP tlog-checkpoint, signed-note) against the log's key. Throws an `Error` that says what is
 * wrong; its message is `CANNOT_CHECK` where the browser lacks Ed25519.
 */
export async function openCheckpoint(note: string, vkey: string): Promise<SignedHead> {
  const key = await readLogKey(vkey);
  const split = note.lastIndexOf('\n\n');
  if (split < 0 || !note.endsWith('\n')) throw new Error('The checkpoint has no signature.');
  const text = note.slice(0, split + 1);
  const signature = signatureBy(key, note.slice(split + 2, -1).split('\n'));
  const publicKey = await importKey(key.publicKey);
  if (!(await crypto.subtle.verify('Ed25519', publicKey, signature, encoder.encode(text))))
    throw new Error('The signature of the checkpoint is wrong.');
  const [origin = '', size = '', root = ''] = text.split('\n');
  if (origin !== key.name) throw new Error('The checkpoint is of another log.');
  const hash = /^[A-Za-z0-9+/]{43}=$/.test(root) ? bytesOfBase64(root) : new Uint8Array();
  if (!/^(?:0|[1-9]\d{0,15})$/.test(size) || hash.length !== KEY_BYTES)
    throw new Error('The checkpoint is malformed.');
  return { origin, size: Number(size), root: hash, keyId: key.keyId };
}
