import type { KeyObject } from 'node:crypto';
import type { RandomBytes } from '../core/ids.ts';
import { openText, sealText } from '../core/seal.ts';

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

/** Encrypts a payload, as base64, bound to its commitment, so that a ciphertext moved to another row does not open. */
export function sealPayload(
  sealing: { key: Uint8Array | KeyObject; random: RandomBytes },
  { commitment, text }: { commitment: string; text: string },
): string {
  return sealText(sealing, { context: commitment, text }).toString('base64');
}

/** The text of a sealed payload; undefined when key, commitment or ciphertext do not belong together. */
export function openPayload(
  key: Uint8Array | KeyObject,
  { commitment, ciphertext }: { commitment: string; ciphertext: string },
): string | undefined {
  return openText(key, { context: commitment, sealed: Buffer.from(ciphertext, 'base64') });
}
