import type { PlantedBug } from './bug.ts';

const VERDICT = ['test/conformance/verdict.test.ts'];
const BASELINE = ['test/conformance/baseline.test.ts'];

/** Defects of the comparison, each of which would let a difference pass unseen. */
export const CONFORMANCE_BUGS: readonly PlantedBug[] = [
  {
    name: 'only the checks of the direct run are compared',
    file: 'test/conformance/verdict.ts',
    find: 'new Set([...left.keys(), ...right.keys()])',
    replace: 'new Set([...left.keys()])',
    tests: VERDICT,
  },
  {
    name: 'a check that is gone counts as unchanged',
    file: 'test/conformance/verdict.ts',
    find: 'right.get(check) ?? ABSENT',
    replace: 'right.get(check) ?? before',
    tests: VERDICT,
  },
  {
    name: 'a scenario that is gone is not compared',
    file: 'test/conformance/verdict.ts',
    find: 'new Set([...wanted.keys(), ...got.keys()])',
    replace: 'new Set([...got.keys()])',
    tests: VERDICT,
  },
  {
    name: 'a warning counts as a success',
    file: 'test/conformance/verdict.ts',
    find: 'if (before.status === after.status) continue;',
    replace: "if (before.status === after.status || after.status === 'WARNING') continue;",
    tests: VERDICT,
  },
  {
    name: 'a scenario with no checks passes',
    file: 'test/conformance/verdict.ts',
    find: 'if (verdicts.size === 0)',
    replace: 'if (verdicts.size > 0 && verdicts.size === 0)',
    tests: VERDICT,
  },
  {
    name: 'information counts as a verdict',
    file: 'test/conformance/verdict.ts',
    find: "({ status }) => status !== 'INFO'",
    replace: "({ status }) => status !== ''",
    tests: VERDICT,
  },
  {
    name: 'of a check that is made several times only the last turn is kept',
    file: 'test/conformance/verdict.ts',
    find: 'for (let turn = 2; verdicts.has(key); turn++)',
    replace: 'for (let turn = 2; turn < 2 && verdicts.has(key); turn++)',
    tests: VERDICT,
  },
  {
    name: 'a skipped check of the fixture is not looked at',
    file: 'test/conformance/verdict.ts',
    find: "([, { status }]) => status !== 'SUCCESS'",
    replace: "([, { status }]) => status !== 'SUCCESS' && status !== 'SKIPPED'",
    tests: VERDICT,
  },
  {
    name: 'a line of a baseline covers any outcome of its check',
    file: 'test/conformance/baseline.ts',
    find: '    line.wanted === found.wanted &&\n    line.got === found.got',
    replace: '    line.wanted === found.wanted',
    tests: BASELINE,
  },
  {
    name: 'a line of a baseline covers every revision',
    file: 'test/conformance/baseline.ts',
    find: '(line.revision ?? found.revision) === found.revision',
    replace: "(line.revision ?? '') !== found.check",
    tests: BASELINE,
  },
  {
    name: 'a line that no longer differs may stay',
    file: 'test/conformance/baseline.ts',
    find: 'wasRun(line, runs) && !differences.some',
    replace: 'wasRun(line, runs) && differences.length < 0 && !differences.some',
    tests: BASELINE,
  },
  {
    name: 'a run of one scenario calls the lines of all others stale',
    file: 'test/conformance/baseline.ts',
    find: 'lines.filter((line) => wasRun(line, runs) && ',
    replace: 'lines.filter((line) => ',
    tests: BASELINE,
  },
  {
    name: 'a comparison with stale lines is clean',
    file: 'test/conformance/report.ts',
    find: 'judgement.unknown.length === 0 && judgement.stale.length === 0',
    replace: 'judgement.unknown.length === 0',
    tests: BASELINE,
  },
];
