import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countFacets } from '../../src/ledger/count-facets.ts';
import type { Entry, EntryDraft } from '../../src/ledger/entry.ts';
import { type EntryFilter, matchesFilter } from '../../src/ledger/filter.ts';
import { type EntryQuery, queryEntries } from '../../src/ledger/query.ts';
import { subscribe } from '../../src/ledger/subscribe.ts';
import { wordsOf } from '../../src/ledger/words.ts';
import { type Fixture, openFixture, START_MS } from './fixture.ts';

const REFUND = 'sandbox/payments_refund';

function signed(reason: string): string {
  return JSON.stringify({ decision: 'deny', reason });
}

/** What a day looks like: two agents with labels, calls that were allowed, denied and held, and what people said. */
const DAY: readonly EntryDraft[] = [
  {
    type: 'session.minted',
    ref: { session: 'ses_1', subject: 'ann', principal: 'api_key:key_1' },
    body: { session: 'ses_1', labels: { team: 'billing', env: 'prod' } },
  },
  {
    type: 'session.minted',
    ref: { session: 'ses_2', subject: 'bob', principal: 'api_key:key_1' },
    body: { session: 'ses_2', labels: { team: 'support', env: 'prod' } },
  },
  {
    type: 'call.intent',
    ref: { session: 'ses_1', subject: 'ann', call: 'req_1', action: 'sandbox/orders_list' },
    body: { rule: 'reads' },
  },
  {
    type: 'call.outcome',
    ref: { session: 'ses_1', subject: 'ann', call: 'req_1', action: 'sandbox/orders_list' },
    body: { kind: 'result', is_error: false },
  },
  {
    type: 'call.denied',
    ref: { session: 'ses_2', subject: 'bob', principal: 'session:ses_2', action: 'files/deleteAll' },
    body: { rule: 'no-wiping', reason: 'Nothing is wiped by agents.' },
  },
  {
    type: 'approval.requested',
    ref: { approval: 'apr_1', session: 'ses_1', subject: 'ann', principal: 'session:ses_1', action: REFUND },
    body: { effect: 'hold', rule: 'money', risk: 'high' },
  },
  {
    type: 'approval.decided',
    ref: { approval: 'apr_1', session: 'ses_1', subject: 'ann', principal: 'person:per_1', action: REFUND },
    body: { decision: 'deny', statement: signed('Kunde Müller hat schon 50 € bekommen') },
  },
  {
    type: 'approval.requested',
    ref: { approval: 'apr_2', subject: 'ci', principal: 'api_key:key_1', action: 'deployment.execute' },
    body: { effect: 'allow', rule: 'staging', risk: 'low' },
  },
  {
    type: 'access.evaluated',
    ref: { subject: 'ci' },
    body: { decision: true, effect: 'hold', rule: 'money' },
  },
  {
    type: 'session.narrowed',
    ref: { session: 'ses_3', subject: 'ann', principal: 'session:ses_1' },
    body: { session: 'ses_3', labels: { team: 'billing', env: 'prod' } },
  },
  {
    type: 'call.intent',
    ref: { session: 'ses_3', subject: 'ann', call: 'req_2', action: 'resource:files/orders_list' },
    body: { method: 'resources/read' },
  },
];

async function openDay(): Promise<Fixture> {
  const fixture = await openFixture();
  for (const entry of DAY) {
    await fixture.ledger.commit({ entries: [entry] });
    fixture.clock.nowMs += 1_000;
  }
  return fixture;
}

async function seqs({ database }: Fixture, query: EntryQuery): Promise<number[]> {
  const { entries } = await queryEntries(database, { order: 'asc', ...query });
  return entries.map((entry) => entry.seq);
}

