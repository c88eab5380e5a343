import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Database, Statement, Transition } from '../../src/storage/database.ts';

const none = () => [];

function put(key: string, value: string): Statement {
  return { sql: 'INSERT INTO meta (key, value) VALUES (?, ?)', params: [key, value] };
}

function putOnce(key: string, value: string): Statement {
  const sql = 'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING key, value';
  return { sql, params: [key, value] };
}

function compareAndSet(key: string, from: string, to: string): Statement {
  return {
    sql: 'UPDATE meta SET value = ? WHERE key = ? AND value = ? RETURNING value',
    params: [to, key, from],
  };
}

/** What every storage engine must do. `open` gives an empty, migrated database. */
export function storageContract(engine: string, open: () => Promise<Database>): void {
  describe(`${engine} as a storage engine`, () => {
    let database: Database;
    beforeEach(async () => {
      database = await open();
    });
    afterEach(() => database.close());

    async function value(key: string): Promise<unknown> {
      const [row] = await database.query({ sql: 'SELECT value FROM meta WHERE key = ?', params: [key] });
      return row?.value;
    }

    it('returns the rows of a guard that matched', async () => {
      const applied = await database.apply([{ guard: putOnce('a', '1'), entries: [] }], none);
      expect(applied).toEqual([{ kind: 'applied', rows: [{ key: 'a', value: '1' }] }]);
    });

    it('applies a transition without a guard', async () => {
      const applied = await database.apply([{ then: [put('a', '1')], entries: [] }], none);
      expect(applied).toEqual([{ kind: 'applied', rows: [] }]);
      expect(await value('a')).toBe('1');
    });

    it('leaves nothing of a transition whose guard missed and keeps the others of its batch', async () => {
      const refused = {
        guard: compareAndSet('absent', 'x', 'y'),
        then: [put('leak', '1')],
        entries: ['refused'],
      };
      const accepted = { guard: putOnce('a', '1'), then: [put('b', '2')], entries: ['accepted'] };
      const sealed: string[] = [];
      const applied = await database.apply([refused, accepted], (batch) => {
        sealed.push(...batch.flatMap((transition) => transition.entries));
        return [];
      });
      expect(applied.map((one) => one.kind)).toEqual(['refused', 'applied']);
      expect(sealed).toEqual(['accepted']);
      expect([await value('leak'), await value('b')]).toEqual([undefined, '2']);
    });

    it('lets a guard see what an earlier transition of its batch has written', async () => {
      const batch = [
        { then: [put('state', 'pending')], entries: [] },
        { guard: compareAndSet('state', 'pending', 'approved'), entries: [] },
        { guard: compareAndSet('state', 'pending', 'denied'), entries: [] },
      ];
      const applied = await database.apply(batch, none);
      expect(applied.map((one) => one.kind)).toEqual(['applied', 'applied', 'refused']);
      expect(await value('state')).toBe('approved');
    });

    it('accepts a statement that returns rows after the guard and from seal', async () => {
      await database.apply([{ then: [putOnce('a', '1'), putOnce('a', '2')], entries: [] }], () => [
        putOnce('b', '3'),
      ]);
      expect([await value('a'), await value('b')]).toEqual(['1', '3']);
    });

    it('writes what seal returns in the same transaction', async () => {
      await database.apply([{ guard: putOnce('a', '1'), entries: [7] }], ([first]) => [
        put('sealed', String(first?.entries[0])),
      ]);
      expect(await value('sealed')).toBe('7');
    });

    it.each<[string, Transition<never>, () => Statement[]]>([
      ['a statement after the guard breaks a constraint', { then: [put('a', '2')], entries: [] }, none],
      ['a guard breaks a constraint', { guard: put('a', '2'), entries: [] }, none],
      ['a sealed statement breaks a constraint', { entries: [] }, () => [put('a', '2')]],
      ['a statement is not SQL', { then: [{ sql: 'NOT SQL', params: [] }], entries: [] }, none],
      [
        'seal throws',
        { entries: [] },
        () => {
          throw new Error('no room');
        },
      ],
    ])('keeps nothing of a batch in which %s, and goes on', async (_, bad, seal) => {
      await database.apply([{ then: [put('a', '1')], entries: [] }], none);
      await expect(database.apply([{ then: [put('b', '1')], entries: [] }, bad], seal)).rejects.toThrow();
      expect([await value('a'), await value('b')]).toEqual(['1', undefined]);
      await database.apply([{ then: [put('b', '2')], entries: [] }], none);
      expect(await value('b')).toBe('2');
    });

    it('lets exactly one of 1,000 racing guards win', async () => {
      await database.apply([{ then: [put('state', 'pending')], entries: [] }], none);
      const race = Array.from({ length: 1_000 }, (_, index) =>
        database.apply([{ guard: compareAndSet('state', 'pending', `winner ${index}`), entries: [] }], none),
      );
      const results = (await Promise.all(race)).flat();
      expect(results.filter((one) => one.kind === 'applied')).toHaveLength(1);
    });

    it('gives text, integers, fractions and null back as they were stored', async () => {
      const text = 'äöü €\u{1f600} \' " \n\t ; -- ?';
      const insert: Statement = {
        sql: `INSERT INTO session (id, workspace, token_hash, subject, labels, scope, minted_by, created_at, expires_at,
              revoke_reason) VALUES (?, 'default', '?', ?, '{}', '[]', 'x', ?, ?, NULL)`,
        params: ['s', text, Number.MAX_SAFE_INTEGER, -9_007_199_254_740_993n],
      };
      await database.apply([{ then: [insert], entries: [] }], none);
      const [row] = await database.query({ sql: 'SELECT * FROM session WHERE id = ?', params: ['s'] });
      expect(row?.subject).toBe(text);
      expect(row?.token_hash).toBe('?');
      expect(row?.created_at).toBe(Number.MAX_SAFE_INTEGER);
      expect(row?.expires_at).toBe(-9_007_199_254_740_993n);
      expect(row?.revoke_reason).toBeNull();
    });

    it('stores a whole number in a text column without a fraction', async () => {
      await database.apply([{ then: [{ ...put('n', ''), params: ['n', 5] }], entries: [] }], none);
      expect(await value('n')).toBe('5');
    });

    it.each<[string, unknown]>([
      ['a boolean', true],
      ['undefined', undefined],
      ['an object', { a: 1 }],
      ['bytes', new Uint8Array([1])],
      ['a date', new Date(0)],
      ['NaN', Number.NaN],
      ['an unsafe integer', 2 ** 53],
    ])('refuses %s as a parameter instead of storing something else', async (_, bad) => {
      const statement = { ...put('a', ''), params: ['a', bad] } as Statement;
      await expect(database.apply([{ then: [statement], entries: [] }], none)).rejects.toThrow(/parameter 2/);
      expect(await value('a')).toBeUndefined();
    });

    it('refuses text with NUL as the fault of whoever sent it, in changes and in queries', async () => {
      const refusal = { code: 'invalid_request', message: expect.stringContaining('NUL') };
      const statement = { ...put('a', ''), params: ['a', 'x\0y'] };
      await expect(database.apply([{ then: [statement], entries: [] }], none)).rejects.toMatchObject(refusal);
      const query = { sql: 'SELECT value FROM meta WHERE key = ?', params: ['x\0y'] };
      await expect(database.query(query)).rejects.toMatchObject(refusal);
      expect(await value('a')).toBeUndefined();
    });

    it('refuses a statement with too few or too many parameters', async () => {
      await database.apply([{ then: [put('a', '1')], entries: [] }], none);
      for (const params of [['b'], ['b', '2', '3']]) {
        await expect(
          database.apply([{ then: [{ ...put('', ''), params }], entries: [] }], none),
        ).rejects.toThrow(/takes 2 parameters/);
      }
      expect(await value('b')).toBeUndefined();
    });

    it('blocks changes and deletions of ledger rows', async () => {
      const row: Statement = {
        sql: `INSERT INTO ledger (seq, workspace, ts, type, entry, leaf) VALUES (0, 'default', 1, 't', '{}', '00')`,
        params: [],
      };
      await database.apply([{ then: [row], entries: [] }], none);
      for (const sql of ['UPDATE ledger SET ts = 2', 'DELETE FROM ledger']) {
        await expect(database.apply([{ then: [{ sql, params: [] }], entries: [] }], none)).rejects.toThrow(
          /append-only/,
        );
      }
    });
  });
}
