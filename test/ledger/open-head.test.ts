import { describe, expect, it } from 'vitest';
import { verifyLedger } from '../../src/ledger/verify.ts';
import { draft, fill, openFixture, signerOf, tamper } from './fixture.ts';

async function stored(count: number, { checkpoint = true } = {}): Promise<{ file: string; root: string }> {
  const { file, ledger, stop } = await openFixture();
  await fill(ledger, count);
  if (checkpoint) await ledger.close();
  const { root } = ledger.head();
  await stop();
  return { file, root };
}

describe('opening a stored ledger', () => {
  it.each([0, 1, 255, 256, 257, 600, 1_100])(
    'goes on where %i entries left it after a crash',
    async (count) => {
      const first = await openFixture();
      const { file, signer } = first;
      await fill(first.ledger, count);
      if (count > 2) await first.ledger.commit({ entries: [draft({}, 'approval.decided')] });
      await fill(first.ledger, 3);
      const head = first.ledger.head();
      await first.stop();
      const second = await openFixture({ file });
      expect(second.ledger.head()).toEqual(head);
      await fill(second.ledger, 300);
      expect(await verifyLedger(second.database, { vkey: signer.vkey })).toMatchObject({
        ok: true,
        ...second.ledger.head(),
      });
    },
  );

  it('keeps times from going back across a restart', async () => {
    const first = await openFixture();
    first.clock.nowMs += 60_000;
    await fill(first.ledger, 2);
    await first.ledger.close();
    await first.stop();
    const second = await openFixture({ file: first.file });
    await fill(second.ledger, 1);
    expect((await verifyLedger(second.database, { vkey: second.signer.vkey })).ok).toBe(true);
  });

  it('signs what a crash has left unsigned, by the timer', async () => {
    const { file } = await stored(3, { checkpoint: false });
    const { timers } = await openFixture({ file });
    expect(timers.waiting()).toHaveLength(1);
  });

  it.each([
    [
      'an entry was edited',
      "UPDATE ledger SET entry = replace(entry, 'req_5', 'req_6') WHERE seq = 590",
      /do not have the root/,
    ],
    ['the last signed entry is gone', 'DELETE FROM ledger WHERE seq = 599', /entry 599 is missing/],
    ['an entry between is gone', 'DELETE FROM ledger WHERE seq = 590', /entry 590 is missing/],
    ['a tree node is gone', 'DELETE FROM ledger_node WHERE idx = 1', /tree nodes of level 1 are missing/],
    [
      'a tree node was edited',
      'UPDATE ledger_node SET hash = lower(hex(randomblob(32))) WHERE idx = 1',
      /do not have the root/,
    ],
    [
      'a checkpoint was edited',
      'UPDATE checkpoint SET root = lower(hex(randomblob(32)))',
      /something else than what was signed/,
    ],
    [
      'a note was edited',
      "UPDATE checkpoint SET note = replace(note, '600', '601')",
      /signature by .* is wrong/,
    ],
  ])('refuses to start when %s', async (_, sql, reason) => {
    const { file } = await stored(600);
    tamper(file, sql);
    await expect(openFixture({ file })).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringMatching(reason),
    });
  });

  it('refuses to start with another log key', async () => {
    const { file } = await stored(3);
    const signer = signerOf('localhost:8787/default', 8);
    await expect(openFixture({ file, signer })).rejects.toThrow(/does not fit the log key/);
  });
});
