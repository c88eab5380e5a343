import type { Applied, Transition } from '../storage/database.ts';
import type { Entry, EntryDraft } from './entry.ts';

export type Change = Transition<EntryDraft> & {
  /** Nobody waits for it: it may be written together with the next change, at most 100 ms later. */
  readonly later?: boolean;
};

/**
 * The only way to change state: the change and its entries become durable together or not at all.
 * `commit` resolves after both are on disk. It throws `ledger_unavailable` when they could not be written or when
 * that cannot be known; the caller then dispatches nothing. Concurrent commits share one transaction.
 */
export interface Ledger {
  commit(change: Change): Promise<Applied>;
}

export interface RotateInput {
  /** How long the old key goes on signing beside the new one; 0 ends it at once. */
  readonly overlapMs: number;
  /** Who brings it about. */
  readonly principal: string;
}

export interface RotatedKey {
  /** The verifier key now in force. */
  readonly vkey: string;
  readonly previous: string;
  /** Milliseconds since the epoch. */
  readonly overlapUntil: number;
}

/** The ledger as its owner holds it. */
export interface RunningLedger extends Ledger {
  /** False from a commit that could not be written until one that was. */
  isWritable(): boolean;
  /**
   * Replaces the key that signs checkpoints, by an entry that the old key has signed. A crash at any moment leaves one
   * of both in force, the one that the ledger has. Throws `conflict` when that is not possible now, and
   * `ledger_unavailable` when the entry could not be written or that cannot be known.
   */
  rotateKey(input: RotateInput): Promise<RotatedKey>;
  /** The number of durable entries and the hex root of their tree. */
  head(): { readonly size: number; readonly root: string };
  /** A signed note that covers every entry durable when it is called; signs one when there is none yet. */
  checkpointNow(): Promise<string>;
  /** Calls the listener with entries in order, each once, after they are durable. Returns how to stop. */
  onEntries(listener: (entries: readonly Entry[]) => void): () => void;
  /** Refuses new commits with `shutting_down`, writes what is queued, signs a last checkpoint and keeps it. */
  close(): Promise<void>;
}
