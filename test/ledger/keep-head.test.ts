import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSlots, SLOT_BYTES } from '../../src/ledger/head-slots.ts';
import { type NoteVerifier, parseVkey } from '../../src/ledger/note.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import { draft, fill, START_MS, tamper, temporaryFolder } from './fixture.ts';
import { HOUR_MS, type KeptLedger, openKept, placesIn } from './keys.ts';

const decided = { entries: [draft({}, 'approval.decided')] };
const principal = 'api_key:key_1';

function headSize(folder: string, { signer }: KeptLedger): number {
  const kept = readSlots(readFileSync(placesIn(folder).head), [parseVkey(signer.vkey) as NoteVerifier]);
  return typeof kept === 'string' ? -1 : kept.checkpoint.size;
}

const ofDatabase = (name: string): boolean => name.startsWith('countersign.db');

/** Copies the database with its write-ahead log; what was there is gone. */
function copyDatabase(from: string, to: string): void {
  for (const name of readdirSync(to).filter(ofDatabase)) rmSync(join(to, name));
  for (const name of readdirSync(from).filter(ofDatabase)) cpSync(join(from, name), join(to, name));
}

/** A folder with a copy of its database from when it held 21 entries; it went on to 41. */
async function withBackup(): Promise<{ folder: string; restore: () => void }> {
  const folder = temporaryFolder();
  const before = await openKept(folder);
  await fill(before.ledger, 20);
  await before.close();
  const backup = temporaryFolder();
  copyDatabase(folder, backup);
  const after = await openKept(folder);
  await fill(after.ledger, 20);
  await after.close();
  return { folder, restore: () => copyDatabase(backup, folder) };
}

describe('the kept head', () => {
  it.each(['approval.decided', 'capability.exchanged', 'break_glass.invoked', 'approver.enrolled'] as const)(
    'covers %s before anybody learns that it is durable',
    async (type) => {
      const folder = temporaryFolder();
      const kept = await openKept(folder);
      await fill(kept.ledger, 2);
      await kept.ledger.commit({ entries: [draft({}, type)] });
      expect(headSize(folder, kept)).toBe(4);
      expect(statSync(placesIn(folder).head).mode & 0o777).toBe(0o600);
      await kept.close();
    },
  );

  it('is signed by the new key before the old one is dropped', async () => {
    const folder = temporaryFolder();
    const kept = await openKept(folder);
    const { rotation } = kept.signer;
    if (rotation === undefined) throw new Error('the key cannot be rotated');
    const complete = rotation.complete.bind(rotation);
    const sizes: number[] = [];
    Object.assign(rotation, {
      complete() {
        complete();
        sizes.push(headSize(folder, kept));
      },
    });
    await kept.ledger.rotateKey({ overlapMs: 0, principal });
    expect(sizes).toEqual([2]);
    await kept.stop();
    await (await openKept(folder)).close();
  });

  it('is not written for other entries, but by the timer and when the ledger closes', async () => {
    const folder = temporaryFolder();
    const kept = await openKept(folder);
    await fill(kept.ledger, 500);
    expect(headSize(folder, kept)).toBe(1);
    await kept.ledger.checkpointNow();
    await fill(kept.ledger, 5);
    expect(headSize(folder, kept)).toBe(1);
    expect(kept.timers.waiting().sort()).toEqual([100, 1_000]);
    await kept.close();
    expect(headSize(folder, kept)).toBe(506);
    expect(kept.timers.waiting()).toEqual([]);
  });

  it('is written again after it was lost', async () => {
    const folder = temporaryFolder();
    await (await openKept(folder)).close();
    rmSync(placesIn(folder).head);
    const again = await openKept(folder);
    await again.close();
    expect(headSize(folder, again)).toBe(1);
  });

  it('that cannot be written is reported, fails no commit, and is written later', async () => {
    const folder = temporaryFolder();
    const blocker = `${placesIn(folder).head}.new`;
    mkdirSync(blocker);
    const kept = await openKept(folder);
    expect((await kept.ledger.commit(decided)).kind).toBe('applied');
    expect(kept.reported).toHaveLength(2);
    rmSync(blocker, { recursive: true });
    kept.timers.fire();
    expect(headSize(folder, kept)).toBe(2);
    await kept.close();
  });

  it('is the one that was synced last when writes after it are cut short, and goes on from there', async () => {
    const folder = temporaryFolder();
    const { head } = placesIn(folder);
    const kept = await openKept(folder);
    await kept.ledger.commit(decided);
    kept.timers.fire();
    const synced = readFileSync(head);
    for (let round = 0; round < 3; round++) {
      await kept.ledger.commit(decided);
      expect(headSize(folder, kept)).toBe(3 + round);
    }
    const after = readFileSync(head);
    const slotOf = (file: Buffer, slot: number): Buffer =>
      file.subarray(slot * SLOT_BYTES, (slot + 1) * SLOT_BYTES);
    const written = [0, 1].filter((slot) => !slotOf(after, slot).equals(slotOf(synced, slot)));
    expect(written).toHaveLength(1);
    const torn = Buffer.from(after);
    slotOf(torn, written[0] ?? 0).fill(0, 20, 120);
    await kept.stop();
    writeFileSync(head, torn);
    expect(headSize(folder, kept)).toBe(2);
    const again = await openKept(folder);
    await again.ledger.commit(decided);
    expect(headSize(folder, again)).toBe(6);
    await again.close();
  });
});