const CASES: readonly [EntryFilter, number[]][] = [
  [{ tool: 'payments_refund' }, [5, 6]],
  [{ tool: 'orders_*' }, [2, 3]],
  [{ tool: 'orders' }, []],
  [{ verdict: 'allow' }, [2, 7, 10]],
  [{ verdict: 'deny' }, [4]],
  [{ verdict: 'hold' }, [5, 8]],
  [{ verdict: 'hold', subject: 'ann' }, [5]],
  [{ agent: 'ses_2' }, [1, 4]],
  [{ agent: 'team=billing' }, [0, 2, 3, 5, 6, 9, 10]],
  [{ agent: 'team=billing', verdict: 'allow' }, [2, 10]],
  [{ agent: 'team=bill' }, []],
  [{ agent: 'env=prod', type: 'call.*' }, [2, 3, 4, 10]],
  [{ call: 'req_1' }, [2, 3]],
  [{ text: 'refund' }, [5, 6]],
  [{ text: 'ORDERS' }, [2, 3, 10]],
  [{ text: 'wiped' }, [4]],
  [{ text: 'wip' }, [4]],
  [{ text: 'delete' }, [4]],
  [{ text: 'all wiping' }, [4]],
  [{ text: 'müller 50' }, [6]],
  [{ text: 'müller refund' }, [6]],
  [{ text: 'müller wiped' }, []],
  [{ text: 'money' }, [5, 8]],
  [{ text: 'o' }, [2, 3, 10]],
  [{ text: 'orders', subject: 'ann', since: START_MS + 3_000 }, [3, 10]],
  [{ text: 'deployment', verdict: 'allow' }, [7]],
  [{ text: 'ünbekannt' }, []],
];

