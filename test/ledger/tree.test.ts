import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  consistencyProof,
  inclusionProof,
  rangeHashOf,
  verifyConsistency,
  verifyInclusion,
} from '../../src/ledger/proof.ts';
import {
  copyFrontier,
  emptyFrontier,
  emptyRoot,
  type Frontier,
  frontierParts,
  leafHash,
  nodeHash,
  push,
  rootOf,
  type TileNode,
} from '../../src/ledger/tree.ts';
import vectors from './vectors/rfc6962.json' with { type: 'json' };

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const leaf = (index: number) => leafHash(`leaf ${index}`);
const leavesOf = (size: number) => Array.from({ length: size }, (_, index) => leaf(index));

/** The definition of RFC 6962 §2.1, word for word. */
function naiveRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return emptyRoot();
  if (leaves.length === 1) return leaves[0] as Uint8Array;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return nodeHash({ left: naiveRoot(leaves.slice(0, split)), right: naiveRoot(leaves.slice(split)) });
}

function grow(size: number): { frontier: Frontier; nodes: TileNode[] } {
  const frontier = emptyFrontier();
  const nodes: TileNode[] = [];
  for (let index = 0; index < size; index++) push(frontier, leaf(index), 0, nodes);
  return { frontier, nodes };
}

describe('the tree', () => {
  const known = vectors.leaves.map((input) => leafHash(Buffer.from(input, 'hex').toString('latin1')));

  it('has the roots of the reference tree', () => {
    const frontier = emptyFrontier();
    for (const [size, root] of vectors.roots.entries()) {
      expect(hex(rootOf(frontier))).toBe(root);
      if (size < known.length) push(frontier, known[size] as Uint8Array);
    }
  });

  it('makes and accepts the proofs of the reference tree', () => {
    const range = rangeHashOf(known);
    const root = (size: number) => Buffer.from(vectors.roots[size] as string, 'hex');
    for (const { index, size, proof } of vectors.inclusion) {
      const made = inclusionProof(range, { index, size });
      expect(made.map(hex)).toEqual(proof);
      expect(
        verifyInclusion({ index, size, leaf: known[index] as Uint8Array, root: root(size), proof: made }),
      ).toBe(true);
    }
    for (const { first, size, proof } of vectors.consistency) {
      const made = consistencyProof(range, { first, size });
      expect(made.map(hex)).toEqual(proof);
      expect(verifyConsistency({ first, firstRoot: root(first), size, root: root(size), proof: made })).toBe(
        true,
      );
    }
  });

  it('has the root of the definition at every size', () => {
    const leaves = leavesOf(600);
    const frontier = emptyFrontier();
    for (let size = 0; size <= leaves.length; size++) {
      if (size < 40 || size % 37 === 0 || size % 256 < 2)
        expect(hex(rootOf(frontier))).toBe(hex(naiveRoot(leaves.slice(0, size))));
      if (size < leaves.length) push(frontier, leaves[size] as Uint8Array);
    }
  });

  it('reports each completed subtree of 256 and of 65,536 leaves once, with its hash', () => {
    const { nodes } = grow(65_536 + 300);
    const first = nodes.filter((node) => node.level === 1);
    expect(first.map((node) => node.index)).toEqual(Array.from({ length: 257 }, (_, index) => index));
    expect(hex(first[1]?.hash as Uint8Array)).toBe(hex(naiveRoot(leavesOf(512).slice(256))));
    const second = nodes.filter((node) => node.level === 2);
    expect(second.map((node) => node.index)).toEqual([0]);
    expect(hex(second[0]?.hash as Uint8Array)).toBe(
      hex(naiveRoot(first.slice(0, 256).map((node) => node.hash))),
    );
  });

  it.each([0, 1, 255, 256, 257, 511, 512, 1000, 65_535, 65_536, 65_537, 66_100])(
    'is rebuilt from its stored nodes and last leaves at size %i',
    (size) => {
      const { frontier, nodes } = grow(size);
      const rebuilt = emptyFrontier();
      const parts = frontierParts(size);
      for (const { level, from, to } of parts.nodes) {
        for (let index = from; index < to; index++) {
          const node = nodes.find((one) => one.level === level && one.index === index) as TileNode;
          push(rebuilt, node.hash, level * 8);
        }
      }
      for (let index = parts.leavesFrom; index < size; index++) push(rebuilt, leaf(index));
      expect(rebuilt).toEqual(frontier);
    },
  );

  it('leaves a copied frontier alone', () => {
    const { frontier } = grow(3);
    const before = hex(rootOf(frontier));
    push(copyFrontier(frontier), leaf(3));
    expect([frontier.size, hex(rootOf(frontier))]).toEqual([3, before]);
  });
});

describe('proofs', () => {
  const sizes = fc
    .integer({ min: 1, max: 200 })
    .chain((size) =>
      fc.record({ size: fc.constant(size), at: fc.integer({ min: 0, max: size - 1 }), flip: fc.nat() }),
    );

  it('show every leaf under its root, and no other', () => {
    fc.assert(
      fc.property(sizes, ({ size, at, flip }) => {
        const leaves = leavesOf(size);
        const proof = inclusionProof(rangeHashOf(leaves), { index: at, size });
        const claim = { index: at, size, leaf: leaf(at), root: naiveRoot(leaves), proof };
        expect(verifyInclusion(claim)).toBe(true);
        expect(verifyInclusion({ ...claim, leaf: leaf(size + 1) })).toBe(false);
        expect(verifyInclusion({ ...claim, proof: [...proof, leaf(0)] })).toBe(false);
        expect(verifyInclusion({ ...claim, index: size })).toBe(false);
        if (size > 1) {
          expect(verifyInclusion({ ...claim, index: (at + 1 + (flip % (size - 1))) % size })).toBe(false);
          expect(verifyInclusion({ ...claim, proof: proof.slice(1) })).toBe(false);
          const broken = proof.map((step, index) => (index === flip % proof.length ? leaf(0) : step));
          if (broken.map(hex).join() !== proof.map(hex).join())
            expect(verifyInclusion({ ...claim, proof: broken })).toBe(false);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('show every smaller tree as a prefix, and no other', () => {
    fc.assert(
      fc.property(sizes, ({ size, at, flip }) => {
        const leaves = leavesOf(size);
        const first = at + 1;
        const proof = consistencyProof(rangeHashOf(leaves), { first, size });
        const claim = {
          first,
          firstRoot: naiveRoot(leaves.slice(0, first)),
          size,
          root: naiveRoot(leaves),
          proof,
        };
        expect(verifyConsistency(claim)).toBe(true);
        const other = [...leaves.slice(0, first - 1), leaf(size + 1)];
        expect(verifyConsistency({ ...claim, firstRoot: naiveRoot(other) })).toBe(false);
        expect(verifyConsistency({ ...claim, root: leaf(size + 2) })).toBe(false);
        expect(verifyConsistency({ ...claim, proof: [...proof, leaf(0)] })).toBe(false);
        expect(verifyConsistency({ ...claim, first: 0 })).toBe(false);
        expect(verifyConsistency({ ...claim, first: size + 1 })).toBe(false);
        if (proof.length > 0) {
          expect(verifyConsistency({ ...claim, proof: proof.slice(1) })).toBe(false);
          const broken = proof.map((step, index) => (index === flip % proof.length ? leaf(size + 3) : step));
          expect(verifyConsistency({ ...claim, proof: broken })).toBe(false);
        }
      }),
      { numRuns: 300 },
    );
  });
});