describe('a start on an older copy of the database', () => {
  it('is refused, and says what happened and what to do', async () => {
    const { folder, restore } = await withBackup();
    restore();
    await expect(openKept(folder)).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringMatching(/holds 21 entries .* 41 were signed .* older copy .* --accept-rollback/),
    });
    await expect(openKept(folder)).rejects.toThrow(/--accept-rollback/);
  });

  it('is refused when nothing is left of the database', async () => {
    const { folder } = await withBackup();
    for (const name of readdirSync(folder))
      if (name.startsWith('countersign.db')) rmSync(`${folder}/${name}`);
    await expect(openKept(folder)).rejects.toThrow(/holds 0 entries .* 41 were signed/);
  });

  it('is refused after a crash too, when a decision was the last thing that was signed', async () => {
    const { folder, restore } = await withBackup();
    const kept = await openKept(folder);
    await kept.ledger.commit(decided);
    await kept.stop();
    restore();
    await expect(openKept(folder)).rejects.toThrow(/42 were signed/);
  });

  it('is refused when the copy went on by itself, however long it became', async () => {
    const { folder, restore } = await withBackup();
    const { head } = placesIn(folder);
    const kept = readFileSync(head, 'utf8');
    restore();
    rmSync(head);
    const fork = await openKept(folder, { at: START_MS + 5_000 });
    await fill(fork.ledger, 60);
    await fork.close();
    writeFileSync(head, kept);
    await expect(openKept(folder)).rejects.toThrow(/first 41 entries .* went on differently/);
  });

  it('goes on when that is accepted, keeps the head aside and says so', async () => {
    const { folder, restore } = await withBackup();
    restore();
    const kept = await openKept(folder, { acceptRollback: true });
    expect(String(kept.reported[0])).toMatch(/A ROLLBACK WAS ACCEPTED.*41 were signed/);
    await fill(kept.ledger, 2);
    await kept.close();
    expect(headSize(folder, kept)).toBe(23);
    expect(readdirSync(folder)).toContain('ledger.head.before-2026-01-01T00-00-00-000Z');
    await (await openKept(folder)).close();
  });

  it('from before a rotation is refused, and has the earlier key again when it is accepted', async () => {
    const { folder, restore } = await withBackup();
    const kept = await openKept(folder);
    const old = kept.signer.vkey;
    await kept.ledger.rotateKey({ overlapMs: HOUR_MS, principal });
    await kept.close();
    restore();
    const { key } = placesIn(folder);
    const keys = readFileSync(key, 'utf8');
    await expect(openKept(folder)).rejects.toThrow(/--accept-rollback/);
    expect(readFileSync(key, 'utf8')).toBe(keys);
    const again = await openKept(folder, { acceptRollback: true });
    expect(again.signer.vkey).toBe(old);
    await fill(again.ledger, 1);
    await again.ledger.checkpointNow();
    expect(await verifyLedger(again.database, { vkey: old })).toMatchObject({ ok: true, size: 22 });
    await again.close();
  });
});

describe('a start on a database that is as new as the head, or newer', () => {
  it('goes on, also after a crash that came before the head was written', async () => {
    const folder = temporaryFolder();
    const kept = await openKept(folder);
    await fill(kept.ledger, 300);
    await kept.ledger.checkpointNow();
    await kept.stop();
    expect(headSize(folder, kept)).toBe(1);
    const again = await openKept(folder, { acceptRollback: true });
    expect(again.ledger.head().size).toBe(301);
    expect(again.reported).toEqual([]);
    await again.close();
    expect(readdirSync(folder).filter((name) => name.includes('before'))).toEqual([]);
  });

  it('is refused when an entry that the head covers was rewritten with its leaf', async () => {
    const { folder } = await withBackup();
    tamper(placesIn(folder).db, 'UPDATE ledger SET leaf = lower(hex(randomblob(32))) WHERE seq = 30');
    await expect(openKept(folder)).rejects.toThrow(/are not those that were signed/);
  });

  it.each([
    ['cut short', (text: string) => text.slice(0, 30)],
    ['of other sizes', (text: string) => text.replaceAll(/\n\d+\n/g, '\n42\n')],
    ['empty', () => ''],
  ])('is refused when the head is %s', async (_, damage) => {
    const { folder } = await withBackup();
    const { head } = placesIn(folder);
    writeFileSync(head, damage(readFileSync(head, 'utf8')));
    await expect(openKept(folder)).rejects.toThrow(/holds no checkpoint of this ledger.*--accept-rollback/);
    expect(existsSync(head)).toBe(true);
  });
});
