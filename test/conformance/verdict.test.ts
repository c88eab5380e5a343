import { expect, it } from 'vitest';
import {
  type Check,
  countOf,
  differencesOf,
  NOTHING_JUDGED,
  type Results,
  shortfallsOf,
  verdictsOf,
} from './verdict.ts';

const PLACE = { suite: 'next', revision: '2025-11-25' };

const check = (id: string, status = 'SUCCESS', more: Partial<Check> = {}): Check => ({
  id,
  name: id,
  status,
  ...more,
});
const one = (...checks: Check[]): Results => new Map([['ping', verdictsOf(checks)]]);
const changes = (wanted: Results, got: Results) =>
  differencesOf(PLACE, { wanted, got }).map((found) => [
    found.scenario,
    found.check,
    found.wanted,
    found.got,
  ]);

it('two runs in which every check came out the same do not differ', () => {
  const run = (): Results => one(check('a'), check('b', 'FAILURE'), check('c', 'SKIPPED'));
  expect(changes(run(), run())).toEqual([]);
});

it.each(['FAILURE', 'WARNING', 'SKIPPED'])(
  'a check that succeeded and then is a %s is a difference',
  (status) => {
    expect(changes(one(check('a'), check('b')), one(check('a'), check('b', status)))).toEqual([
      ['ping', 'b', 'SUCCESS', status],
    ]);
  },
);

it('a check that failed and then succeeds is a difference too', () => {
  expect(changes(one(check('a', 'FAILURE')), one(check('a')))).toEqual([['ping', 'a', 'FAILURE', 'SUCCESS']]);
});

it('a check that is gone is a difference, even if all that are left succeed', () => {
  expect(changes(one(check('a'), check('b')), one(check('a')))).toEqual([['ping', 'b', 'SUCCESS', 'absent']]);
});

it('a check that only the second run has is a difference', () => {
  expect(changes(one(check('a')), one(check('a'), check('b')))).toEqual([['ping', 'b', 'absent', 'SUCCESS']]);
});

it('a scenario that is gone is a difference in each of its checks', () => {
  expect(changes(one(check('a'), check('b')), new Map())).toEqual([
    ['ping', 'a', 'SUCCESS', 'absent'],
    ['ping', 'b', 'SUCCESS', 'absent'],
  ]);
});

it('a check that turned into mere information is gone', () => {
  expect(changes(one(check('a'), check('b')), one(check('a'), check('b', 'INFO')))).toEqual([
    ['ping', 'b', 'SUCCESS', 'absent'],
  ]);
});

it.each([
  ['no checks at all', []],
  ['nothing but information', [check('a', 'INFO')]],
])('a scenario with %s does not pass', (_, checks) => {
  expect(shortfallsOf(PLACE, one(...checks))).toMatchObject([{ check: NOTHING_JUDGED, got: 'EMPTY' }]);
});

it('a scenario that judged something and then nothing is a difference', () => {
  expect(changes(one(check('a')), one())).toContainEqual(['ping', NOTHING_JUDGED, 'absent', 'EMPTY']);
});

it('of one check that is made several times, each turn is compared with the same turn', () => {
  const made = (...statuses: string[]): Results =>
    one(...statuses.map((status, index) => check('reject', status, { name: index < 2 ? 'Name' : 'Method' })));
  expect(changes(made('SUCCESS', 'SUCCESS', 'SUCCESS'), made('SUCCESS', 'FAILURE', 'SUCCESS'))).toEqual([
    ['ping', 'reject (Name) #2', 'SUCCESS', 'FAILURE'],
  ]);
});

it('a difference has the words of the run that came out otherwise', () => {
  const got = one(check('a', 'FAILURE', { errorMessage: 'got -32603' }));
  expect(differencesOf(PLACE, { wanted: one(check('a')), got })).toMatchObject([
    { ...PLACE, error: 'got -32603' },
  ]);
});

it('every status but success is a shortfall', () => {
  const checks = ['SUCCESS', 'FAILURE', 'WARNING', 'SKIPPED'].map((status) => check(status, status));
  expect(shortfallsOf(PLACE, one(...checks)).map(({ got }) => got)).toEqual([
    'FAILURE',
    'WARNING',
    'SKIPPED',
  ]);
});

it('only what was judged is counted', () => {
  expect(countOf(one(check('a'), check('b', 'INFO'), check('c', 'FAILURE')))).toBe(2);
});
