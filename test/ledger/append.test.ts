import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { type Entry, entryText } from '../../src/ledger/entry.ts';
import { openNote, parseVkey } from '../../src/ledger/note.ts';
import { latestCheckpoint, readEntries } from '../../src/ledger/store.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import type { Database, Statement } from '../../src/storage/database.ts';
import { draft, type Fixture, fill, openFixture, START_MS } from './fixture.ts';

function compareAndSet(from: string, to: string): Statement {
  return {
    sql: "UPDATE meta SET value = ? WHERE key = 'state' AND value = ? RETURNING value",
    params: [to, from],
  };
}

const setPending: Statement = {
  sql: "INSERT INTO meta (key, value) VALUES ('state', 'pending')",
  params: [],
};

async function stored(database: Database): Promise<Entry[]> {
  const rows = await readEntries(database, { from: 0, limit: 10_000 });
  return rows.map((row) => JSON.parse(row.text) as Entry);
}

async function expectSound({ database, signer, ledger }: Fixture): Promise<void> {
  const verification = await verifyLedger(database, { vkey: signer.vkey });
  expect(verification).toMatchObject({ ok: true, ...ledger.head() });
}

function countingDatabase(batches: number[]): (database: Database) => Database {
  return (database) => ({
    ...database,
    apply: (batch, seal) => {
      batches.push(batch.length);
      return database.apply(batch, seal);
    },
  });
}

describe('a commit', () => {
  it('gives entries their sequence, time and log, and stores the canonical text', async () => {
    const { ledger, database } = await openFixture();
    const ref = {
      session: 'ses_1',
      subject: 'üser',
      principal: 'p',
      approval: 'apr_1',
      call: 'req_1',
      action: 'a/b',
    };
    const first = { type: 'call.intent' as const, ref, body: { z: [1, 'ä"\n'], a: null } };
    await ledger.commit({ entries: [first, draft({}, 'call.outcome')] });
    const rows = await database.query({ sql: 'SELECT * FROM ledger ORDER BY seq', params: [] });
    const entry: Entry = { ...first, v: 1, log: 'localhost:8787/default', seq: 0, ts: START_MS };
    expect(rows[0]).toMatchObject({
      ...ref,
      seq: 0,
      ts: START_MS,
      type: 'call.intent',
      entry: entryText(entry),
    });
    expect(rows[1]).toMatchObject({ seq: 1, type: 'call.outcome', workspace: 'default', action: null });
    expect(ledger.head().size).toBe(2);
  });

  it('keeps times from going back when the clock does', async () => {
    const { ledger, database, clock } = await openFixture();
    await ledger.commit({ entries: [draft()] });
    clock.nowMs = START_MS - 5_000;
    await ledger.commit({ entries: [draft()] });
    expect((await stored(database)).map((entry) => entry.ts)).toEqual([START_MS, START_MS]);
  });

  it('writes change and entry together', async () => {
    const { ledger, database } = await openFixture();
    await ledger.commit({ then: [setPending], entries: [draft({}, 'approval.requested')] });
    const applied = await ledger.commit({ guard: compareAndSet('pending', 'approved'), entries: [draft()] });
    expect(applied).toEqual({ kind: 'applied', rows: [{ value: 'approved' }] });
    expect(await stored(database)).toHaveLength(2);
  });

  it('leaves no entry when its guard is refused', async () => {
    const fixture = await openFixture();
    const applied = await fixture.ledger.commit({
      guard: compareAndSet('pending', 'approved'),
      entries: [draft()],
    });
    expect(applied).toEqual({ kind: 'refused' });
    expect(fixture.ledger.head().size).toBe(0);
    expect(await stored(fixture.database)).toEqual([]);
  });

  it('lets one of 1,000 racing guards win, with one entry', async () => {
    const fixture = await openFixture();
    await fixture.ledger.commit({ then: [setPending], entries: [] });
    const race = Array.from({ length: 1_000 }, (_, index) =>
      fixture.ledger.commit({
        guard: compareAndSet('pending', `${index}`),
        entries: [draft({ call: `req_${index}` })],
      }),
    );
    const results = await Promise.all(race);
    const winner = results.findIndex((applied) => applied.kind === 'applied');
    expect(results.filter((applied) => applied.kind === 'applied')).toHaveLength(1);
    expect((await stored(fixture.database)).map((entry) => entry.ref.call)).toEqual([`req_${winner}`]);
    await expectSound(fixture);
  });

  it('shares its transaction with the commits of the same turn, up to the limit', async () => {
    const batches: number[] = [];
    const { ledger } = await openFixture({ wrap: countingDatabase(batches) });
    await Promise.all(Array.from({ length: 600 }, () => ledger.commit({ entries: [draft()] })));
    expect(batches).toEqual([
      LIMITS.groupCommitItems,
      LIMITS.groupCommitItems,
      600 - 2 * LIMITS.groupCommitItems,
    ]);
  });

  it('is refused alone when its entry is too large', async () => {
    const fixture = await openFixture();
    const body = { text: 'ä'.repeat(LIMITS.ledgerEntryBytes / 2) };
    const large = fixture.ledger.commit({ entries: [{ ...draft(), body }] });
    const small = fixture.ledger.commit({ entries: [draft()] });
    await expect(large).rejects.toMatchObject({ code: 'payload_too_large' });
    expect((await small).kind).toBe('applied');
    await expectSound(fixture);
  });

  it('stays under 64 KiB with the largest entry that is accepted', async () => {
    const fixture = await openFixture();
    const room =
      LIMITS.ledgerEntryBytes -
      Buffer.byteLength(
        entryText({ ...draft(), body: { t: '' }, v: 1, log: fixture.signer.name, seq: 0, ts: 0 }),
      );
    let accepted = 0;
    for (let over = -60; over < 0; over++) {
      const change = { entries: [{ ...draft(), body: { t: 'x'.repeat(room + over) } }] };
      const kept = await fixture.ledger.commit(change).then(
        () => 1,
        () => 0,
      );
      accepted += kept;
    }
    expect(accepted).toBeGreaterThan(0);
    const rows = await readEntries(fixture.database, { from: 0, limit: 100 });
    for (const row of rows) expect(Buffer.byteLength(row.text)).toBeLessThan(LIMITS.ledgerEntryBytes);
  });

  it('tells listeners of each entry once, in order, as it is stored', async () => {
    const { ledger, database } = await openFixture();
    const heard: Entry[] = [];
    const stop = ledger.onEntries((entries) => heard.push(...entries));
    await fill(ledger, 300);
    stop();
    await fill(ledger, 1);
    expect(heard).toEqual((await stored(database)).slice(0, 300));
  });

  it('does not fail because a listener does', async () => {
    const { ledger, reported } = await openFixture();
    ledger.onEntries(() => {
      throw new Error('listener');
    });
    expect((await ledger.commit({ entries: [draft()] })).kind).toBe('applied');
    expect(reported).toEqual([new Error('listener')]);
  });

  it('is refused after close, and what was queued before is written', async () => {
    const { ledger, database } = await openFixture();
    const queued = ledger.commit({ entries: [draft()] });
    const closing = ledger.close();
    await expect(ledger.commit({ entries: [draft()] })).rejects.toMatchObject({ code: 'shutting_down' });
    await closing;
    expect((await queued).kind).toBe('applied');
    expect((await latestCheckpoint(database))?.size).toBe(1);
  });
});

