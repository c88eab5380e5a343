import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunningLedger } from '../../src/ledger/ledger.ts';
import { latestCheckpoint, readEntries } from '../../src/ledger/store.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import type { Database, Statement } from '../../src/storage/database.ts';
import { type Fault, type FaultPlan, faultsInTurn, faultyDatabase } from '../support/faulty-database.ts';
import { draft, type Fixture, fill, openFixture } from './fixture.ts';

const UNAVAILABLE = { code: 'ledger_unavailable' };

function openFaulty(plan: FaultPlan): Promise<Fixture> {
  return openFixture({ wrap: (database) => faultyDatabase(database, plan) });
}

function put(key: string): Statement {
  return { sql: "INSERT INTO meta (key, value) VALUES (?, '1')", params: [key] };
}

async function calls(database: Database): Promise<(string | undefined)[]> {
  const rows = await readEntries(database, { from: 0, limit: 10_000 });
  return rows.map((row) => (JSON.parse(row.text) as { ref: { call?: string } }).ref.call);
}

async function expectSound({ database, ledger, signer }: Fixture): Promise<void> {
  expect(await verifyLedger(database, { vkey: signer.vkey })).toMatchObject({ ok: true, ...ledger.head() });
}

/** Commits in one turn; tells for each whether it was applied. */
async function commitAll(ledger: RunningLedger, names: readonly string[]): Promise<boolean[]> {
  const all = names.map((call) => ledger.commit({ then: [put(call)], entries: [draft({ call })] }));
  return (await Promise.allSettled(all)).map((one) => one.status === 'fulfilled');
}

