import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatCheckpoint } from '../../src/ledger/checkpoint.ts';
import { type EntryDraft, genesisEntry } from '../../src/ledger/entry.ts';
import { signRotation } from '../../src/ledger/log-key.ts';
import { type KeySigner, newSkey, parseSkey } from '../../src/ledger/note.ts';
import { type Verification, verifyLedger } from '../../src/ledger/verify.ts';
import { openLibsql } from '../../src/storage/libsql.ts';
import { fill, openFixture, signerOf, tamper, temporaryFolder } from './fixture.ts';

const NAME = signerOf().name;

function keyOf(byte: number): KeySigner {
  return parseSkey(newSkey({ name: NAME, random: (size) => new Uint8Array(size).fill(byte) })) as KeySigner;
}

const [ours, theirs] = [keyOf(7), keyOf(8)];

function handOver(from: KeySigner, to: KeySigner): EntryDraft {
  const body = {
    vkey: to.vkey,
    previous: from.vkey,
    signature: signRotation(from, to.vkey),
    overlap_until: 0,
  };
  return { type: 'ledger.key_rotated', ref: {}, body };
}

/** A ledger that `by` signs: genesis of its own key, ten entries, and then these; the last checkpoint covers all. */
async function written(by: KeySigner, entries: readonly EntryDraft[], signed = true): Promise<string> {
  const file = join(temporaryFolder(), 'countersign.db');
  const { ledger, stop } = await openFixture({ file, signer: by });
  await ledger.commit({ entries: [genesisEntry(by.vkey)] });
  await fill(ledger, 10);
  if (entries.length > 0) await ledger.commit({ entries });
  if (signed) await ledger.close();
  await stop();
  return file;
}

async function verify(file: string, { vkey }: KeySigner): Promise<Verification> {
  const database = openLibsql({ file });
  return verifyLedger(database, { vkey }).finally(() => database.close());
}

describe('verifying by a key of the log', () => {
  it('refuses a ledger of another key', async () => {
    expect(await verify(await written(theirs, []), ours)).toMatchObject({
      ok: false,
      problem: { seq: 0, reason: expect.stringMatching(/no checkpoint was signed by/) },
    });
  });

  it('refuses a made-up ledger that claims to have handed over to the given key', async () => {
    const file = await written(theirs, [handOver(theirs, ours)]);
    const all = await verify(file, ours);
    expect(all).toMatchObject({ ok: false, problem: { reason: expect.stringMatching(/not signed by/) } });
    // Without the checkpoint over the claim, nothing that is signed names the given key.
    tamper(file, 'DELETE FROM checkpoint WHERE size > 11');
    const rest = await verify(file, ours);
    expect(rest).toMatchObject({ ok: false, problem: { seq: 0 } });
    expect(rest.checkpoint).toBeUndefined();
  });

  it('refuses a rotation that the key in force has not signed', async () => {
    const file = await written(ours, [handOver(theirs, theirs)]);
    expect(await verify(file, ours)).toMatchObject({
      ok: false,
      problem: { seq: 11, reason: expect.stringMatching(/previous key is not the one in force/) },
    });
  });

  it('refuses a checkpoint over a rotation that only the old key has signed', async () => {
    const file = await written(ours, [handOver(ours, theirs)]);
    expect(await verify(file, ours)).toMatchObject({
      ok: false,
      problem: { seq: 1, reason: expect.stringMatching(/size 12 is not valid.*not signed by/) },
    });
  });

  it('accepts it from the new key, and finds the same by either key', async () => {
    const file = await written(ours, [handOver(ours, theirs)]);
    const database = openLibsql({ file });
    const [row] = await database.query({ sql: 'SELECT root FROM checkpoint WHERE size = 12', params: [] });
    await database.close();
    const note = theirs.sign(formatCheckpoint({ origin: NAME, size: 12, root: String(row?.root) }));
    tamper(file, `UPDATE checkpoint SET note = '${note}' WHERE size = 12`);
    for (const key of [ours, theirs]) {
      expect(await verify(file, key)).toMatchObject({ ok: true, size: 12, checkpoint: { size: 12, note } });
    }
  });
});