describe('a search', () => {
  it.each(CASES)('with %j finds exactly the matching entries', async (filter, expected) => {
    const fixture = await openDay();
    expect(await seqs(fixture, filter)).toEqual(expected);
    expect(await seqs(fixture, { ...filter, order: 'desc' })).toEqual(expected.toReversed());
    if (filter.agent?.includes('=')) return;
    const { entries } = await queryEntries(fixture.database, { order: 'asc' });
    expect(entries.filter((entry) => matchesFilter(filter, entry)).map((entry) => entry.seq)).toEqual(
      expected,
    );
  });

  it('agrees with the filter on live entries for any combination of words, tools and verdicts', async () => {
    const fixture = await openDay();
    const { entries } = await queryEntries(fixture.database, { order: 'asc' });
    const record = fc.record(
      {
        tool: fc.constantFrom('orders_list', 'orders*', '*', 'x'),
        verdict: fc.constantFrom('allow' as const, 'deny' as const, 'hold' as const),
        type: fc.constantFrom('call.*', 'approval.requested', '*'),
        subject: fc.constantFrom('ann', 'bob', 'ci'),
        agent: fc.constantFrom('ses_1', 'ses_2'),
        text: fc.constantFrom('o', 'money', 'sandbox list', 'wiped no', 'm', 'all', 'refund müller'),
        since: fc.integer({ min: START_MS, max: START_MS + 12_000 }),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(record, async (filter) => {
        const expected = entries.filter((entry) => matchesFilter(filter, entry)).map((entry) => entry.seq);
        expect(await seqs(fixture, filter)).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('finds each entry once and in order, however many of its words and actions match', async () => {
    const { ledger, database } = await openFixture();
    for (let index = 0; index < 90; index++) {
      const action = `server${index % 9}/tool_${index % 30}`;
      const body = { reason: `word${index % 7} words wordy${index % 3}` };
      await ledger.commit({ entries: [{ type: 'call.denied', ref: { action }, body }] });
    }
    for (const text of ['word', 'tool', 'server tool word', 'w']) {
      const first = await queryEntries(database, { text, limit: 50 });
      expect(first.entries.map(({ seq }) => seq)).toEqual(Array.from({ length: 50 }, (_, n) => 89 - n));
      const next = await queryEntries(database, { text, limit: 50, cursor: first.nextCursor ?? '' });
      expect(next.entries.map(({ seq }) => seq)).toEqual(Array.from({ length: 40 }, (_, n) => 39 - n));
    }
  });

  it('finds an action by its words although the first change with it was refused', async () => {
    const fixture = await openFixture();
    const entry: EntryDraft = { type: 'call.intent', ref: { action: 'late/riser' }, body: {} };
    const refused = { sql: "UPDATE meta SET value = '' WHERE key = 'none' RETURNING key", params: [] };
    await fixture.ledger.commit({ guard: refused, entries: [entry] });
    await fixture.ledger.commit({ entries: [entry] });
    expect(await seqs(fixture, { text: 'riser' })).toEqual([0]);
    expect(await seqs(fixture, { tool: 'riser' })).toEqual([0]);
  });

  it('finds a label that more sessions have than an index is asked for', async () => {
    const fixture = await openFixture();
    for (let index = 0; index < 80; index++) {
      const session = `ses_${index}`;
      const labels = { fleet: 'big', one: String(index) };
      await fixture.ledger.commit({
        entries: [{ type: 'session.minted', ref: { session }, body: { labels } }],
      });
    }
    expect(await seqs(fixture, { agent: 'fleet=big', limit: 200 })).toHaveLength(80);
    expect(await seqs(fixture, { agent: 'one=7' })).toEqual([7]);
  });

  it.each<[string, EntryFilter]>([
    ['text', { text: '…' }],
    ['text', { text: 'a b c d e f g h i' }],
    ['tool', { tool: '*x' }],
  ])('names %s when it is wrong', async (field, filter) => {
    const { database } = await openFixture();
    await expect(queryEntries(database, filter)).rejects.toMatchObject({ fields: [{ field }] });
  });
});

it('words are letters and digits without case, parted where a capital begins one', () => {
  expect(wordsOf('deleteAll_the-Orders ＡＢＣ 50€ x')).toEqual([
    'delete',
    'all',
    'the',
    'orders',
    'abc',
    '50',
    'x',
  ]);
  expect(wordsOf('a a A')).toEqual(['a']);
});

it('a subscription knows the labels of sessions that begin while it runs', async () => {
  const { database, ledger } = await openFixture();
  const stop = new AbortController();
  const found: Entry[] = [];
  const follow = async (): Promise<void> => {
    const filter = { agent: 'team=new', type: 'call.intent' };
    for await (const entry of subscribe(
      { database, ledger },
      { filter, afterSeq: -1, signal: stop.signal },
    )) {
      found.push(entry);
      if (found.length === 2) stop.abort();
    }
  };
  const done = follow();
  for (const [session, team] of Object.entries({ ses_1: 'new', ses_2: 'old', ses_3: 'new' })) {
    await ledger.commit({
      entries: [
        { type: 'session.minted', ref: { session }, body: { labels: { team } } },
        { type: 'call.intent', ref: { session, action: 'a/b' }, body: {} },
      ],
    });
  }
  await done;
  expect(found.map(({ ref }) => ref.session)).toEqual(['ses_1', 'ses_3']);
});

describe('facets', () => {
  it('count the values of what matches, the most frequent first', async () => {
    const { database } = await openDay();
    const { counted, complete, facets } = await countFacets(database, { agent: 'team=billing' });
    expect({ counted, complete }).toEqual({ counted: 7, complete: true });
    expect(facets.verdict).toEqual([
      { value: 'allow', count: 2 },
      { value: 'hold', count: 1 },
    ]);
    expect(facets.tool).toEqual([
      { value: 'orders_list', count: 2 },
      { value: 'payments_refund', count: 2 },
    ]);
    expect(facets.session.map(({ value }) => value)).toEqual(['ses_1', 'ses_3']);
    expect(facets.subject).toEqual([{ value: 'ann', count: 7 }]);
    expect(facets.type[0]).toEqual({ value: 'call.intent', count: 2 });
  });

  it('count the verdicts that stand in a body too', async () => {
    const { database } = await openDay();
    const { facets } = await countFacets(database, {});
    expect(facets.verdict).toEqual([
      { value: 'allow', count: 3 },
      { value: 'hold', count: 2 },
      { value: 'deny', count: 1 },
    ]);
  });
});