describe('a checkpoint', () => {
  it('is signed in the transaction of a decision', async () => {
    const { ledger, database, signer, timers } = await openFixture();
    await ledger.commit({ entries: [draft()] });
    await ledger.commit({ entries: [draft({}, 'approval.decided')] });
    const checkpoint = await latestCheckpoint(database);
    expect(checkpoint).toMatchObject({ ...ledger.head(), signedAt: START_MS });
    const opened = openNote(checkpoint?.note as string, parseVkey(signer.vkey) as never);
    expect(opened).toMatchObject({ ok: true, text: expect.stringMatching(/^localhost:8787\/default\n2\n/) });
    timers.fire();
    expect(timers.waiting()).toEqual([]);
  });

  it('is signed by a timer after other entries, once', async () => {
    const { ledger, database, timers } = await openFixture();
    await fill(ledger, 3);
    await fill(ledger, 2);
    expect(timers.waiting()).toEqual([LIMITS.checkpointIntervalMs]);
    expect(await latestCheckpoint(database)).toBeUndefined();
    timers.fire();
    await ledger.commit({ entries: [] });
    expect((await latestCheckpoint(database))?.size).toBe(5);
    expect(timers.waiting()).toEqual([]);
  });

  it('is given at once when nothing was appended since the last', async () => {
    const batches: number[] = [];
    const { ledger } = await openFixture({ wrap: countingDatabase(batches) });
    await fill(ledger, 3);
    const note = await ledger.checkpointNow();
    expect(await ledger.checkpointNow()).toBe(note);
    expect(batches).toEqual([3, 1]);
  });
});
