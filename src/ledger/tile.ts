import type { LeafRange } from './proof.ts';
import { TILE_HEIGHT, TILE_WIDTH } from './tree.ts';

/** A row of hashes of the tree, or a bundle of the entries below a tile of level 0. C2SP tlog-tiles. */
export interface Tile {
  readonly kind: 'hashes' | 'entries';
  /** Each hash covers 256^level leaves. */
  readonly level: number;
  readonly index: number;
  /** 1 to 256; under 256 the tile is partial. */
  readonly width: number;
}

const LEVELS = 64;

function readIndex(parts: readonly string[]): number | undefined {
  const digits = parts.map((part, at) =>
    at < parts.length - 1 ? /^x([0-9]{3})$/.exec(part)?.[1] : /^([0-9]{3})$/.exec(part)?.[1],
  );
  if (digits.length === 0 || digits.includes(undefined)) return undefined;
  // The index of a tile has one path: a leading group of zeros would be a second one.
  if (digits.length > 1 && digits[0] === '000') return undefined;
  const index = Number(digits.join(''));
  return Number.isSafeInteger(index) ? index : undefined;
}

/**
 * Reads what follows `tile/` in a path: `<L>/<N>`, `entries/<N>`, each with `.p/<W>` behind when the tile is partial;
 * undefined when it is anything else. A well-formed path says nothing about whether the tile exists.
 */
export function parseTilePath(path: string): Tile | undefined {
  const match = /^(entries|0|[1-9][0-9]?)\/([x0-9/]{3,40}?)(?:\.p\/([1-9][0-9]{0,2}))?$/.exec(path);
  if (match === null) return undefined;
  const [, what = '', path3 = '', partial] = match;
  const level = what === 'entries' ? 0 : Number(what);
  const index = readIndex(path3.split('/'));
  const width = partial === undefined ? TILE_WIDTH : Number(partial);
  if (index === undefined || level >= LEVELS || (partial !== undefined && width >= TILE_WIDTH))
    return undefined;
  return { kind: what === 'entries' ? 'entries' : 'hashes', level, index, width };
}

/** True when a tree of `size` leaves has the tile: every subtree that its hashes stand for is complete. */
export function isTileOf({ level, index, width }: Tile, size: number): boolean {
  return (index * TILE_WIDTH + width) * TILE_WIDTH ** level <= size;
}

/** A perfect subtree as a tile holds it: the 2^n hashes of one tile from `from` to `to`, exclusive. */
export interface TileSpan {
  readonly level: number;
  readonly from: number;
  readonly to: number;
}

/**
 * The perfect subtrees that a range of a proof is made of, largest first. Hashed together from the right, each with
 * what lies right of it, they give the hash of the range.
 */
export function spansOf({ begin, end }: LeafRange): TileSpan[] {
  const spans: TileSpan[] = [];
  let at = begin;
  while (at < end) {
    const height = Math.floor(Math.log2(end - at));
    const level = Math.floor(height / TILE_HEIGHT);
    const unit = TILE_WIDTH ** level;
    spans.push({ level, from: at / unit, to: at / unit + 2 ** (height % TILE_HEIGHT) });
    at += 2 ** height;
  }
  return spans;
}
