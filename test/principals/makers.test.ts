import { afterEach, beforeEach, expect, it } from 'vitest';
import { createKey } from '../../src/principals/keys.ts';
import { findMaker } from '../../src/principals/makers/find-maker.ts';
import { mintSession } from '../../src/sessions/mint.ts';
import { type Office, openOffice } from './support/office.ts';

let office: Office;
beforeEach(async () => {
  office = await openOffice();
});
afterEach(async () => office.close());

const ADA = 'person:per_ada';
const found = (ref: string) => findMaker(office.deps, ref);
const keyBy = async (by: string): Promise<string> =>
  `api_key:${(await createKey(office.deps, { name: 'x', roles: ['minter'], by })).key.id}`;
const sessionBy = async (by: string): Promise<string> =>
  `session:${(await mintSession({ ...office.deps, defaultTtlMs: 60_000 }, {}, by)).session.id}`;
const sql = (text: string, ...params: string[]) =>
  office.deps.ledger.commit({ then: [{ sql: text, params }], entries: [] });

it('the person at the end of a chain is found, with the number of keys on the way', async () => {
  const key = await keyBy(ADA);
  expect(await found(key)).toEqual({ kind: 'person', person: ADA, keys: 1 });
  expect(await found(await sessionBy(key))).toEqual({ kind: 'person', person: ADA, keys: 1 });
  expect(await found(await sessionBy(await sessionBy(await keyBy(key))))).toEqual({
    kind: 'person',
    person: ADA,
    keys: 2,
  });
  expect(await found(await sessionBy(ADA))).toEqual({ kind: 'person', person: ADA, keys: 0 });
});

it('the gateway is nobody', async () => {
  expect(await found(await sessionBy('gateway:start'))).toEqual({ kind: 'nobody' });
  expect(await found(await sessionBy(await keyBy(await keyBy('gateway:start'))))).toEqual({ kind: 'nobody' });
});

it('what leads to no end is unknown: something that is missing, of another workspace, or a circle', async () => {
  const [one, two] = [await keyBy(ADA), await keyBy(ADA)];
  for (const ref of [
    '',
    'api_key:',
    'api_key:key_none',
    'session:ses_none',
    'service_account:svc_none',
    'key_1',
  ])
    expect(await found(ref)).toEqual({ kind: 'unknown' });
  expect(await found(await sessionBy('api_key:key_none'))).toEqual({ kind: 'unknown' });
  expect(await findMaker({ ...office.deps, workspace: 'elsewhere' }, one)).toEqual({ kind: 'unknown' });
  await sql('UPDATE api_key SET created_by = ? WHERE id = ?', two, one.slice('api_key:'.length));
  await sql('UPDATE api_key SET created_by = ? WHERE id = ?', one, two.slice('api_key:'.length));
  expect(await found(await sessionBy(two))).toEqual({ kind: 'unknown' });
});

it('a chain is followed by the primary keys of its tables alone', async () => {
  const { database } = office.deps;
  const steps: string[] = [];
  const explaining: typeof database = {
    async query(statement) {
      const plan = await database.query({ ...statement, sql: `EXPLAIN QUERY PLAN ${statement.sql}` });
      steps.push(...plan.map(({ detail }) => String(detail)));
      return database.query(statement);
    },
  };
  await findMaker({ ...office.deps, database: explaining }, await sessionBy(await keyBy(ADA)));
  const tables = steps.filter((step) => /\b(session|api_key|service_account)\b/.test(step));
  expect(tables).toHaveLength(3);
  for (const step of tables) expect(step).toMatch(/^SEARCH \w+ USING INDEX sqlite_autoindex_\w+ \(id=\?\)/);
});
