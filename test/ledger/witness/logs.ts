import { formatCheckpoint } from '../../../src/ledger/checkpoint.ts';
import { consistencyProof, rangeHashOf } from '../../../src/ledger/proof.ts';
import { emptyRoot, leafHash } from '../../../src/ledger/tree.ts';
import { formatAddCheckpoint } from '../../../src/ledger/witness/add-checkpoint.ts';
import { signerOf } from '../fixture.ts';

/** A log of texts in memory that signs whatever it is asked to. */
export interface TestLog {
  readonly origin: string;
  readonly vkey: string;
  /** Hex. */
  root(size: number): string;
  note(size: number): string;
  proof(first: number, size: number): Uint8Array[];
  /** The body of `add-checkpoint` that an honest log sends. */
  body(old: number, size: number): string;
}

/** `fork`: from that entry on its texts are others than those of the log without one. */
export function testLog(options: { origin?: string; fork?: number; key?: number } = {}): TestLog {
  const { origin = 'log.example/a', fork = Number.POSITIVE_INFINITY, key = 7 } = options;
  const signer = signerOf(origin, key);
  const leaves = Array.from({ length: 64 }, (_, index) =>
    leafHash(`${index < fork ? 'entry' : 'fork'} ${index}`),
  );
  const range = rangeHashOf(leaves);
  const root = (size: number) => Buffer.from(size === 0 ? emptyRoot() : range(0, size)).toString('hex');
  const note = (size: number) => signer.sign(formatCheckpoint({ origin, size, root: root(size) }));
  const proof = (first: number, size: number) =>
    first === 0 || first >= size ? [] : consistencyProof(range, { first, size });
  return {
    origin,
    vkey: signer.vkey,
    root,
    note,
    proof,
    body: (old, size) => formatAddCheckpoint({ old, proof: proof(old, size), note: note(size) }),
  };
}
