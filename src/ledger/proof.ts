import { nodeHash } from './tree.ts';

/** The Merkle tree hash of the leaves `begin` to `end`, exclusive; `begin < end`. RFC 6962 §2.1. */
export type RangeHash = (begin: number, end: number) => Uint8Array;

/** The largest power of two below `count`; `count` is at least 2. */
function splitPoint(count: number): number {
  let split = 1;
  while (split * 2 < count) split *= 2;
  return split;
}

/** Hashes ranges of a list of leaf hashes. */
export function rangeHashOf(leaves: readonly Uint8Array[]): RangeHash {
  return function range(begin, end): Uint8Array {
    if (end - begin === 1) return leaves[begin] as Uint8Array;
    const middle = begin + splitPoint(end - begin);
    return nodeHash({ left: range(begin, middle), right: range(middle, end) });
  };
}

/** The leaves from `begin` to `end`, exclusive. `begin` is a multiple of every power of two below `end - begin`. */
export interface LeafRange {
  readonly begin: number;
  readonly end: number;
}

/** The ranges whose hashes are the audit path of a leaf in the tree of `size` leaves, RFC 6962 §2.1.1. `index < size`. */
export function inclusionRanges({ index, size }: { index: number; size: number }): LeafRange[] {
  const path: LeafRange[] = [];
  let begin = 0;
  let end = size;
  while (end - begin > 1) {
    const middle = begin + splitPoint(end - begin);
    if (index < middle) {
      path.unshift({ begin: middle, end });
      end = middle;
    } else {
      path.unshift({ begin, end: middle });
      begin = middle;
    }
  }
  return path;
}

/**
 * The ranges whose hashes prove that the tree of `size` leaves extends that of `first`, RFC 6962 §2.1.2.
 * `0 < first <= size`.
 */
export function consistencyRanges({ first, size }: { first: number; size: number }): LeafRange[] {
  const proof: LeafRange[] = [];
  let begin = 0;
  let end = size;
  while (first !== end) {
    const middle = begin + splitPoint(end - begin);
    if (first <= middle) {
      proof.unshift({ begin: middle, end });
      end = middle;
    } else {
      proof.unshift({ begin, end: middle });
      begin = middle;
    }
  }
  if (begin > 0) proof.unshift({ begin, end });
  return proof;
}

/** The audit path of a leaf in the tree of `size` leaves. `index < size`. */
export function inclusionProof(range: RangeHash, leaf: { index: number; size: number }): Uint8Array[] {
  return inclusionRanges(leaf).map(({ begin, end }) => range(begin, end));
}

/** The proof that the tree of `size` leaves extends that of `first`. `0 < first <= size`. */
export function consistencyProof(range: RangeHash, trees: { first: number; size: number }): Uint8Array[] {
  return consistencyRanges(trees).map(({ begin, end }) => range(begin, end));
}

function sameHash(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && Buffer.compare(a, b) === 0;
}

export interface InclusionClaim {
  readonly index: number;
  readonly size: number;
  readonly leaf: Uint8Array;
  readonly root: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/** True when the proof shows the leaf at its index under the root, RFC 9162 §2.1.3.2. */
export function verifyInclusion({ index, size, leaf, root, proof }: InclusionClaim): boolean {
  if (index < 0 || index >= size) return false;
  let node = index;
  let last = size - 1;
  let hash = leaf;
  for (const step of proof) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      hash = nodeHash({ left: step, right: hash });
      while (node % 2 === 0 && node !== 0) {
        node /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      hash = nodeHash({ left: hash, right: step });
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && sameHash(hash, root);
}

export interface ConsistencyClaim {
  readonly first: number;
  readonly firstRoot: Uint8Array;
  readonly size: number;
  readonly root: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/** True when the proof shows that the smaller tree is a prefix of the larger, RFC 9162 §2.1.4.2. */
export function verifyConsistency({ first, firstRoot, size, root, proof }: ConsistencyClaim): boolean {
  if (first <= 0 || first > size) return false;
  if (first === size) return proof.length === 0 && sameHash(firstRoot, root);
  const steps = Number.isInteger(Math.log2(first)) ? [firstRoot, ...proof] : [...proof];
  let node = first - 1;
  let last = size - 1;
  while (node % 2 === 1) {
    node = (node - 1) / 2;
    last = Math.floor(last / 2);
  }
  const [start, ...rest] = steps;
  if (start === undefined) return false;
  let older = start;
  let newer = start;
  for (const step of rest) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      older = nodeHash({ left: step, right: older });
      newer = nodeHash({ left: step, right: newer });
      while (node % 2 === 0 && node !== 0) {
        node /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      newer = nodeHash({ left: newer, right: step });
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && sameHash(older, firstRoot) && sameHash(newer, root);
}
