import { hash } from 'node:crypto';

/** Subtrees of 2^8 leaves, and of 2^8 such subtrees, … are kept: one stored hash for 256 below it. */
export const TILE_HEIGHT = 8;
export const TILE_WIDTH = 256;

/** SHA-256(0x00 ‖ entry), RFC 6962 §2.1; `entry` is hashed as UTF-8. */
export function leafHash(entry: string): Uint8Array {
  return hash('sha256', `\0${entry}`, 'buffer');
}

/** SHA-256(0x01 ‖ left ‖ right), RFC 6962 §2.1. */
export function nodeHash(pair: { left: Uint8Array; right: Uint8Array }): Uint8Array {
  const bytes = new Uint8Array(65);
  bytes[0] = 1;
  bytes.set(pair.left, 1);
  bytes.set(pair.right, 33);
  return hash('sha256', bytes, 'buffer');
}

/** SHA-256 of nothing, the root of the empty tree. */
export function emptyRoot(): Uint8Array {
  return hash('sha256', '', 'buffer');
}

/**
 * The right edge of a tree, all that is needed to append: the roots of its maximal perfect subtrees, largest first
 * (one for each set bit of `size`).
 */
export interface Frontier {
  size: number;
  readonly hashes: Uint8Array[];
}

/** A perfect subtree that an append has completed: `level` 1 covers 256 leaves, `level` 2 covers 65,536, … */
export interface TileNode {
  readonly level: number;
  readonly index: number;
  readonly hash: Uint8Array;
}

export function emptyFrontier(): Frontier {
  return { size: 0, hashes: [] };
}

export function copyFrontier(frontier: Frontier): Frontier {
  return { size: frontier.size, hashes: frontier.hashes.slice() };
}

/**
 * Appends a perfect subtree of 2^height leaves, in place; the size must be a multiple of that. A leaf has height 0.
 * `completed` collects the tile nodes that this makes complete, those of the subtree itself excepted.
 */
export function push(frontier: Frontier, hash: Uint8Array, height = 0, completed?: TileNode[]): void {
  let top = hash;
  let level = height;
  let index = frontier.size / 2 ** height;
  while (index % 2 === 1) {
    top = nodeHash({ left: frontier.hashes.pop() as Uint8Array, right: top });
    level++;
    index = (index - 1) / 2;
    if (level % TILE_HEIGHT === 0) completed?.push({ level: level / TILE_HEIGHT, index, hash: top });
  }
  frontier.hashes.push(top);
  frontier.size += 2 ** height;
}

/** The Merkle tree hash of everything appended, RFC 6962 §2.1. */
export function rootOf(frontier: Frontier): Uint8Array {
  const { hashes } = frontier;
  let root = hashes[hashes.length - 1];
  if (root === undefined) return emptyRoot();
  for (let at = hashes.length - 2; at >= 0; at--)
    root = nodeHash({ left: hashes[at] as Uint8Array, right: root });
  return root;
}

/** The stored nodes of one level that a frontier of a size is rebuilt from: indices `from` to `to`, exclusive. */
export interface NodeRange {
  readonly level: number;
  readonly from: number;
  readonly to: number;
}

/** Which tile nodes, largest first, and then which leaves, make the frontier of a tree of `size` leaves. */
export function frontierParts(size: number): {
  readonly nodes: readonly NodeRange[];
  readonly leavesFrom: number;
} {
  const nodes: NodeRange[] = [];
  for (let level = 1; size >= TILE_WIDTH ** level; level++) {
    const to = Math.floor(size / TILE_WIDTH ** level);
    const from = Math.floor(to / TILE_WIDTH) * TILE_WIDTH;
    if (from < to) nodes.unshift({ level, from, to });
  }
  return { nodes, leavesFrom: Math.floor(size / TILE_WIDTH) * TILE_WIDTH };
}
