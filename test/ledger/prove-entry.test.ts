import { describe, expect, it, onTestFinished } from 'vitest';
import { proofProblem } from '../../src/ledger/check-proof.ts';
import { type ProveDeps, proveEntry, proveGrowth } from '../../src/ledger/prove-entry.ts';
import { leafHash } from '../../src/ledger/tree.ts';
import { openLibsql } from '../../src/storage/libsql.ts';
import { fill, openFixture, signerOf, tamper } from './fixture.ts';

/** A ledger of 300 entries with checkpoints of size 100 and 300, which somebody may have changed since. */
async function openAfter(...statements: string[]): Promise<ProveDeps> {
  const { file, ledger, stop } = await openFixture();
  for (const count of [100, 200]) {
    await fill(ledger, count);
    await ledger.checkpointNow();
  }
  const note = await ledger.checkpointNow();
  const head = ledger.head();
  await stop();
  tamper(file, ...statements);
  const database = openLibsql({ file });
  onTestFinished(() => database.close());
  return { database, ledger: { head: () => head, checkpointNow: async () => note } };
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** An entry rewritten together with its leaf. */
function rewrite(seq: number): string {
  const text = `{"seq":${seq}}`;
  return `UPDATE ledger SET entry = '${text}', leaf = '${hex(leafHash(text))}' WHERE seq = ${seq}`;
}

describe('proving an entry', () => {
  it('gives what a stranger can check with the key alone', async () => {
    const deps = await openAfter();
    for (const size of [100, 300]) {
      const { proof, note, ...rest } = await proveEntry(deps, { seq: 42, size });
      const given = { ...rest, proof: proof.map((hash) => Buffer.from(hash).toString('base64')) };
      expect(proofProblem({ ...given, checkpoint: note ?? null }, signerOf().vkey)).toBeUndefined();
    }
  });

  it.each([
    ['the entry was rewritten with its leaf', rewrite(42)],
    ['the entry was rewritten and its leaf was not', "UPDATE ledger SET entry = '{}' WHERE seq = 42"],
    ['another entry was rewritten with its leaf', rewrite(43)],
    ['a node above it was changed', 'UPDATE ledger_node SET hash = lower(hex(randomblob(32)))'],
    ['it was deleted', 'DELETE FROM ledger WHERE seq = 42'],
  ])('gives nothing when %s', async (_, sql) => {
    const deps = await openAfter(sql);
    // The node stands for entries 0 to 255: a proof of 280 needs it, one of 42 needs its siblings.
    const asked = sql.includes('ledger_node') ? 280 : 42;
    await expect(proveEntry(deps, { seq: asked })).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringMatching(/changed outside Countersign: .*logs verify/),
    });
  });
});

describe('proving growth', () => {
  it('gives nothing when what was signed before was rewritten', async () => {
    expect((await proveGrowth(await openAfter(), { first: 100 })).proof.length).toBeGreaterThan(0);
    const deps = await openAfter(rewrite(42));
    await expect(proveGrowth(deps, { first: 100 })).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringMatching(/the tree of 100 entries/),
    });
  });
});
