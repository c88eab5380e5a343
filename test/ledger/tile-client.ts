import { createHash } from 'node:crypto';

/** A reader of C2SP tlog-tiles that shares no code with the log: it knows the paths, SHA-256 and RFC 6962. */

export type FetchTile = (path: string) => Promise<Uint8Array>;

export function sha256(...parts: (string | Uint8Array)[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** MTH of hashes that stand for subtrees of one height, as the specification defines it. */
export function treeHash(hashes: readonly Uint8Array[]): Uint8Array {
  const [only] = hashes;
  if (hashes.length === 1 && only !== undefined) return only;
  let split = 1;
  while (split * 2 < hashes.length) split *= 2;
  return sha256(NODE, treeHash(hashes.slice(0, split)), treeHash(hashes.slice(split)));
}

/** `x001/x234/067`. */
export function indexPath(index: number): string {
  const digits = String(index).padStart(3 * Math.ceil(String(index).length / 3), '0');
  const groups = digits.match(/.../g) ?? [];
  return groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join('/');
}

export function tilePath(tile: { level: number | 'entries'; index: number; width: number }): string {
  const partial = tile.width < 256 ? `.p/${tile.width}` : '';
  return `tile/${tile.level}/${indexPath(tile.index)}${partial}`;
}

function cut(bytes: Uint8Array): Uint8Array[] {
  if (bytes.length % 32 !== 0) throw new Error(`${bytes.length} bytes are no hashes`);
  return Array.from({ length: bytes.length / 32 }, (_, at) => bytes.subarray(at * 32, at * 32 + 32));
}

/** The hashes of a level in the tree of a size, from as many tiles as that takes. */
export async function levelHashes(
  fetchTile: FetchTile,
  { level, size }: { level: number; size: number },
): Promise<Uint8Array[]> {
  const count = Math.floor(size / 256 ** level);
  const hashes: Uint8Array[] = [];
  for (let index = 0; index * 256 < count; index++) {
    const width = Math.min(256, count - index * 256);
    const tile = cut(await fetchTile(tilePath({ level, index, width })));
    if (tile.length !== width)
      throw new Error(`tile ${level}/${index} holds ${tile.length} of ${width} hashes`);
    hashes.push(...tile);
  }
  return hashes;
}

/** The root from the right-most tile of each level alone: what a client with a checkpoint fetches first. */
export async function rootFromEdge(fetchTile: FetchTile, size: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (let level = 0; 256 ** level <= size; level++) {
    const count = Math.floor(size / 256 ** level);
    const width = count % 256;
    if (width === 0) continue;
    const tile = cut(await fetchTile(tilePath({ level, index: Math.floor(count / 256), width })));
    // Subtrees of one level, largest perfect groups first.
    const groups: Uint8Array[] = [];
    for (let at = 0, left = width; left > 0; ) {
      const group = 2 ** Math.floor(Math.log2(left));
      groups.push(treeHash(tile.slice(at, at + group)));
      at += group;
      left -= group;
    }
    parts.unshift(...groups);
  }
  return parts.reduceRight((right, left) => sha256(NODE, left, right));
}

/** The texts of an entry bundle. */
export function readBundle(bytes: Uint8Array): string[] {
  const texts: string[] = [];
  const buffer = Buffer.from(bytes);
  for (let at = 0; at < buffer.length; ) {
    const length = buffer.readUInt16BE(at);
    texts.push(buffer.subarray(at + 2, at + 2 + length).toString('utf8'));
    at += 2 + length;
  }
  return texts;
}

export function leafOfText(text: string): Uint8Array {
  return sha256(LEAF, text);
}
