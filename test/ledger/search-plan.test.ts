import { expect, it } from 'vitest';
import type { EntryDraft } from '../../src/ledger/entry.ts';
import { type EntryQuery, queryEntries } from '../../src/ledger/query.ts';
import type { Reader } from '../../src/storage/database.ts';
import { openFixture } from './fixture.ts';

const CALLS: readonly EntryDraft[] = Array.from({ length: 30 }, (_, n) => {
  const ref = {
    session: 'ses_1',
    subject: 'ann',
    principal: 'session:ses_1',
    call: `req_${n % 10}`,
    approval: 'apr_1',
  };
  return { type: 'call.intent', ref: { ...ref, action: 'sandbox/list' }, body: {} };
});

/** The same, and what the engine does for each question: a `SCAN` reads all rows of a table or index. */
function explaining(database: Reader): Reader & { readonly steps: string[] } {
  const steps: string[] = [];
  return {
    steps,
    async query(statement) {
      const plan = await database.query({ ...statement, sql: `EXPLAIN QUERY PLAN ${statement.sql}` });
      steps.push(...plan.map(({ detail }) => String(detail)));
      return database.query(statement);
    },
  };
}

it.each<EntryQuery>([
  { call: 'req_3' },
  { call: 'req_3', type: 'call.intent' },
  { call: 'req_3', subject: 'ann', order: 'asc' },
  { approval: 'apr_1' },
  { session: 'ses_1' },
  { subject: 'ann' },
  { principal: 'session:ses_1' },
  { action: 'sandbox/list' },
])('what %o asks for is found by an index, and not by reading the ledger', async (query) => {
  const { ledger, database } = await openFixture();
  await ledger.commit({ entries: CALLS });
  const explained = explaining(database);
  const { entries } = await queryEntries(explained, query);
  expect(entries).toHaveLength(query.call === undefined ? 30 : 3);
  const reads = explained.steps.filter((step) => /^(SCAN|SEARCH) ledger\b/.test(step));
  expect(reads).not.toEqual([]);
  // The key alone finds the bounds of the sequence, which hold every entry here.
  expect(reads.filter((step) => !/^SEARCH ledger USING .*INDEX ledger_by_/.test(step))).toEqual([]);
});

it('the entries of a call come in their order, a page at a time', async () => {
  const { ledger, database } = await openFixture();
  await ledger.commit({ entries: CALLS });
  const first = await queryEntries(database, { call: 'req_3', limit: 2 });
  expect(first.entries.map(({ seq }) => seq)).toEqual([23, 13]);
  const cursor = first.nextCursor ?? '';
  const next = await queryEntries(database, { call: 'req_3', limit: 2, cursor });
  expect(next.entries.map(({ seq }) => seq)).toEqual([3]);
  const asc = await queryEntries(database, { call: 'req_3', order: 'asc' });
  expect(asc.entries.map(({ seq }) => seq)).toEqual([3, 13, 23]);
});
