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

/** The ledger as its owner holds it. */
export interface RunningLedger extends Ledger {
  /** The number of durable entries and the hex root of their tree. */
  head(): { readonly size: number; readonly root: string };
  /** A signed note that covers every entry durable when it is called; signs one when there is none yet. */
  checkpointNow(): Promise<string>;
  /** Calls the listener with entries in order, each once, after they are durable. Returns how to stop. */
  onEntries(listener: (entries: readonly Entry[]) => void): () => void;
  /** Refuses new commits with `shutting_down`, writes what is queued, and signs a last checkpoint. */
  close(): Promise<void>;
}
