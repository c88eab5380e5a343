import { sign, verify } from 'node:crypto';
import type { RandomBytes } from '../../core/ids.ts';
import { type NoteVerifier, openNote } from '../note.ts';
import {
  formatSignatureLine,
  KEY_TYPE,
  newSecretKey,
  parseSignatureLine,
  readPublicKey,
  readSecretKey,
} from '../note-key.ts';

const TIME_BYTES = 8;
const SIGNATURE_BYTES = 64;

/** Cosigns checkpoints under one name; the verifier's text form is public. C2SP tlog-cosignature, `cosignature/v1`. */
export interface Cosigner {
  readonly name: string;
  /** `<name>+<key id>+<base64 of 0x04 ‖ key>`, for whoever verifies. */
  readonly vkey: string;
  /** The signature line on a checkpoint's text, with its newline. The time is cut to whole seconds. */
  cosign(checkpoint: { text: string; atMs: number }): string;
}

/** Verifies the cosignatures of one witness. */
export interface WitnessVerifier extends NoteVerifier {
  readonly vkey: string;
}

/** A cosignature that was verified. */
export interface Cosignature {
  /** The signature line, without its newline. */
  readonly line: string;
  /** When the witness says that it saw the checkpoint; milliseconds, in whole seconds. */
  readonly cosignedAt: number;
}

function messageOf(text: string, time: bigint | number): Buffer {
  return Buffer.from(`cosignature/v1\ntime ${time}\n${text}`);
}

/** A new key for cosigning in its text form, a secret. Throws when the name is not a key name. */
export function newCosignerKey({ name, random }: { name: string; random: RandomBytes }): string {
  return newSecretKey({ name, type: KEY_TYPE.cosignature, random });
}

/** Reads `PRIVATE+KEY+<name>+<key id>+<base64 of 0x04 ‖ seed>`; undefined when it is anything else. */
export function parseCosignerKey(text: string): Cosigner | undefined {
  const read = readSecretKey(text, KEY_TYPE.cosignature);
  if (read === undefined) return undefined;
  const { name, keyId, key, vkey } = read;
  return {
    name,
    vkey,
    cosign({ text: checkpoint, atMs }) {
      const time = Math.floor(atMs / 1_000);
      const seconds = Buffer.alloc(TIME_BYTES);
      seconds.writeBigUInt64BE(BigInt(time));
      const signature = Buffer.concat([seconds, sign(null, messageOf(checkpoint, time), key)]);
      return `${formatSignatureLine({ name, keyId, signature })}\n`;
    },
  };
}

function timeOf(signature: Uint8Array): bigint {
  return Buffer.from(signature).readBigUInt64BE(0);
}

/** Reads `<name>+<key id>+<base64 of 0x04 ‖ key>`; undefined when it is anything else, a log's key too. */
export function parseWitnessVkey(vkey: string): WitnessVerifier | undefined {
  const read = readPublicKey(vkey, KEY_TYPE.cosignature);
  if (read === undefined) return undefined;
  const { name, keyId, key } = read;
  return {
    name,
    keyId,
    vkey,
    verifies({ text, signature }) {
      if (signature.length !== TIME_BYTES + SIGNATURE_BYTES) return false;
      const time = timeOf(signature);
      if (time > BigInt(Number.MAX_SAFE_INTEGER) / 1_000n) return false;
      return verify(null, messageOf(text, time), key, signature.subarray(TIME_BYTES));
    },
  };
}

/**
 * The cosignature of a witness among signature lines on a checkpoint's text, or why there is none. Lines of other keys
 * are ignored.
 */
export function findCosignature(
  { text, lines }: { text: string; lines: string },
  verifier: WitnessVerifier,
): Cosignature | string {
  const opened = openNote(`${text}\n${lines}`, verifier);
  if (!opened.ok) return opened.reason;
  if (opened.text !== text) return 'what follows the checkpoint is not signature lines alone';
  const own = lines
    .split('\n')
    .map((line) => ({ line, parsed: parseSignatureLine(line) }))
    .find(({ parsed }) => parsed?.name === verifier.name && parsed.keyId === verifier.keyId);
  if (own?.parsed === undefined) return 'it is not signed by that witness';
  return { line: own.line, cosignedAt: Number(timeOf(own.parsed.signature)) * 1_000 };
}
