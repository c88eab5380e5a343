import { createHash, createHmac, createPublicKey, type KeyObject, verify } from 'node:crypto';

/** A fault found in a log; thrown by everything in this folder. */
export function fail(reason: string): never {
  throw new Error(reason);
}

export function must(condition: unknown, reason: string): asserts condition {
  if (!condition) fail(reason);
}

export const sha256 = (data: string | Uint8Array): Buffer => createHash('sha256').update(data).digest();
export const hex = (data: string | Uint8Array): string => sha256(data).toString('hex');

export function commit(salt: string, text: string): string {
  return createHmac('sha256', Buffer.from(salt, 'hex'))
    .update(`countersign/commit/v1\n${text}`)
    .digest('hex');
}

/** RFC 8785, for what JSON.parse gives. */
export function jcs(value: any): string {
  if (Array.isArray(value)) return `[${value.map(jcs).join(',')}]`;
  if (typeof value === 'string') must(value.isWellFormed(), 'a lone surrogate');
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const keys = Object.keys(value).sort((a, b) => (a < b ? -1 : 1));
  return `{${keys.map((key) => `${jcs(key)}:${jcs(value[key])}`).join(',')}}`;
}

/** JSON whose only text is the canonical one: a doubled key, a -0 or a lost digit would make it another. */
export function canonical(text: string): any {
  const value = JSON.parse(text);
  must(jcs(value) === text, 'not canonical');
  return value;
}

export const same = (a: any, b: any): boolean =>
  jcs(a === undefined ? null : a) === jcs(b === undefined ? null : b);

const ED25519 = Buffer.from('302a300506032b6570032100', 'hex');

export interface Signer {
  readonly name: string;
  readonly id: string;
  readonly type: number;
  readonly key: KeyObject;
}

export function readVkey(vkey: string): Signer {
  const [, name, id, base64] = /^([^+\s]+)\+([0-9a-f]{8})\+(.{44})$/.exec(vkey) ?? fail('not a key');
  const bytes = Buffer.from(base64 as string, 'base64');
  must(hex(Buffer.concat([Buffer.from(`${name}\n`), bytes])).slice(0, 8) === id, 'a key id does not fit');
  const key = createPublicKey({
    key: Buffer.concat([ED25519, bytes.subarray(1)]),
    format: 'der',
    type: 'spki',
  });
  return { name: name as string, id: id as string, type: bytes[0] as number, key };
}

export const ed25519 = (key: KeyObject, text: string | Uint8Array, signature: Uint8Array): boolean =>
  signature.length === 64 && verify(null, Buffer.from(text), key, signature);

/** Opens a note: `required` must have signed it, and no signature of `known` may be wrong. */
export function openNote(note: string, required: Signer, known: readonly Signer[]): string[] {
  const split = note.lastIndexOf('\n\n');
  must(split > 0 && note.endsWith('\n'), 'not a note');
  const text = note.slice(0, split + 1);
  let found = false;
  for (const line of note.slice(split + 2, -1).split('\n')) {
    const [, name, base64] = /^— (\S+) ([A-Za-z0-9+/]+=*)$/.exec(line) ?? fail('not a signature line');
    const bytes = Buffer.from(base64 as string, 'base64');
    must(bytes.length >= 5 && bytes.toString('base64') === base64, 'not base64');
    const by = known.find((one) => one.name === name && one.id === bytes.subarray(0, 4).toString('hex'));
    if (by === undefined) continue;
    must(ed25519(by.key, text, bytes.subarray(4)), 'a note has a wrong signature');
    found ||= by.id === required.id;
  }
  must(found, 'a note is not signed by the key in force');
  return text.split('\n');
}

export interface Tree {
  push(entry: string): void;
  size(): number;
  root(): string;
}

/** The tree of RFC 6962 from the left: the roots of its perfect subtrees, with their sizes. */
export function growTree(): Tree {
  const peaks: { size: number; hash: Buffer }[] = [];
  return {
    push(entry) {
      let [size, hash] = [1, sha256(Buffer.concat([Buffer.of(0), Buffer.from(entry)]))];
      while (peaks.at(-1)?.size === size) {
        hash = node((peaks.pop() as { hash: Buffer }).hash, hash);
        size *= 2;
      }
      peaks.push({ size, hash });
    },
    size: () => peaks.reduce((sum, peak) => sum + peak.size, 0),
    root() {
      const [last, ...rest] = peaks.map((peak) => peak.hash).reverse();
      return rest.reduce((root, left) => node(left, root), last ?? sha256('')).toString('hex');
    },
  };
}

function node(left: Uint8Array, right: Uint8Array): Buffer {
  return sha256(Buffer.concat([Buffer.of(1), left, right]));
}

/** The root that an audit path leads to, RFC 9162 §2.1.3.2. */
export function rootFrom(entry: string, index: number, size: number, path: readonly string[]): string {
  let [fn, sn] = [index, size - 1];
  let hash = sha256(Buffer.concat([Buffer.of(0), Buffer.from(entry)]));
  for (const step of path.map((one) => Buffer.from(one, 'base64'))) {
    must(sn > 0, 'a proof is too long');
    if (fn % 2 === 1 || fn === sn) {
      hash = node(step, hash);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn / 2, Math.floor(sn / 2)];
    } else hash = node(hash, step);
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  must(sn === 0, 'a proof is too short');
  return hash.toString('hex');
}
