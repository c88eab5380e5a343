import { expect, it } from 'vitest';
import { judge, type Known, type Ran, readBaseline } from './baseline.ts';
import { isClean, reportOf } from './report.ts';
import type { Difference } from './verdict.ts';

const FOUND: Difference = {
  suite: 'next',
  revision: '2026-07-28',
  scenario: 'caching',
  check: 'hints',
  wanted: 'SUCCESS',
  got: 'FAILURE',
  error: 'tools/list response missing ttlMs',
};
const { error: _, ...PLACE } = FOUND;
const LINE: Known = { ...PLACE, reason: 'eras' };
const RUNS: Ran[] = [
  { suite: 'next', revision: '2026-07-28', scenarios: new Set(['caching', 'ping']) },
  { suite: 'next', revision: '2025-11-25', scenarios: new Set(['ping']) },
];

const judged = (differences: Difference[], lines: Known[]) => judge(differences, { lines, runs: RUNS });

it('a difference that no line knows is unknown', () => {
  expect(judged([FOUND], [])).toEqual({ unknown: [FOUND], known: [], stale: [] });
});

it('a difference that a line knows is known', () => {
  expect(judged([FOUND], [LINE])).toEqual({ unknown: [], known: [FOUND], stale: [] });
});

it.each([
  { suite: 'stable' },
  { revision: '2025-11-25' },
  { scenario: 'ping' },
  { check: 'other' },
  { wanted: 'WARNING' },
  { got: 'absent' },
])('a line that is different in one member does not know a difference: %o', (member) => {
  expect(judged([FOUND], [{ ...LINE, ...member }]).unknown).toEqual([FOUND]);
});

it('a line without suite and revision knows the difference wherever it shows', () => {
  const { suite, revision, ...anywhere } = LINE;
  expect(judged([FOUND, { ...FOUND, revision: '2025-11-25' }], [anywhere]).unknown).toEqual([]);
});

it('a line for every check of a scenario knows only those that came out as it says', () => {
  const other = { ...FOUND, check: 'other', got: 'absent' };
  expect(judged([FOUND, other], [{ ...LINE, check: '*' }]).unknown).toEqual([other]);
});

it('a line of what is no difference any more is stale', () => {
  expect(judged([], [LINE]).stale).toEqual([LINE]);
});

it('a line is not stale when its scenario was not run', () => {
  const lines = [
    { ...LINE, scenario: 'tools-list' },
    { ...LINE, revision: '2025-11-25' },
  ];
  expect(judged([], lines).stale).toEqual([]);
});

it('a report names what is unknown, with the suite’s words, and says which line must go', () => {
  const stale = { ...LINE, check: 'gone' };
  const judgement = { unknown: [FOUND], known: [], stale: [stale] };
  const section = { name: 'crossed', checks: 12, scenarios: 2, hops: 0, judgement };
  const report = reportOf([section]);
  expect(report).toContain(
    'crossed: next 2026-07-28 caching: hints\n  SUCCESS became FAILURE\n  tools/list response missing ttlMs',
  );
  expect(report).toContain('Remove the line from test/conformance/baseline/crossed.json.');
  expect(isClean(section)).toBe(false);
});

it.each([
  ['unknown difference', { unknown: [FOUND], known: [], stale: [] }, false],
  ['stale line', { unknown: [], known: [], stale: [LINE] }, false],
  ['difference that is not known', { unknown: [], known: [FOUND], stale: [] }, true],
])('whether a comparison is clean is decided by each %s', (_title, judgement, clean) => {
  expect(isClean({ name: 'union', checks: 1, scenarios: 1, hops: 0, judgement })).toBe(clean);
});

it.each(['transparent', 'union'])('the baseline of the %s topology is empty', async (name) => {
  expect((await readBaseline(name)).lines).toEqual([]);
});

it.each(['direct', 'hop-by-hop', 'crossed'])('every line of the %s baseline has a reason', async (name) => {
  const { reasons, lines } = await readBaseline(name);
  for (const { reason } of lines) expect(reasons[reason]).toMatch(/\w+.*\.$/);
});
