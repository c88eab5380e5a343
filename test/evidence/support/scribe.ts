import { createHash } from 'node:crypto';
import { canonicalize } from '../../../src/core/canonical.ts';
import { commitment } from '../../../src/core/digest.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import {
  checkpointLine,
  endLine,
  entryLine,
  headerLine,
  payloadLine,
} from '../../../src/evidence/export-lines.ts';
import { formatCheckpoint } from '../../../src/ledger/checkpoint.ts';
import { type Entry, type EntryRef, entryText } from '../../../src/ledger/entry.ts';
import { type KeySigner, type NoteSigner, newSkey, parseSkey } from '../../../src/ledger/note.ts';
import { emptyFrontier, leafHash, push, rootOf } from '../../../src/ledger/tree.ts';

export const LOG = 'localhost/default';
export const START_MS = Date.UTC(2026, 0, 5, 12);

/** A log key that follows from one byte. */
export function logKey(byte = 7): KeySigner {
  return parseSkey(newSkey({ name: LOG, random: (size) => new Uint8Array(size).fill(byte) })) as KeySigner;
}

/** A text with its salt, of which an entry holds the commitment. */
export interface Secret {
  readonly text: string;
  readonly salt: string;
  readonly commit: string;
}

/** Writes a log entry by entry, honest or not, and the export of it. Everything follows from the calls alone. */
export interface Scribe {
  /** Signs from now on; a rotation sets another. */
  signer: NoteSigner;
  /** Epoch milliseconds; grows by a second with each entry. */
  now: number;
  /** 32 bytes that never repeat. */
  random(): Buffer;
  secret(text: string): Secret;
  append(type: string, ref: EntryRef, body: JsonObject): Entry;
  /** Discloses a text behind the entry before. */
  disclose(payload: { id: string; of: string; secret: Secret }): void;
  /** Signs what there is. */
  checkpoint(): string;
  size(): number;
  root(): string;
  /** The lines so far, without header and end. */
  readonly lines: string[];
  /** The whole export, with a checkpoint of its end. */
  export(): string;
}

export function createScribe(): Scribe {
  const frontier = emptyFrontier();
  const lines: string[] = [];
  const drawn = { count: 0 };
  const root = (): string => Buffer.from(rootOf(frontier)).toString('hex');
  const scribe: Scribe = {
    signer: logKey(),
    now: START_MS,
    lines,
    size: () => frontier.size,
    root,
    random: () =>
      createHash('sha256')
        .update(`random ${drawn.count++}`)
        .digest(),
    secret(text) {
      const salt = scribe.random();
      return { text, salt: salt.toString('hex'), commit: commitment(salt, text) };
    },
    append(type, ref, body) {
      scribe.now += 1_000;
      const entry = { v: 1, log: LOG, seq: frontier.size, ts: scribe.now, type, ref, body } as Entry;
      const text = entryText(entry);
      push(frontier, leafHash(text));
      lines.push(entryLine(text));
      return entry;
    },
    disclose: ({ id, of, secret: { salt, text } }) => void lines.push(payloadLine({ id, of, salt, text })),
    checkpoint() {
      const note = scribe.signer.sign(formatCheckpoint({ origin: LOG, size: frontier.size, root: root() }));
      lines.push(checkpointLine(note));
      return note;
    },
    export() {
      const size = frontier.size;
      const header = headerLine({
        log: LOG,
        vkey: scribe.signer.vkey,
        size,
        root: root(),
        exportedAt: scribe.now,
        approval: undefined,
      });
      const note = scribe.signer.sign(formatCheckpoint({ origin: LOG, size, root: root() }));
      return [header, ...lines, checkpointLine(note), endLine({ size, root: root() })].join('');
    },
  };
  return scribe;
}

/** The text of a statement with its challenge. */
export function statementOf(members: JsonObject): { text: string; challenge: Buffer } {
  const text = canonicalize(members);
  return { text, challenge: createHash('sha256').update(`countersign/statement/v1\n${text}`).digest() };
}
