import type { Entry } from '../ledger/entry.ts';
import { verifyInclusion } from '../ledger/proof.ts';
import { emptyFrontier, leafHash, push, rootOf } from '../ledger/tree.ts';

/** What ties the entries that were read to one signed root. Reasons complete "entry N: …". */
export interface TreeCheck {
  /** Takes the next entry; its sequence must be the next one, or at least a later one in a bundle. */
  take(entry: Entry, text: string): string | undefined;
  /** The inclusion proof of the entry taken last; only a bundle has them. */
  prove(proof: readonly Uint8Array[]): string | undefined;
  /** How many entries `head` covers. */
  size(): number;
  /** The size and the root, hex, of what was read; of the whole tree for a bundle. */
  head(): { readonly size: number; readonly root: string };
  /** Why not every entry is tied to the root, or undefined. */
  loose(): string | undefined;
}

const hex = (hash: Uint8Array): string => Buffer.from(hash).toString('hex');

/** Every entry from the first on: the tree is computed anew. */
export function wholeTree(): TreeCheck {
  const frontier = emptyFrontier();
  return {
    take({ seq }, text) {
      if (seq !== frontier.size) return `entry ${frontier.size} is missing; entry ${seq} comes in its place`;
      push(frontier, leafHash(text));
      return undefined;
    },
    prove: () => 'a whole export has no inclusion proofs',
    size: () => frontier.size,
    head: () => ({ size: frontier.size, root: hex(rootOf(frontier)) }),
    loose: () => undefined,
  };
}

/** Some entries of a larger tree, each with its inclusion proof under the root that the export names. */
export function bundledEntries({ size, root }: { size: number; root: string }): TreeCheck {
  const state: { last: number; open: { seq: number; leaf: Uint8Array } | undefined } = {
    last: -1,
    open: undefined,
  };
  const loose = (): string | undefined =>
    state.open === undefined ? undefined : `entry ${state.open.seq} has no inclusion proof`;
  return {
    take({ seq }, text) {
      const reason = loose();
      if (reason !== undefined) return reason;
      if (seq <= state.last) return `it comes after entry ${state.last}`;
      if (seq >= size) return `the tree has ${size} entries`;
      state.last = seq;
      state.open = { seq, leaf: leafHash(text) };
      return undefined;
    },
    prove(proof) {
      const { open } = state;
      if (open === undefined) return 'an inclusion proof follows no entry';
      state.open = undefined;
      const claim = { index: open.seq, size, leaf: open.leaf, root: Buffer.from(root, 'hex'), proof };
      return verifyInclusion(claim) ? undefined : 'it is not in the tree that was signed';
    },
    size: () => size,
    head: () => ({ size, root }),
    loose,
  };
}
