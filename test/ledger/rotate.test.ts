import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openNote, parseVkey } from '../../src/ledger/note.ts';
import { latestCheckpoint, readEntries } from '../../src/ledger/store.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import type { Database } from '../../src/storage/database.ts';
import { faultsInTurn, faultyDatabase } from '../support/faulty-database.ts';
import { draft, fill, START_MS, temporaryFolder } from './fixture.ts';
import { HOUR_MS, type KeptLedger, openKept, placesIn, writeKeyFile } from './keys.ts';

const principal = 'api_key:key_1';

function signs(note: string, vkey: string): boolean {
  const verifier = parseVkey(vkey);
  return verifier !== undefined && openNote(note, verifier).ok;
}

async function types({ database }: { database: Database }): Promise<string[]> {
  return (await readEntries(database, { from: 0, limit: 100 })).map((row) => row.type);
}

async function expectSound({ database, ledger, signer }: KeptLedger, vkey = signer.vkey): Promise<void> {
  await ledger.checkpointNow();
  const found = await verifyLedger(database, { vkey });
  expect(found).toMatchObject({ ok: true, ...ledger.head(), checkpoint: { size: ledger.head().size } });
}

const keyLines = (folder: string): string[] =>
  readFileSync(placesIn(folder).key, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(' ')[0] ?? '');

describe('rotating the key of the log', () => {
  it('puts an entry signed by the old key on the ledger, under a checkpoint that both have signed', async () => {
    const kept = await openKept(temporaryFolder());
    const old = kept.signer.vkey;
    const rotated = await kept.ledger.rotateKey({ overlapMs: HOUR_MS, principal });
    expect(rotated).toEqual({ vkey: kept.signer.vkey, previous: old, overlapUntil: START_MS + HOUR_MS });
    expect(rotated.vkey).not.toBe(old);
    const [, row] = await readEntries(kept.database, { from: 0, limit: 2 });
    expect(JSON.parse(row?.text ?? '')).toMatchObject({
      type: 'ledger.key_rotated',
      ref: { principal },
      body: { vkey: rotated.vkey, previous: old, overlap_until: START_MS + HOUR_MS },
    });
    const signed = await latestCheckpoint(kept.database);
    expect(signed?.size).toBe(2);
    expect([rotated.vkey, old].map((vkey) => signs(signed?.note ?? '', vkey))).toEqual([true, true]);
    await fill(kept.ledger, 3);
    await expectSound(kept);
    await expectSound(kept, old);
    await kept.close();
  });

  it('lets the old key sign until the overlap ends, and forgets it at the next start', async () => {
    const folder = temporaryFolder();
    const first = await openKept(folder);
    const old = first.signer.vkey;
    await first.ledger.rotateKey({ overlapMs: HOUR_MS, principal });
    await first.close();
    const within = await openKept(folder, { at: START_MS + HOUR_MS - 1 });
    await fill(within.ledger, 1);
    expect(signs(await within.ledger.checkpointNow(), old)).toBe(true);
    await within.close();
    expect(keyLines(folder)).toEqual([expect.stringMatching(/^PRIVATE/), 'previous']);
    const after = await openKept(folder, { at: START_MS + HOUR_MS });
    await fill(after.ledger, 1);
    const note = await after.ledger.checkpointNow();
    expect([signs(note, old), signs(note, after.signer.vkey)]).toEqual([false, true]);
    expect(keyLines(folder)).toEqual([expect.stringMatching(/^PRIVATE/)]);
    await expectSound(after, old);
    await after.close();
  });

  it('stops signing with the old key when the overlap ends, without a restart', async () => {
    const clock = { at: START_MS };
    const kept = await openKept(temporaryFolder(), clock);
    const { previous } = await kept.ledger.rotateKey({ overlapMs: HOUR_MS, principal });
    for (const [at, isSigned] of [
      [START_MS + HOUR_MS - 1, true],
      [START_MS + HOUR_MS, false],
    ] as const) {
      clock.at = at;
      await fill(kept.ledger, 1);
      expect(signs(await kept.ledger.checkpointNow(), previous)).toBe(isSigned);
    }
    await expectSound(kept, previous);
    await kept.close();
  });

  it('ends the old key at once without an overlap, and again and again', async () => {
    const folder = temporaryFolder();
    const kept = await openKept(folder);
    const vkeys = [kept.signer.vkey];
    for (const overlapMs of [0, HOUR_MS, HOUR_MS, 0]) {
      vkeys.push((await kept.ledger.rotateKey({ overlapMs, principal })).vkey);
      await fill(kept.ledger, 2);
    }
    expect(new Set(vkeys).size).toBe(5);
    const note = await kept.ledger.checkpointNow();
    expect(vkeys.map((vkey) => signs(note, vkey))).toEqual([false, true, true, false, true]);
    for (const vkey of vkeys) await expectSound(kept, vkey);
    await kept.close();
    const again = await openKept(folder);
    expect(again.signer.vkey).toBe(vkeys[4]);
    await again.close();
  });

  it('is refused while one is under way, and while too many keys overlap', async () => {
    const kept = await openKept(temporaryFolder());
    const rotate = () => kept.ledger.rotateKey({ overlapMs: HOUR_MS, principal });
    const racing = await Promise.allSettled([rotate(), rotate(), rotate()]);
    expect(racing.map((one) => one.status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(racing[1]).toMatchObject({ reason: { code: 'conflict' } });
    for (let more = 1; more < 8; more++) await rotate();
    await expect(rotate()).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/overlap/),
    });
    await expectSound(kept);
    await kept.close();
  });

  it('signs what shares the batch with it under the new key', async () => {
    const kept = await openKept(temporaryFolder());
    const [rotated] = await Promise.all([
      kept.ledger.rotateKey({ overlapMs: 0, principal }),
      kept.ledger.commit({ entries: [draft({}, 'approval.decided')] }),
    ]);
    const signed = await latestCheckpoint(kept.database);
    expect(signed?.size).toBe(3);
    expect(signs(signed?.note ?? '', rotated.vkey)).toBe(true);
    await expectSound(kept);
    await kept.close();
  });
});

