import { expect, it } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { bucketFor, countActivity } from '../../src/ledger/count-activity.ts';
import type { EntryDraft } from '../../src/ledger/entry.ts';
import { type Fixture, openFixture, START_MS } from './fixture.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

function put(
  fixture: Fixture,
  type: EntryDraft['type'],
  ref: EntryDraft['ref'],
  body: EntryDraft['body'] = {},
) {
  return fixture.ledger.commit({ entries: [{ type, ref, body }] });
}

/** An approval that is asked for now, and whose end comes so much later. */
async function wait(fixture: Fixture, id: string, ...ends: readonly [type: string, afterMs: number][]) {
  const ref = { approval: id, action: 'oracle/pay', session: 'ses_1', subject: 'ann' };
  await put(fixture, 'approval.requested', ref, { effect: 'hold', rule: 'payments' });
  for (const [type, afterMs] of ends) {
    fixture.clock.nowMs += afterMs;
    await put(fixture, type as EntryDraft['type'], { approval: id });
  }
}

const at = (fixture: Fixture) => ({ since: START_MS, until: fixture.clock.nowMs + 1 });

it('counts calls by what policy found, and waits by how they ended and how long people took', async () => {
  const fixture = await openFixture();
  await put(fixture, 'call.intent', { action: 'oracle/echo', session: 'ses_2' }, { rule: 'harmless' });
  await put(fixture, 'call.denied', { action: 'oracle/crash', session: 'ses_2' }, { rule: null });
  await put(fixture, 'approval.requested', { approval: 'apr_0' }, { effect: 'allow', rule: 'free' });
  await put(fixture, 'approval.approved', { approval: 'apr_0' }, { basis: 'policy' });
  await wait(fixture, 'apr_1', ['approval.approved', 5_000], ['approval.expired', 1_000]);
  await wait(fixture, 'apr_2', ['approval.denied', 2_000]);
  await wait(fixture, 'apr_3', ['approval.expired', 9_000]);
  await wait(fixture, 'apr_4', ['approval.cancelled', 0]);
  await wait(fixture, 'apr_5');
  await wait(fixture, 'apr_6', ['approval.denied', 4_000]);
  const { buckets, judged, bucketMs, since } = await countActivity(fixture.database, at(fixture));
  expect([bucketMs, since]).toEqual([MINUTE_MS, START_MS]);
  expect(buckets).toEqual([
    {
      at: START_MS,
      allowed: 2,
      denied: 1,
      held: 6,
      approved: 1,
      refused: 2,
      expired: 1,
      cancelled: 1,
      medianMs: 4_000,
      longestMs: 5_000,
    },
  ]);
  expect(judged).toMatchObject({ counted: 9, complete: true });
  expect(judged.rules).toEqual([
    { value: 'payments', allow: 0, hold: 6, deny: 0 },
    { value: null, allow: 0, hold: 0, deny: 1 },
    { value: 'free', allow: 1, hold: 0, deny: 0 },
    { value: 'harmless', allow: 1, hold: 0, deny: 0 },
  ]);
  expect(judged.actions.map(({ value }) => value)).toEqual(['oracle/pay', 'oracle/crash', 'oracle/echo']);
  expect(judged.sessions).toEqual([
    { value: 'ses_1', allow: 0, hold: 6, deny: 0 },
    { value: 'ses_2', allow: 1, hold: 0, deny: 1 },
  ]);
  expect(judged.subjects).toEqual([{ value: 'ann', allow: 0, hold: 6, deny: 0 }]);
});

it('puts each entry into the stretch of time in which it was written, and none beyond the end', async () => {
  const fixture = await openFixture();
  const intent = () => put(fixture, 'call.intent', {});
  await intent();
  fixture.clock.nowMs = START_MS + MINUTE_MS - 1;
  await intent();
  fixture.clock.nowMs += 1;
  await intent();
  fixture.clock.nowMs = START_MS + 2.5 * MINUTE_MS;
  await intent();
  const range = { since: START_MS + 30_000, until: START_MS + 2.5 * MINUTE_MS };
  const { buckets, judged, since } = await countActivity(fixture.database, range);
  expect(since).toBe(START_MS);
  expect(buckets.map((bucket) => [bucket.at - START_MS, bucket.allowed])).toEqual([
    [0, 2],
    [MINUTE_MS, 1],
    [2 * MINUTE_MS, 0],
  ]);
  expect(judged.counted).toBe(3);
});

it('a wait that began before the asked time is told by its whole length when it ends within it', async () => {
  const fixture = await openFixture();
  await wait(fixture, 'apr_1', ['approval.approved', 90_000]);
  const range = { since: START_MS + MINUTE_MS, until: START_MS + 2 * MINUTE_MS };
  const { buckets } = await countActivity(fixture.database, range);
  expect(buckets).toMatchObject([{ held: 0, approved: 1, medianMs: 90_000, longestMs: 90_000 }]);
});

it('says so when there are more calls than it counts by their values, and takes the newest', async () => {
  const fixture = await openFixture();
  const commits = Array.from({ length: LIMITS.facetEntries + 1 }, (_, index) =>
    put(fixture, 'call.intent', { action: index === 0 ? 'oracle/oldest' : 'oracle/echo' }),
  );
  await Promise.all(commits);
  const { buckets, judged } = await countActivity(fixture.database, at(fixture));
  expect(buckets[0]?.allowed).toBe(LIMITS.facetEntries + 1);
  expect(judged).toMatchObject({ counted: LIMITS.facetEntries, complete: false });
  expect(judged.actions).toEqual([{ value: 'oracle/echo', allow: LIMITS.facetEntries, hold: 0, deny: 0 }]);
});

it('chooses stretches that are never more than fit one plot', () => {
  expect(bucketFor(HOUR_MS)).toBe(5 * MINUTE_MS);
  expect(bucketFor(24 * HOUR_MS)).toBe(30 * MINUTE_MS);
  expect(bucketFor(7 * 24 * HOUR_MS)).toBe(6 * HOUR_MS);
  expect(bucketFor(LIMITS.overviewMaxMs)).toBe(24 * HOUR_MS);
});
