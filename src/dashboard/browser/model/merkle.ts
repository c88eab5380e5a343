const encoder = new TextEncoder();

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

/** SHA-256(0x00 ‖ entry), the entry in UTF-8 (RFC 6962 §2.1). */
export function leafHash(entry: string): Promise<Uint8Array> {
  return sha256(encoder.encode(`\0${entry}`));
}

/** SHA-256(0x01 ‖ left ‖ right) (RFC 6962 §2.1). */
function nodeHash({ left, right }: { left: Uint8Array; right: Uint8Array }): Promise<Uint8Array> {
  return sha256(Uint8Array.of(1, ...left, ...right));
}

export function sameBytes(pair: { a: Uint8Array; b: Uint8Array }): boolean {
  const { a, b } = pair;
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

/** Where a hash stands in its level, and where the last one does. */
interface Place {
  readonly node: number;
  readonly last: number;
}

const above = ({ node, last }: Place): Place => ({ node: Math.floor(node / 2), last: Math.floor(last / 2) });

/** After a hash on the left was taken in: up to where the path turns. */
function climb(place: Place): Place {
  let at = place;
  while (at.node % 2 === 0 && at.node !== 0) at = above(at);
  return above(at);
}

/** Whether the next hash of a proof stands to the left. */
const isRight = ({ node, last }: Place): boolean => node % 2 === 1 || node === last;

/** The root to which an audit path leads from a leaf (RFC 9162 §2.1.3.2); undefined when it has the wrong length. */
export async function rootOfPath(path: {
  readonly index: number;
  readonly size: number;
  readonly leaf: Uint8Array;
  readonly proof: readonly Uint8Array[];
}): Promise<Uint8Array | undefined> {
  const { index, size, proof } = path;
  if (index < 0 || index >= size) return undefined;
  let place: Place = { node: index, last: size - 1 };
  let hash = path.leaf;
  for (const step of proof) {
    if (place.last === 0) return undefined;
    const fromLeft = isRight(place);
    hash = await nodeHash(fromLeft ? { left: step, right: hash } : { left: hash, right: step });
    place = fromLeft ? climb(place) : above(place);
  }
  return place.last === 0 ? hash : undefined;
}

/** A tree by its size and root. */
export interface Tree {
  readonly size: number;
  readonly root: Uint8Array;
}

/** True when the proof shows that the older tree is the beginning of the newer (RFC 9162 §2.1.4.2). */
export async function isPrefix(trees: {
  readonly older: Tree;
  readonly newer: Tree;
  readonly proof: readonly Uint8Array[];
}): Promise<boolean> {
  const { older, newer, proof } = trees;
  if (older.size <= 0 || older.size > newer.size) return false;
  if (older.size === newer.size) return proof.length === 0 && sameBytes({ a: older.root, b: newer.root });
  const [start, ...rest] = Number.isInteger(Math.log2(older.size)) ? [older.root, ...proof] : proof;
  if (start === undefined) return false;
  let place: Place = { node: older.size - 1, last: newer.size - 1 };
  while (place.node % 2 === 1) place = above(place);
  let first = start;
  let second = start;
  for (const step of rest) {
    if (place.last === 0) return false;
    if (isRight(place)) {
      first = await nodeHash({ left: step, right: first });
      second = await nodeHash({ left: step, right: second });
      place = climb(place);
    } else {
      second = await nodeHash({ left: second, right: step });
      place = above(place);
    }
  }
  return (
    place.last === 0 && sameBytes({ a: first, b: older.root }) && sameBytes({ a: second, b: newer.root })
  );
}
