import { parseCheckpoint } from './checkpoint.ts';
import { openNote, parseVkey } from './note.ts';
import { verifyInclusion } from './proof.ts';
import { leafHash } from './tree.ts';

/** An entry with its proof, as the API gives it. */
export interface EntryProof {
  readonly seq: number;
  /** The canonical text that was hashed. */
  readonly entry: string;
  readonly size: number;
  /** Base64. */
  readonly proof: readonly string[];
  readonly checkpoint: string | null;
}

/** Why the proof does not show that the log whose key this is has signed the entry at its place; undefined when it does. */
export function proofProblem(given: EntryProof, vkey: string): string | undefined {
  const verifier = parseVkey(vkey);
  if (verifier === undefined) return 'the key is not a verifier key "<name>+<key id>+<base64>"';
  if (given.checkpoint === null) return `no checkpoint of size ${given.size} was signed`;
  const opened = openNote(given.checkpoint, verifier);
  if (!opened.ok) return opened.reason;
  const signed = parseCheckpoint(opened.text);
  if (signed?.origin !== verifier.name) return 'the checkpoint is of another log';
  if (signed.size !== given.size) return `the checkpoint is of size ${signed.size}, not ${given.size}`;
  const isIncluded = verifyInclusion({
    index: given.seq,
    size: given.size,
    leaf: leafHash(given.entry),
    root: Buffer.from(signed.root, 'hex'),
    proof: given.proof.map((hash) => Buffer.from(hash, 'base64')),
  });
  return isIncluded ? undefined : `the proof does not lead from entry ${given.seq} to the signed root`;
}