describe('when storage fails', () => {
  it('retries a batch that was not written one by one', async () => {
    const fixture = await openFaulty(faultsInTurn('lost'));
    expect(await commitAll(fixture.ledger, ['a', 'b', 'c'])).toEqual([true, true, true]);
    expect(await calls(fixture.database)).toEqual(['a', 'b', 'c']);
    await expectSound(fixture);
  });

  it('fails only the commit that breaks a constraint, and not the others of its batch', async () => {
    const fixture = await openFixture();
    await fixture.ledger.commit({ then: [put('b')], entries: [] });
    expect(await commitAll(fixture.ledger, ['a', 'b', 'c'])).toEqual([true, false, true]);
    expect(await calls(fixture.database)).toEqual(['a', 'c']);
    await expectSound(fixture);
  });

  it('refuses a commit that cannot be written, says that nothing was changed, and goes on later', async () => {
    const fixture = await openFaulty(faultsInTurn('lost'));
    await expect(fixture.ledger.commit({ entries: [draft({ call: 'a' })] })).rejects.toMatchObject({
      ...UNAVAILABLE,
      message: expect.stringContaining('nothing was changed'),
      cause: new Error('database or disk is full'),
    });
    expect(fixture.ledger.head().size).toBe(0);
    expect(await commitAll(fixture.ledger, ['b'])).toEqual([true]);
    expect(await calls(fixture.database)).toEqual(['b']);
    await expectSound(fixture);
  });

  it('drops what a failed COMMIT has lost and rejects its commits', async () => {
    const fixture = await openFaulty(faultsInTurn('ok', 'commit_lost'));
    await fill(fixture.ledger, 1);
    expect(await commitAll(fixture.ledger, ['a', 'b'])).toEqual([false, false]);
    expect(fixture.ledger.head().size).toBe(1);
    expect(await commitAll(fixture.ledger, ['c'])).toEqual([true]);
    expect(await calls(fixture.database)).toEqual(['req_0', 'c']);
    await expectSound(fixture);
  });

  it('takes in what a failed COMMIT has kept, tells listeners, and still rejects its commits', async () => {
    const fixture = await openFaulty(faultsInTurn('ok', 'commit_kept'));
    await fill(fixture.ledger, 1);
    const heard: unknown[] = [];
    fixture.ledger.onEntries((entries) => heard.push(...entries.map((entry) => entry.ref.call)));
    const first = fixture.ledger.commit({
      then: [put('a')],
      entries: [draft({ call: 'a' }, 'approval.decided')],
    });
    await expect(first).rejects.toMatchObject({
      ...UNAVAILABLE,
      message: expect.stringContaining('may or may not'),
    });
    expect(await commitAll(fixture.ledger, ['b'])).toEqual([true]);
    expect(await calls(fixture.database)).toEqual(['req_0', 'a', 'b']);
    expect(heard).toEqual(['a', 'b']);
    expect((await latestCheckpoint(fixture.database))?.size).toBe(2);
    await expectSound(fixture);
  });

  it('writes nothing while it cannot read back an ambiguous COMMIT', async () => {
    let readable = false;
    const plan = { ...faultsInTurn('ok', 'commit_kept'), query: () => !readable };
    readable = true;
    const fixture = await openFaulty(plan);
    await fill(fixture.ledger, 1);
    readable = false;
    expect(await commitAll(fixture.ledger, ['a'])).toEqual([false]);
    expect(await commitAll(fixture.ledger, ['b', 'c'])).toEqual([false, false]);
    expect(fixture.reported).toHaveLength(1);
    readable = true;
    expect(await commitAll(fixture.ledger, ['d'])).toEqual([true]);
    expect(await calls(fixture.database)).toEqual(['req_0', 'a', 'd']);
    await expectSound(fixture);
  });

  it('reports a checkpoint that could not be written and tries again after the next interval', async () => {
    const fixture = await openFaulty(faultsInTurn('ok', 'lost'));
    await fill(fixture.ledger, 1);
    fixture.timers.fire();
    await expect.poll(() => fixture.timers.waiting().length).toBe(1);
    expect(fixture.reported).toMatchObject([UNAVAILABLE]);
    fixture.timers.fire();
    await fixture.ledger.commit({ entries: [] });
    expect((await latestCheckpoint(fixture.database))?.size).toBe(1);
  });

  it('refuses commits while the disk is full, keeps what was written, and goes on when there is room', async () => {
    const fixture = await openFixture();
    const limitPages = (pages: number) =>
      fixture.database.query({ sql: `PRAGMA max_page_count = ${pages}`, params: [] });
    await fill(fixture.ledger, 10);
    await limitPages(1);
    const body = { text: 'x'.repeat(60_000) };
    await expect(fixture.ledger.commit({ entries: [{ ...draft(), body }] })).rejects.toMatchObject(
      UNAVAILABLE,
    );
    expect(fixture.ledger.head().size).toBe(10);
    await limitPages(100_000);
    await fixture.ledger.commit({ entries: [{ ...draft(), body }] });
    expect(fixture.ledger.head().size).toBe(11);
    await expectSound(fixture);
  });

  it('never acknowledges what is not stored and keeps the chain sound, whatever fails', async () => {
    const fault = fc.constantFrom<Fault>('ok', 'lost', 'commit_lost', 'commit_kept');
    const round = fc.integer({ min: 1, max: 5 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fault, { maxLength: 20 }),
        fc.array(round, { maxLength: 8 }),
        async (faults, rounds) => {
          const fixture = await openFaulty(faultsInTurn(...faults));
          const heard: unknown[] = [];
          fixture.ledger.onEntries((entries) => heard.push(...entries.map((entry) => entry.ref.call)));
          const acknowledged: string[] = [];
          for (const [number, size] of rounds.entries()) {
            const names = Array.from({ length: size }, (_, index) => `${number}.${index}`);
            const results = await commitAll(fixture.ledger, names);
            acknowledged.push(...names.filter((_, index) => results[index]));
          }
          const kept = await calls(fixture.database);
          expect(kept).toEqual(expect.arrayContaining(acknowledged));
          expect(new Set(kept).size).toBe(kept.length);
          const keys = await fixture.database.query({
            sql: "SELECT key FROM meta WHERE key LIKE '%.%'",
            params: [],
          });
          expect(keys.map((row) => row.key).sort()).toEqual([...kept].sort());
          expect(heard).toEqual(kept);
          await expectSound(fixture);
          await fixture.stop();
        },
      ),
      { numRuns: 40 },
    );
  });
});
