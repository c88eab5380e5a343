import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  consistencyProof,
  inclusionProof,
  type RangeHash,
  verifyConsistency,
  verifyInclusion,
} from '../../src/ledger/proof.ts';
import { proveConsistency, proveInclusion, rootOfSize } from '../../src/ledger/prove.ts';
import { nodeHash } from '../../src/ledger/tree.ts';
import type { Database } from '../../src/storage/database.ts';
import { tamper } from './fixture.ts';
import { leafOf, storeTree } from './large-tree.ts';

const hex = (hashes: readonly Uint8Array[]): string[] =>
  hashes.map((one) => Buffer.from(one).toString('hex'));

/** Hashes ranges of the same tree by the definition of RFC 6962 §2.1, each range once. */
function rangesOf(size: number): RangeHash {
  const known = new Map<number, Uint8Array>();
  return function range(begin, end): Uint8Array {
    const key = begin * (size + 1) + end;
    const found = known.get(key);
    if (found !== undefined) return found;
    let split = 1;
    while (split * 2 < end - begin) split *= 2;
    const hash =
      end - begin === 1
        ? leafOf(begin)
        : nodeHash({ left: range(begin, begin + split), right: range(begin + split, end) });
    known.set(key, hash);
    return hash;
  };
}

function counting(database: Database): { database: Database; rows: () => number } {
  const read = { rows: 0 };
  return {
    rows: () => read.rows,
    database: {
      ...database,
      query: async (statement) => {
        const rows = await database.query(statement);
        read.rows += rows.length;
        return rows;
      },
    },
  };
}

describe('proofs from the database', () => {
  it('are those of the tree, for every leaf and every prefix of small trees', async () => {
    const database = await storeTree(70);
    const range = rangesOf(70);
    for (let size = 1; size <= 70; size++) {
      for (let index = 0; index < size; index += 3) {
        const made = await proveInclusion(database, { index, size });
        expect(hex(made)).toEqual(hex(inclusionProof(range, { index, size })));
        const first = index + 1;
        const grown = await proveConsistency(database, { first, size });
        expect(hex(grown)).toEqual(hex(consistencyProof(range, { first, size })));
      }
    }
  });

  it('are those of the tree, and verify, at random places of a tree with three levels of tiles', async () => {
    const total = 66_200;
    const database = await storeTree(total);
    const range = rangesOf(total);
    const edges = [1, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 65_792, total];
    const sizes = fc.oneof(fc.constantFrom(...edges), fc.integer({ min: 1, max: total }));
    const cases = sizes.chain((size) =>
      fc.record({ size: fc.constant(size), index: fc.integer({ min: 0, max: size - 1 }) }),
    );
    await fc.assert(
      fc.asyncProperty(cases, async ({ size, index }) => {
        const root = range(0, size);
        expect(hex([await rootOfSize(database, size)])).toEqual(hex([root]));
        const proof = await proveInclusion(database, { index, size });
        expect(hex(proof)).toEqual(hex(inclusionProof(range, { index, size })));
        expect(verifyInclusion({ index, size, leaf: leafOf(index), root, proof })).toBe(true);
        const first = index + 1;
        const grown = await proveConsistency(database, { first, size });
        expect(hex(grown)).toEqual(hex(consistencyProof(range, { first, size })));
        expect(verifyConsistency({ first, firstRoot: range(0, first), size, root, proof: grown })).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('read a few tiles and not the ledger', async () => {
    const { database, rows } = counting(await storeTree(66_200));
    await proveInclusion(database, { index: 33_333, size: 66_200 });
    expect(rows()).toBeLessThanOrEqual(3 * 2 * 256);
    const before = rows();
    await proveConsistency(database, { first: 40_001, size: 66_200 });
    expect(rows() - before).toBeLessThanOrEqual(3 * 2 * 256);
  });

  it('need nothing to show that a ledger extends the empty one and itself', async () => {
    const database = await storeTree(5);
    expect(await proveConsistency(database, { first: 0, size: 5 })).toEqual([]);
    expect(await proveConsistency(database, { first: 5, size: 5 })).toEqual([]);
    expect(await rootOfSize(database, 0)).toHaveLength(32);
  });

  it('say which hash is missing, and make none up', async () => {
    const database = await storeTree(600);
    const [row] = await database.query({ sql: 'PRAGMA database_list', params: [] });
    tamper(String(row?.file), 'DELETE FROM ledger_node WHERE idx = 1', 'DELETE FROM ledger WHERE seq = 599');
    await expect(proveInclusion(database, { index: 3, size: 600 })).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringMatching(/(node 1 of level 1|leaf 599) is missing.*logs verify/),
    });
  });
});
