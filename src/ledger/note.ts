import { sign, verify } from 'node:crypto';
import type { RandomBytes } from '../core/ids.ts';
import {
  formatSignatureLine,
  KEY_TYPE,
  newSecretKey,
  parseSignatureLine,
  readPublicKey,
  readSecretKey,
} from './note-key.ts';

const SIGNATURES_MAX = 100;

/** Signs notes under one name; the verifier's text form is public. C2SP signed-note. */
export interface NoteSigner {
  readonly name: string;
  /** `<name>+<key id>+<base64 key>`, for whoever verifies. */
  readonly vkey: string;
  /** The text, an empty line and a signature line for each key. `text` must end in a newline. */
  sign(text: string): string;
}

/** A single key that signs notes. */
export interface KeySigner extends NoteSigner {
  /** Ed25519 over the bytes of the text, 64 bytes. */
  signature(text: string): Uint8Array;
}

export interface NoteVerifier {
  readonly name: string;
  /** Eight hex digits. */
  readonly keyId: string;
  verifies(input: { text: string; signature: Uint8Array }): boolean;
}

export type OpenedNote =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly fault: 'malformed' | 'unsigned' | 'wrong'; readonly reason: string };

/** A new signing key in its text form, a secret. Throws when the name is not a key name. */
export function newSkey({ name, random }: { name: string; random: RandomBytes }): string {
  return newSecretKey({ name, type: KEY_TYPE.note, random });
}

/** Reads `PRIVATE+KEY+<name>+<key id>+<base64>`; undefined when it is malformed or its id does not fit. */
export function parseSkey(skey: string): KeySigner | undefined {
  const read = readSecretKey(skey, KEY_TYPE.note);
  if (read === undefined) return undefined;
  const { name, keyId, key, vkey } = read;
  const signature = (text: string): Uint8Array => sign(null, Buffer.from(text), key);
  return {
    name,
    vkey,
    signature,
    sign: (text) => `${text}\n${formatSignatureLine({ name, keyId, signature: signature(text) })}\n`,
  };
}

/** Signs with all of them, one line each in their order. It goes by the name and the key of the first. */
export function signTogether(first: NoteSigner, others: readonly NoteSigner[]): NoteSigner {
  const { name, vkey } = first;
  return {
    name,
    vkey,
    sign: (text) =>
      others.reduce((note, other) => note + other.sign(text).slice(text.length + 1), first.sign(text)),
  };
}

/** Reads `<name>+<key id>+<base64>`; undefined when it is malformed or its id does not fit. */
export function parseVkey(vkey: string): NoteVerifier | undefined {
  const read = readPublicKey(vkey, KEY_TYPE.note);
  if (read === undefined) return undefined;
  const { name, keyId, key } = read;
  return {
    name,
    keyId,
    verifies: ({ text, signature }) =>
      signature.length === 64 && verify(null, Buffer.from(text), key, signature),
  };
}

function nameOf({ name, keyId }: NoteVerifier): string {
  return `${name}+${keyId}`;
}

/**
 * Opens a signed note for those whose keys are known: at least one of them has signed it, and what is signed with a
 * known key is right. Signatures of other keys are ignored, as the specification asks; of several by one key, the
 * first counts. The reason names what is wrong.
 */
export function openNote(note: string, known: NoteVerifier | readonly NoteVerifier[]): OpenedNote {
  const malformed = (reason: string): OpenedNote => ({ ok: false, fault: 'malformed', reason });
  if (!note.isWellFormed() || /[\x00-\x09\x0b-\x1f]/.test(note))
    return malformed('the note holds control characters');
  const split = note.lastIndexOf('\n\n');
  if (split < 0 || !note.endsWith('\n')) return malformed('the note has no signature block');
  const text = note.slice(0, split + 1);
  const lines = note.slice(split + 2, -1).split('\n');
  if (lines.length > SIGNATURES_MAX) return malformed(`the note has more than ${SIGNATURES_MAX} signatures`);
  const verifiers = new Map([known].flat().map((verifier) => [nameOf(verifier), verifier]));
  const found = new Set<string>();
  for (const line of lines) {
    const signature = parseSignatureLine(line);
    if (signature === undefined) return malformed('a signature line is malformed');
    const by = `${signature.name}+${signature.keyId}`;
    const verifier = verifiers.get(by);
    if (verifier === undefined || found.has(by)) continue;
    if (!verifier.verifies({ text, signature: signature.signature }))
      return { ok: false, fault: 'wrong', reason: `the signature by ${signature.name} is wrong` };
    found.add(by);
  }
  if (found.size > 0) return { ok: true, text };
  return {
    ok: false,
    fault: 'unsigned',
    reason: `the note is not signed by ${[...verifiers.keys()].join(' or ')}`,
  };
}
