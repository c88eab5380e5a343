import { type Checkpoint, parseCheckpoint } from '../checkpoint.ts';
import { type NoteVerifier, openNote } from '../note.ts';
import { verifyConsistency } from '../proof.ts';
import { emptyRoot } from '../tree.ts';

const PROOF_LINES_MAX = 63;

/** The body of `add-checkpoint`, C2SP tlog-witness: a signed checkpoint, and the proof that it extends one of size `old`. */
export interface AddCheckpoint {
  readonly old: number;
  readonly proof: readonly Uint8Array[];
  readonly note: string;
}

/** What a witness remembers of a log: the newest checkpoint that it has cosigned. */
export interface HeldCheckpoint {
  readonly size: number;
  /** Hex. */
  readonly root: string;
}

/** What a witness answers, as the HTTP status of the specification. */
export type Judgement =
  | { readonly status: 200; readonly checkpoint: Checkpoint; readonly text: string }
  | { readonly status: 409; readonly heldSize: number }
  | { readonly status: 400 | 403 | 404 | 422; readonly reason: string };

export function formatAddCheckpoint({ old, proof, note }: AddCheckpoint): string {
  const hashes = proof.map((hash) => `${Buffer.from(hash).toString('base64')}\n`);
  return `old ${old}\n${hashes.join('')}\n${note}`;
}

function readSize(text: string): number | undefined {
  const size = /^(0|[1-9][0-9]*)$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(size) ? size : undefined;
}

function readHash(line: string): Uint8Array | undefined {
  const bytes = Buffer.from(line, 'base64');
  return bytes.length === 32 && bytes.toString('base64') === line ? bytes : undefined;
}

/** Reads the body of `add-checkpoint`, or says what is malformed. The note is not opened. */
export function parseAddCheckpoint(body: string): AddCheckpoint | string {
  const end = body.indexOf('\n\n');
  if (end < 0) return 'expected an empty line between the proof and the checkpoint';
  const [first = '', ...rest] = body.slice(0, end).split('\n');
  const old = first.startsWith('old ') ? readSize(first.slice(4)) : undefined;
  if (old === undefined) return 'line 1: expected "old <size>", the size in decimal without leading zeroes';
  if (rest.length > PROOF_LINES_MAX) return `expected at most ${PROOF_LINES_MAX} lines of proof`;
  const proof = rest.map(readHash);
  const bad = proof.indexOf(undefined);
  if (bad >= 0) return `line ${bad + 2}: expected 32 bytes in base64`;
  return { old, proof: proof as Uint8Array[], note: body.slice(end + 2) };
}

function extendsHeld(
  { old, proof }: AddCheckpoint,
  { held, checkpoint }: { held: HeldCheckpoint; checkpoint: Checkpoint },
): boolean {
  const { size, root } = checkpoint;
  if (size === 0 && root !== Buffer.from(emptyRoot()).toString('hex')) return false;
  // The empty tree is the beginning of every other, so that nothing is to be proven.
  if (old === 0) return proof.length === 0;
  const firstRoot = Buffer.from(held.root, 'hex');
  return verifyConsistency({ first: old, firstRoot, size, root: Buffer.from(root, 'hex'), proof });
}

/**
 * What a witness that trusts these keys, by the log's origin, and holds these checkpoints answers to a body. 200 means:
 * the checkpoint is signed by the log and extends all that was ever cosigned of it, so it may be remembered and cosigned.
 */
export function judgeAddCheckpoint(
  body: string,
  witness: {
    readonly logs: ReadonlyMap<string, readonly NoteVerifier[]>;
    readonly held: (origin: string) => HeldCheckpoint | undefined;
  },
): Judgement {
  const request = parseAddCheckpoint(body);
  if (typeof request === 'string') return { status: 400, reason: request };
  const origin = request.note.slice(0, request.note.indexOf('\n'));
  const verifiers = witness.logs.get(origin);
  if (verifiers === undefined) return { status: 404, reason: 'this witness does not know that log' };
  const opened = openNote(request.note, verifiers);
  if (!opened.ok) return { status: opened.fault === 'malformed' ? 400 : 403, reason: opened.reason };
  const checkpoint = parseCheckpoint(opened.text);
  if (checkpoint === undefined) return { status: 400, reason: 'expected a checkpoint: origin, size, root' };
  if (request.old > checkpoint.size)
    return { status: 400, reason: `old is ${request.old}, more than the checkpoint's ${checkpoint.size}` };
  const held = witness.held(origin) ?? { size: 0, root: Buffer.from(emptyRoot()).toString('hex') };
  if (request.old !== held.size) return { status: 409, heldSize: held.size };
  if (!extendsHeld(request, { held, checkpoint })) {
    return {
      status: 422,
      reason: `the proof does not show that it extends the checkpoint of size ${held.size}`,
    };
  }
  return { status: 200, checkpoint, text: opened.text };
}
