import { CountersignError } from '../core/errors.ts';
import type { Reader } from '../storage/database.ts';
import { parseCheckpoint } from './checkpoint.ts';
import type { RunningLedger } from './ledger.ts';
import { verifyConsistency, verifyInclusion } from './proof.ts';
import { proveConsistency, proveInclusion, rootOfSize } from './prove.ts';
import { checkpointOfSize, readEntries } from './store.ts';
import { leafHash } from './tree.ts';
import { withCosignatures } from './witness/store.ts';

export interface ProveDeps {
  readonly database: Reader;
  readonly ledger: Pick<RunningLedger, 'head' | 'checkpointNow'>;
}

/** A tree to prove against. `note` is there when a checkpoint of exactly that size was signed. */
interface SignedTree {
  readonly size: number;
  readonly root: Uint8Array;
  readonly note: string | undefined;
}

export interface ProvenEntry {
  readonly seq: number;
  /** The canonical text that was hashed. */
  readonly entry: string;
  readonly leaf: Uint8Array;
  readonly size: number;
  readonly proof: readonly Uint8Array[];
  /** The checkpoint of that size with its cosignatures. */
  readonly note: string | undefined;
}

export interface ProvenGrowth {
  readonly first: number;
  readonly size: number;
  readonly proof: readonly Uint8Array[];
  readonly note: string | undefined;
}

function notFound(message: string): never {
  throw new CountersignError('not_found', message);
}

/** Proofs are checked before they leave: a database that was changed yields none. */
function refuse(what: string): never {
  throw new CountersignError(
    'internal',
    `The ledger was changed outside Countersign: ${what} is not what was signed. Run "countersign logs verify".`,
  );
}

async function newestSize({ ledger }: ProveDeps): Promise<number> {
  const [text = ''] = (await ledger.checkpointNow()).split('\n\n');
  return parseCheckpoint(`${text}\n`)?.size ?? ledger.head().size;
}

/** The tree of so many entries, or the newest one, which is signed first if need be. */
async function treeOf(deps: ProveDeps, asked: number | undefined): Promise<SignedTree> {
  const size = asked ?? (await newestSize(deps));
  const held = deps.ledger.head().size;
  if (size > held) notFound(`size: the ledger holds ${held} entries, not ${size}.`);
  const checkpoint = await checkpointOfSize(deps.database, size);
  if (checkpoint === undefined) return { size, root: await rootOfSize(deps.database, size), note: undefined };
  const note = await withCosignatures(deps.database, checkpoint);
  return { size, root: Buffer.from(checkpoint.root, 'hex'), note };
}

/**
 * One entry and the proof that it is the one at its place among the first `size` (all of them unless told). Throws
 * `not_found` when there is no such entry or tree, `internal` when what is stored does not fit what was signed.
 */
export async function proveEntry(
  deps: ProveDeps,
  { seq, size: asked }: { seq: number; size?: number },
): Promise<ProvenEntry> {
  const { size, root, note } = await treeOf(deps, asked);
  if (seq >= size)
    notFound(`seq: the first ${size} entries are numbered 0 to ${size - 1}; there is no ${seq}.`);
  const [row] = await readEntries(deps.database, { from: seq, limit: 1 });
  if (row?.seq !== seq) refuse(`entry ${seq}`);
  const leaf = leafHash(row.text);
  const proof = await proveInclusion(deps.database, { index: seq, size });
  if (!verifyInclusion({ index: seq, size, leaf, root, proof })) refuse(`entry ${seq}`);
  return { seq, entry: row.text, leaf, size, proof, note };
}

/**
 * The proof that the first `size` entries (all of them unless told) begin with the first `first`. Throws `not_found`
 * for sizes that the ledger does not have in that order, `internal` like `proveEntry`.
 */
export async function proveGrowth(
  deps: ProveDeps,
  { first, size: asked }: { first: number; size?: number },
): Promise<ProvenGrowth> {
  const { size, root, note } = await treeOf(deps, asked);
  if (first > size) notFound(`first: expected at most size, which is ${size}, but got ${first}.`);
  const proof = await proveConsistency(deps.database, { first, size });
  if (first > 0) {
    const { root: firstRoot } = await treeOf(deps, first);
    if (!verifyConsistency({ first, firstRoot, size, root, proof })) refuse(`the tree of ${first} entries`);
  }
  return { first, size, proof, note };
}
