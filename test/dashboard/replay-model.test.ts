import { expect, it } from 'vitest';
import {
  isLoosened,
  lineNumbers,
  offsetOf,
  progressPercent,
  reportTitle,
  takeFiles,
  targetOf,
  unknownLines,
} from '../../src/dashboard/browser/model/candidate.ts';
import type { ReplayReport } from '../../src/sdk/recorded-calls.ts';

const REPORT: ReplayReport = {
  policyVersion: 'sha256:new',
  since: '2026-01-01T00:00:00.000Z',
  until: '2026-01-02T00:00:00.000Z',
  calls: 5,
  leftOut: 0,
  judged: 5,
  same: 5,
  changed: 0,
  notJudged: { erased: 0, notKept: 0, definitionUnknown: 0, redacted: 0 },
  transitions: [],
  changes: [],
  ungrouped: 0,
};

it('chosen files take the place of those of the same name, and what holds no rules is left out by name', () => {
  const before = new Map([['b.yaml', 'old']]);
  const { files, left } = takeFiles(before, [
    ['b.yaml', 'new'],
    ['a.yml', 'a'],
    ['a_test.yaml', 'tests'],
    ['a.yaml.txt', 'x'],
  ]);
  expect([...files]).toEqual([
    ['a.yml', 'a'],
    ['b.yaml', 'new'],
  ]);
  expect(left).toEqual(['a_test.yaml', 'a.yaml.txt']);
  expect(before.get('b.yaml')).toBe('old');
});

it('each line of a text has its number, and a place is found by line and column', () => {
  const text = 'one\ntwo\n\nfour';
  expect(lineNumbers(text)).toBe('1\n2\n3\n4');
  expect(text.slice(offsetOf(text, { line: 2, column: 2 }))).toBe('wo\n\nfour');
  expect(offsetOf(text, { line: 3, column: 9 })).toBe(8);
  expect(offsetOf(text, { line: 9, column: 1 })).toBe(text.length);
});

it('progress is whole when there is nothing to read, and never says more than was read', () => {
  expect(progressPercent({ read: 0, of: 0 })).toBe(100);
  expect(progressPercent({ read: 2, of: 3 })).toBe(66);
});

it('a report says in one line what changed, that nothing did, or that nothing could be said', () => {
  expect(reportTitle({ ...REPORT, changed: 2 })).toBe('2 of 5 calls would have been decided otherwise');
  expect(reportTitle(REPORT)).toBe('No difference in 5 calls');
  expect(reportTitle({ ...REPORT, judged: 0 })).toBe('None of 5 calls could be judged');
  expect(reportTitle({ ...REPORT, calls: 0, judged: 0 })).toBe('There were no calls in this time');
});

it('what is not known is counted by reason, and reasons without calls are not told', () => {
  expect(unknownLines(REPORT)).toEqual([]);
  const notJudged = { erased: 1, notKept: 0, definitionUnknown: 0, redacted: 2 };
  const lines = unknownLines({ ...REPORT, leftOut: 7, notJudged });
  expect(lines.map((line) => line.split(':')[0])).toEqual(['2 calls', '1 call', '7 calls']);
});

it('a change is less strict where the call would be stopped less than it was', () => {
  expect(isLoosened({ from: 'deny', to: 'hold' })).toBe(true);
  expect(isLoosened({ from: 'hold', to: 'allow' })).toBe(true);
  expect(isLoosened({ from: 'hold', to: 'deny' })).toBe(false);
});

it('a change names what it is about with its kind where that is no tool', () => {
  expect(targetOf({ kind: 'tool', server: 'shop', tool: 'pay' })).toBe('shop/pay');
  expect(targetOf({ kind: 'action', server: '', tool: 'deploy' })).toBe('action deploy');
});
