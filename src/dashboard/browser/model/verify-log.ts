import { isJsonObject, type JsonObject, parseStrict } from '../../../core/json.ts';
import type { ConsistencyProof, InclusionProof } from '../../../sdk/ledger.ts';
import { bytesOfBase64 } from './bytes.ts';
import { openCheckpoint, type SignedHead } from './log-key.ts';
import { isPrefix, leafHash, rootOfPath, sameBytes, type Tree } from './merkle.ts';

/** What this page has found by its own computing. */
export interface ProvenEntry {
  /** Read from the very text that was hashed. */
  readonly entry: JsonObject;
  readonly head: SignedHead;
}

/**
 * Recomputes the hash of an entry and its way up to the signed root. Throws an `Error` that says what is wrong: then
 * the entry is not shown to be in the log.
 */
export async function verifyInclusion(given: InclusionProof, vkey: string): Promise<ProvenEntry> {
  if (given.checkpoint === null) throw new Error(`No checkpoint of size ${given.size} was signed.`);
  const head = await openCheckpoint(given.checkpoint, vkey);
  if (head.size !== given.size) throw new Error(`The checkpoint is of size ${head.size}, not ${given.size}.`);
  const proof = given.proof.map(bytesOfBase64);
  const leaf = await leafHash(given.entry);
  const root = await rootOfPath({ index: given.seq, size: given.size, leaf, proof });
  if (root === undefined || !sameBytes({ a: root, b: head.root }))
    throw new Error(`The proof does not lead from entry ${given.seq} to the signed root.`);
  const entry = parseStrict(given.entry);
  if (!isJsonObject(entry) || entry.seq !== given.seq)
    throw new Error(`The text that was hashed is not entry ${given.seq}.`);
  return { entry, head };
}

/** Whether a head continues a tree that was seen earlier. Throws an `Error` when it is not shown. */
export async function verifyGrowth(
  given: ConsistencyProof,
  trees: { older: Tree; newer: Tree },
): Promise<void> {
  const { older, newer } = trees;
  const proof = given.proof.map(bytesOfBase64);
  if (!(await isPrefix({ older, newer, proof })))
    throw new Error(`The log no longer begins with the ${older.size} entries that this browser has seen.`);
}
