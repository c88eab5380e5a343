import { CountersignError } from '../core/errors.ts';
import type { Reader } from '../storage/database.ts';
import { consistencyRanges, inclusionRanges, type LeafRange } from './proof.ts';
import { readNodes } from './store.ts';
import { spansOf, type TileSpan } from './tile.ts';
import { emptyFrontier, nodeHash, push, rootOf, TILE_WIDTH } from './tree.ts';

/** Hashes of the tree by tile, each tile read once. */
type Tiles = Map<string, Promise<Uint8Array[]>>;

function missing(level: number, index: number): CountersignError {
  const what = level === 0 ? `leaf ${index}` : `node ${index} of level ${level}`;
  return new CountersignError(
    'internal',
    `The ledger was changed outside Countersign: ${what} is missing. Run "countersign logs verify".`,
  );
}

/** The hashes of a level from `from` to `to`, exclusive. All must be there; throws `internal` otherwise. */
export async function readHashes(database: Reader, { level, from, to }: TileSpan): Promise<Uint8Array[]> {
  const hashes = await readNodes(database, { level, from, to });
  if (hashes.length !== to - from) throw missing(level, from + hashes.length);
  return hashes.map((hash) => Buffer.from(hash, 'hex'));
}

/** Tree sizes are not known here: the last tile of a level may be partial, and is read as far as it goes. */
async function readTile(database: Reader, tile: { level: number; index: number }): Promise<Uint8Array[]> {
  const from = tile.index * TILE_WIDTH;
  const hashes = await readNodes(database, { level: tile.level, from, to: from + TILE_WIDTH });
  return hashes.map((hash) => Buffer.from(hash, 'hex'));
}

async function spanHash(database: Reader, tiles: Tiles, span: TileSpan): Promise<Uint8Array> {
  const index = Math.floor(span.from / TILE_WIDTH);
  const key = `${span.level}/${index}`;
  const reading = tiles.get(key) ?? readTile(database, { level: span.level, index });
  tiles.set(key, reading);
  const hashes = await reading;
  const subtree = emptyFrontier();
  for (let at = span.from; at < span.to; at++) {
    const hash = hashes[at - index * TILE_WIDTH];
    if (hash === undefined) throw missing(span.level, at);
    push(subtree, hash);
  }
  return rootOf(subtree);
}

async function rangeHash(database: Reader, tiles: Tiles, range: LeafRange): Promise<Uint8Array> {
  const hashes = await Promise.all(spansOf(range).map((span) => spanHash(database, tiles, span)));
  return hashes.reduceRight((right, left) => nodeHash({ left, right }));
}

function hashRanges(database: Reader, ranges: readonly LeafRange[]): Promise<Uint8Array[]> {
  const tiles: Tiles = new Map();
  return Promise.all(ranges.map((range) => rangeHash(database, tiles, range)));
}

/**
 * The audit path of a leaf in the tree of the first `size` entries (RFC 6962 §2.1.1); `0 <= index < size`, and that
 * many must be stored. Reads two tiles of 256 hashes for each level of tiles, however long the ledger is. Trusts the
 * stored hashes: whoever hands the proof on checks it. Throws `internal` when a hash is missing.
 */
export function proveInclusion(
  database: Reader,
  leaf: { index: number; size: number },
): Promise<Uint8Array[]> {
  return hashRanges(database, inclusionRanges(leaf));
}

/**
 * The proof that the first `size` entries begin with the first `first` (RFC 6962 §2.1.2); `0 <= first <= size`. Empty
 * when `first` is 0 or `size`. The costs and the duties are those of `proveInclusion`.
 */
export async function proveConsistency(
  database: Reader,
  trees: { first: number; size: number },
): Promise<Uint8Array[]> {
  return trees.first === 0 ? [] : hashRanges(database, consistencyRanges(trees));
}

/** The root of the first `size` entries, from the same tiles. */
export async function rootOfSize(database: Reader, size: number): Promise<Uint8Array> {
  if (size === 0) return rootOf(emptyFrontier());
  const [root] = await hashRanges(database, [{ begin: 0, end: size }]);
  return root as Uint8Array;
}
