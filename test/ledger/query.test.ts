import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entry, EntryDraft } from '../../src/ledger/entry.ts';
import { type EntryFilter, matchesFilter } from '../../src/ledger/filter.ts';
import { type EntryQuery, queryEntries } from '../../src/ledger/query.ts';
import { draft, type Fixture, fill, openFixture, START_MS } from './fixture.ts';

async function seqs(fixture: Fixture, query: EntryQuery): Promise<number[]> {
  return (await queryEntries(fixture.database, query)).entries.map((entry) => entry.seq);
}

const ACTIONS = ['sandbox/payments_refund', 'sandbox/payments_list', 'files/read', 'files/réad', undefined];

/** Ten entries, one per second, that differ in everything that a filter knows. */
async function varied(): Promise<Fixture> {
  const fixture = await openFixture();
  for (let index = 0; index < 10; index++) {
    const action = ACTIONS[index % ACTIONS.length];
    const ref: EntryDraft['ref'] = {
      session: `ses_${index % 2}`,
      subject: `user-${index % 3}`,
      principal: `key_${index % 4}`,
      ...(action === undefined ? {} : { action }),
      ...(index < 2 ? { approval: 'apr_1' } : {}),
    };
    await fixture.ledger.commit({
      entries: [draft(ref, index % 2 === 0 ? 'call.intent' : 'approval.requested')],
    });
    fixture.clock.nowMs += 1_000;
  }
  return fixture;
}

describe('a query', () => {
  it('returns the newest entries first, as they were sealed', async () => {
    const fixture = await varied();
    const { entries } = await queryEntries(fixture.database, { limit: 1 });
    expect(entries).toMatchObject([
      { v: 1, log: 'localhost:8787/default', seq: 9, ts: START_MS + 9_000, ref: { session: 'ses_1' } },
    ]);
    expect(await seqs(fixture, {})).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    expect(await seqs(fixture, { order: 'asc', limit: 3 })).toEqual([0, 1, 2]);
  });

  it.each<[EntryFilter, number[]]>([
    [{ action: 'sandbox/payments_refund' }, [0, 5]],
    [{ action: 'sandbox/*' }, [0, 1, 5, 6]],
    [{ action: '*' }, [0, 1, 2, 3, 5, 6, 7, 8]],
    [{ action: 'sandbox/payments' }, []],
    [{ type: 'call.intent' }, [0, 2, 4, 6, 8]],
    [{ type: 'approval.*' }, [1, 3, 5, 7, 9]],
    [{ subject: 'user-1' }, [1, 4, 7]],
    [{ session: 'ses_1', subject: 'user-1' }, [1, 7]],
    [{ principal: 'key_3' }, [3, 7]],
    [{ approval: 'apr_1' }, [0, 1]],
    [{ since: START_MS + 8_000 }, [8, 9]],
    [{ since: START_MS + 7_001 }, [8, 9]],
    [{ until: START_MS + 2_000 }, [0, 1]],
    [{ since: START_MS + 3_000, until: START_MS + 4_000 }, [3]],
    [{ since: START_MS + 60_000 }, []],
    [{ until: START_MS + 60_000, type: 'call.*', session: 'ses_0', action: 'files/*' }, [2, 8]],
  ])('with %j finds exactly the matching entries', async (filter, expected) => {
    const fixture = await varied();
    expect(await seqs(fixture, { ...filter, order: 'asc' })).toEqual(expected);
    const { entries } = await queryEntries(fixture.database, { order: 'asc' });
    expect(entries.filter((entry) => matchesFilter(filter, entry)).map((entry) => entry.seq)).toEqual(
      expected,
    );
  });

  it('pages through everything once in both orders, whatever is appended meanwhile', async () => {
    const { ledger, database } = await openFixture();
    await fill(ledger, 25);
    for (const order of ['asc', 'desc'] as const) {
      const found: Entry[] = [];
      let cursor: string | undefined;
      do {
        const page = await queryEntries(database, {
          order,
          limit: 10,
          until: START_MS + 1,
          ...(cursor ? { cursor } : {}),
        });
        found.push(...page.entries);
        cursor = page.nextCursor;
        if (order === 'desc') await fill(ledger, 1);
      } while (cursor !== undefined);
      const expected = Array.from({ length: 25 }, (_, index) => (order === 'asc' ? index : 24 - index));
      expect(found.map((entry) => entry.seq)).toEqual(expected);
    }
  });

  it('finds a pattern that stands for many actions', async () => {
    const fixture = await openFixture();
    for (let index = 0; index < 150; index++) {
      await fixture.ledger.commit({ entries: [draft({ action: `s${index % 2}/tool_${index}` })] });
    }
    const first = { action: 's1/*', limit: 5 };
    expect(await seqs(fixture, first)).toEqual([149, 147, 145, 143, 141]);
    expect(await seqs(fixture, { action: 's1/tool_1*', order: 'asc', limit: 5 })).toEqual([
      1, 11, 13, 15, 17,
    ]);
    expect(await seqs(fixture, { action: '*', type: '*', limit: 3 })).toEqual([149, 148, 147]);
  });

  it('gives no cursor when nothing follows', async () => {
    const { ledger, database } = await openFixture();
    await fill(ledger, 10);
    expect((await queryEntries(database, { limit: 10 })).nextCursor).toBeUndefined();
    expect((await queryEntries(database, { limit: 9 })).nextCursor).toBeDefined();
  });

  it.each<[string, EntryQuery]>([
    ['limit', { limit: 0 }],
    ['limit', { limit: 201 }],
    ['limit', { limit: 1.5 }],
    ['cursor', { cursor: 'x' }],
    ['cursor', { cursor: Buffer.from('asc:5').toString('base64url') }],
    ['action', { action: 'a*b' }],
    ['action', { action: '*/refund' }],
    ['type', { type: 'call.**' }],
  ])('names %s when it is wrong', async (field, query) => {
    const { database } = await openFixture();
    await expect(queryEntries(database, query)).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringMatching(new RegExp(`^${field}: `)),
      fields: [{ field }],
    });
  });

  it('agrees with the filter on live entries for any combination', async () => {
    const fixture = await varied();
    const { entries } = await queryEntries(fixture.database, { order: 'asc' });
    const text = fc.constantFrom(
      'sandbox/payments_refund',
      'sandbox/*',
      '*',
      'files/r*',
      'call.*',
      'call.intent',
      'user-1',
      'ses_0',
      'key_1',
      '',
    );
    const time = fc.integer({ min: START_MS - 1, max: START_MS + 10_001 });
    const record = fc.record(
      { action: text, type: text, subject: text, session: text, principal: text, since: time, until: time },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(record, async (filter) => {
        const expected = entries.filter((entry) => matchesFilter(filter, entry)).map((entry) => entry.seq);
        expect(await seqs(fixture, { ...filter, order: 'asc' })).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });
});
