import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';
import type { RandomBytes } from '../core/ids.ts';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** A payload beside the ledger. Entries hold its commitment alone, so it can be erased and every proof still holds. */
export interface Payload {
  /** The call whose arguments it holds. */
  readonly id: string;
  readonly workspace: string;
  /** Hex, as the entry has it. */
  readonly commitment: string;
  /** Hex of the 32 bytes that the commitment was made with; erased together with the text. */
  readonly salt: string;
  readonly ciphertext: string;
  readonly subject: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** When the sweep erases it; kept until somebody asks for its erasure when undefined. */
  readonly eraseAt?: number | undefined;
}

/**
 * Encrypts a payload: base64 of nonce ‖ AES-256-GCM ciphertext ‖ tag, bound to its commitment, so that a ciphertext
 * moved to another row does not open. `key` is 32 bytes.
 */
export function sealPayload(
  { key, random }: { key: Uint8Array | KeyObject; random: RandomBytes },
  { commitment, text }: { commitment: string; text: string },
): string {
  const nonce = random(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(commitment));
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, body, cipher.getAuthTag()]).toString('base64');
}

/** The text of a sealed payload; undefined when key, commitment or ciphertext do not belong together. */
export function openPayload(
  key: Uint8Array | KeyObject,
  { commitment, ciphertext }: { commitment: string; ciphertext: string },
): string | undefined {
  const bytes = Buffer.from(ciphertext, 'base64');
  if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined;
  const nonce = bytes.subarray(0, NONCE_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(commitment));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([
      decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)),
      decipher.final(),
    ]).toString('utf8');
  } catch {
    return undefined;
  }
}
