import type { EntryDraft } from './entry.ts';
import { rotationText } from './key-chain.ts';
import type { KeySigner, NoteSigner } from './note.ts';

/** A new key of the log that is durable in its file and not yet on the ledger. */
export interface PreparedRotation {
  readonly vkey: string;
  /** The verifier key that it follows. */
  readonly previous: string;
  /** Base64 of the old key's signature over `rotationText(vkey)`. */
  readonly signature: string;
  /** Until then both sign, milliseconds since the epoch. */
  readonly overlapUntil: number;
  /** Signs what covers the rotation's entry: the new key first, then those that overlap. */
  readonly signer: NoteSigner;
}

/** The keys of a log where they are kept. All of it is durable when it returns. */
export interface KeyRotation {
  /** Every verifier key that is kept, the current one first. */
  vkeys(): readonly string[];
  /** Takes over what the ledger says is in force. Throws `config_invalid` when that key is not kept. */
  settle(vkey: string | undefined): void;
  prepare(input: { overlapUntil: number }): PreparedRotation;
  /** The entry is durable: the prepared key is the current one from here on, also when this throws. */
  complete(): void;
  /** The entry was not written. */
  discard(): void;
}

/** Signs the checkpoints of a log: its current key, and beside it those that overlap. `vkey` is the current one's. */
export interface LogSigner extends NoteSigner {
  /** There when the keys are kept where they can be replaced. */
  readonly rotation?: KeyRotation;
}

/** Signs a new key's text form with the key that it follows. */
export function signRotation(old: KeySigner, vkey: string): string {
  return Buffer.from(old.signature(rotationText(vkey))).toString('base64');
}

/** The entry by which a new key comes into force. */
export function rotationEntry(prepared: PreparedRotation, principal: string): EntryDraft {
  const { vkey, previous, signature, overlapUntil } = prepared;
  return {
    type: 'ledger.key_rotated',
    ref: { principal },
    body: { vkey, previous, signature, overlap_until: overlapUntil },
  };
}