describe('a crash or a fault during a rotation', () => {
  it('before the entry was durable leaves the old key in force', async () => {
    const folder = temporaryFolder();
    const kept = await openKept(folder);
    const old = kept.signer.vkey;
    kept.signer.rotation?.prepare({ overlapUntil: START_MS + HOUR_MS });
    expect(keyLines(folder)).toEqual([expect.stringMatching(/^PRIVATE/), 'next']);
    await kept.stop();
    const again = await openKept(folder);
    expect(again.signer.vkey).toBe(old);
    expect(keyLines(folder)).toEqual([expect.stringMatching(/^PRIVATE/)]);
    await fill(again.ledger, 2);
    await expectSound(again);
    await again.close();
  });

  it('after the entry was durable and before the file says so puts the new key in force', async () => {
    const folder = temporaryFolder();
    const kept = await openKept(folder);
    const old = kept.signer.vkey;
    const before = readFileSync(placesIn(folder).key, 'utf8');
    const { vkey } = await kept.ledger.rotateKey({ overlapMs: HOUR_MS, principal });
    const [current = '', previous = ''] = readFileSync(placesIn(folder).key, 'utf8').trim().split('\n');
    await kept.stop();
    // The file as the first step had left it: the new key is the next one.
    writeKeyFile(
      folder,
      `${before.trim()}\n${previous.replace(/^previous (\d+) .*$/, `next $1 ${current}`)}\n`,
    );
    const again = await openKept(folder);
    expect(again.signer.vkey).toBe(vkey);
    expect(keyLines(folder)).toEqual([expect.stringMatching(/^PRIVATE/), 'previous']);
    await fill(again.ledger, 2);
    expect(signs(await again.ledger.checkpointNow(), old)).toBe(true);
    await expectSound(again);
    await again.close();
  });

  it.each([
    ['was not kept', 'commit_lost', false],
    ['was kept all the same', 'commit_kept', true],
    ['was refused outright', 'lost', false],
  ] as const)(
    'that reports a failed COMMIT which %s ends in the key that the ledger has',
    async (_, fault, isNew) => {
      const folder = temporaryFolder();
      const plan = faultsInTurn('ok', fault);
      const kept = await openKept(folder, { wrap: (database) => faultyDatabase(database, plan) });
      const old = kept.signer.vkey;
      await expect(kept.ledger.rotateKey({ overlapMs: HOUR_MS, principal })).rejects.toMatchObject({
        code: 'ledger_unavailable',
      });
      await fill(kept.ledger, 2);
      expect(kept.signer.vkey !== old).toBe(isNew);
      expect((await types(kept)).includes('ledger.key_rotated')).toBe(isNew);
      expect(keyLines(folder)).toHaveLength(isNew ? 2 : 1);
      await expectSound(kept);
      await kept.ledger.rotateKey({ overlapMs: HOUR_MS, principal });
      await expectSound(kept);
      await kept.close();
    },
  );

  it('is seen through by a later reading when the ledger could not be read back at once', async () => {
    const folder = temporaryFolder();
    const plan = { ...faultsInTurn('ok', 'commit_kept'), blind: false };
    const wrap = (database: Database): Database =>
      faultyDatabase(database, { apply: plan.apply, query: () => plan.blind });
    const kept = await openKept(folder, { wrap });
    plan.blind = true;
    await expect(kept.ledger.rotateKey({ overlapMs: 0, principal })).rejects.toThrow();
    await expect(kept.ledger.rotateKey({ overlapMs: 0, principal })).rejects.toMatchObject({
      code: 'conflict',
    });
    plan.blind = false;
    const old = kept.signer.vkey;
    await fill(kept.ledger, 1);
    expect(kept.signer.vkey).not.toBe(old);
    await expectSound(kept);
    await kept.close();
  });
});

describe('a key file', () => {
  it('that lacks the key of the ledger is refused', async () => {
    const folder = temporaryFolder();
    const other = temporaryFolder();
    await (await openKept(folder)).close();
    await (await openKept(other)).close();
    writeKeyFile(folder, readFileSync(placesIn(other).key, 'utf8'));
    await expect(openKept(folder)).rejects.toMatchObject({ code: 'config_invalid' });
  });

  it.each([
    ['a line of another kind', (line: string) => `${line}\nother 5 ${line}\n`],
    ['two keys to come', (line: string) => `${line}\nnext 5 ${line}\nnext 5 ${line}\n`],
    ['an earlier key that is cut short', (line: string) => `${line}\nprevious 5 ${line.slice(0, -4)}\n`],
  ])('with %s is refused, and never replaced', async (_, damage) => {
    const folder = temporaryFolder();
    await (await openKept(folder)).close();
    const text = damage(readFileSync(placesIn(folder).key, 'utf8').trim());
    writeKeyFile(folder, text);
    await expect(openKept(folder)).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringMatching(/ledger\.key: expected .* restore the file/),
    });
    expect(readFileSync(placesIn(folder).key, 'utf8')).toBe(text);
  });
});
