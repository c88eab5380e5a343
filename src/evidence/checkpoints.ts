import { type Checkpoint, parseCheckpoint } from '../ledger/checkpoint.ts';
import { extendKeyChain, type KeyChain, type KeyEntry, keyOfSize } from '../ledger/key-chain.ts';
import { openNote } from '../ledger/note.ts';
import { findCosignature, type WitnessVerifier } from '../ledger/witness/cosignature.ts';

/** The newest checkpoint that a witness has cosigned. Time in epoch milliseconds. */
export interface Cosigned {
  readonly witness: string;
  readonly size: number;
  readonly at: number;
}

/** What is wrong with a checkpoint. `from`: everything from this entry on is in doubt, and nothing before it. */
export interface Doubt {
  readonly reason: string;
  readonly from?: number;
}

/** What is known of the log's keys and of what they signed. */
export interface CheckpointCheck {
  /** Takes in an entry that may change keys. */
  key(entry: KeyEntry): string | undefined;
  /** Checks a note against the root of the entries read so far. */
  note(note: string, head: { size: number; root: string }): Doubt | undefined;
  /** Whether the key that the auditor holds is one of this log's. */
  belongs(vkey: string): boolean;
  /** The verifier key in force after the entries read so far. */
  current(): string | undefined;
  newest(): Checkpoint | undefined;
  cosigned(): readonly Cosigned[];
}

/** Reads a note that is not verified yet; undefined when it is no checkpoint. */
export function readCheckpoint(note: string): Checkpoint | undefined {
  const split = note.lastIndexOf('\n\n');
  return split < 0 ? undefined : parseCheckpoint(note.slice(0, split + 1));
}

export function createCheckpointCheck(log: string, witnesses: readonly WitnessVerifier[]): CheckpointCheck {
  const state: { chain: KeyChain; newest: Checkpoint | undefined } = { chain: [], newest: undefined };
  const cosigned = new Map<string, Cosigned>();

  function cosignatures(note: string, size: number): string | undefined {
    const split = note.lastIndexOf('\n\n');
    const signed = { text: note.slice(0, split + 1), lines: note.slice(split + 2) };
    for (const witness of witnesses) {
      const opened = openNote(note, witness);
      if (!opened.ok && opened.fault === 'wrong') return `of its cosignatures: ${opened.reason}`;
      const found = opened.ok ? findCosignature(signed, witness) : '';
      if (typeof found === 'string') continue;
      cosigned.set(witness.vkey, { witness: witness.name, size, at: found.cosignedAt });
    }
    return undefined;
  }

  return {
    key(entry) {
      const next = extendKeyChain(state.chain, entry);
      if (typeof next === 'string') return next;
      // Only in a bundle: there an old key could otherwise sign before anything tells that it was replaced.
      if (next !== state.chain && entry.seq < (state.newest?.size ?? 0))
        return 'it changes the key of a checkpoint that stands before it';
      state.chain = next;
      return undefined;
    },
    note(note, head) {
      const key = keyOfSize(state.chain, head.size);
      if (key === undefined) return { reason: 'a checkpoint comes before the first entry' };
      const everyone = state.chain.map((known) => known.verifier);
      for (const signers of everyone.length > 1 ? [key.verifier, everyone] : [key.verifier]) {
        const opened = openNote(note, signers);
        if (!opened.ok) return { reason: `the checkpoint is not valid: ${opened.reason}` };
      }
      const signed = readCheckpoint(note);
      if (signed === undefined || signed.origin !== log)
        return { reason: 'the checkpoint is of another log' };
      if (signed.size !== head.size)
        return { reason: `a checkpoint of size ${signed.size} stands after ${head.size} entries` };
      if (signed.root !== head.root) {
        const from = state.newest?.size ?? 0;
        return { reason: `entries ${from} to ${signed.size - 1} are not those that were signed`, from };
      }
      state.newest = signed;
      const reason = cosignatures(note, signed.size);
      return reason === undefined ? undefined : { reason };
    },
    belongs: (vkey) => state.chain.some((key) => key.vkey === vkey),
    current: () => state.chain.at(-1)?.vkey,
    newest: () => state.newest,
    cosigned: () => [...cosigned.values()],
  };
}
