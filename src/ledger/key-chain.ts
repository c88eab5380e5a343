import type { JsonObject } from '../core/json.ts';
import { type NoteVerifier, parseVkey } from './note.ts';

/** A key of the log and the entry that brings it into force. */
export interface LogKey {
  /** `<name>+<key id>+<base64 key>`. */
  readonly vkey: string;
  readonly verifier: NoteVerifier;
  /** It signs every checkpoint that covers this entry, until the next key does. */
  readonly fromSeq: number;
}

/** The keys of a log in the order in which they came into force: the one of genesis, then one for each rotation. */
export type KeyChain = readonly LogKey[];

/** The members of an entry that decide about keys. */
export interface KeyEntry {
  readonly seq: number;
  readonly type: string;
  readonly log: string;
  readonly body: JsonObject;
}

/** What the old key signs to hand over to a new one. */
export function rotationText(vkey: string): string {
  return `countersign/rotate/v1\n${vkey}\n`;
}

function readKey({ seq, log, body }: KeyEntry): LogKey | string {
  const vkey = body.vkey;
  const verifier = typeof vkey === 'string' ? parseVkey(vkey) : undefined;
  if (typeof vkey !== 'string' || verifier === undefined) return 'its vkey is not a verifier key';
  if (verifier.name !== log) return `its vkey is of ${verifier.name}, not of this log`;
  return { vkey, verifier, fromSeq: seq };
}

function readSignature(body: JsonObject): Uint8Array | undefined {
  if (typeof body.signature !== 'string') return undefined;
  const bytes = Buffer.from(body.signature, 'base64');
  return bytes.toString('base64') === body.signature ? bytes : undefined;
}

function begin(chain: KeyChain, entry: KeyEntry): KeyChain | string {
  if (entry.seq !== 0 || chain.length > 0) return 'a log has one genesis, its first entry';
  if (entry.body.format !== 'countersign/ledger/v1') return 'its format is not countersign/ledger/v1';
  const key = readKey(entry);
  return typeof key === 'string' ? key : [key];
}

function rotate(chain: KeyChain, entry: KeyEntry): KeyChain | string {
  const current = chain.at(-1);
  if (current === undefined) return 'no key is in force that could hand over';
  const next = readKey(entry);
  if (typeof next === 'string') return next;
  if (entry.body.previous !== current.vkey) return 'its previous key is not the one in force';
  if (chain.some((key) => key.vkey === next.vkey)) return 'its key was in force before';
  if (!Number.isSafeInteger(entry.body.overlap_until)) return 'its overlap_until is not a time';
  const signature = readSignature(entry.body);
  if (signature === undefined || !current.verifier.verifies({ text: rotationText(next.vkey), signature })) {
    return 'it is not signed by the key in force before it';
  }
  return [...chain, next];
}

/**
 * The chain after an entry; the same for entries that are not about the log's keys. Feed it entries in order, from
 * genesis on. The reason when the entry is no genesis, or no rotation that the key in force has signed.
 */
export function extendKeyChain(chain: KeyChain, entry: KeyEntry): KeyChain | string {
  if (entry.type === 'ledger.genesis') return begin(chain, entry);
  return entry.type === 'ledger.key_rotated' ? rotate(chain, entry) : chain;
}

/** The key that must have signed a checkpoint of `size` entries, whoever else signed beside it; undefined for no key. */
export function keyOfSize(chain: KeyChain, size: number): LogKey | undefined {
  return chain.findLast((key) => key.fromSeq < size) ?? chain[0];
}
