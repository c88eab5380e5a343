import { describe, expect, it } from 'vitest';
import { headlines, readPeriod, totalsOf } from '../../src/dashboard/browser/model/overview-words.ts';
import {
  axisTime,
  linePath,
  percent,
  roundUp,
  roundUpTime,
  shareOf,
  stackBars,
} from '../../src/dashboard/browser/model/plot.ts';
import { explainInputFrom, rulesByFile, sampleArgs } from '../../src/dashboard/browser/model/policy-words.ts';
import type { OverviewBucket } from '../../src/sdk/overview.ts';

describe('a plot', () => {
  it.each([
    [0, 1],
    [1, 1],
    [3, 5],
    [11, 20],
    [21, 25],
    [26, 50],
    [100, 100],
    [1_001, 2_000],
  ])('whose highest number is %i reaches up to %i', (value, top) => {
    expect(roundUp(value)).toBe(top);
  });

  it('of times reaches up to a time that people say, which is never the highest itself', () => {
    const minute = 60_000;
    expect([0, 999, 1_000, 59_999, minute, 30 * minute, 25 * 60 * minute].map(roundUpTime)).toEqual([
      1_000,
      1_000,
      5_000,
      minute,
      5 * minute,
      60 * minute,
      48 * 60 * minute,
    ]);
  });

  it('stacks the series of each point from the floor, and draws nothing for nothing', () => {
    const points = [
      { at: 'a', values: [0, 0] },
      { at: 'b', values: [1, 3] },
    ];
    expect(stackBars(points, 4)).toEqual([
      { x: 1.075, y: 75, width: 0.85, height: 25, series: 0 },
      { x: 1.075, y: 0, width: 0.85, height: 75, series: 1 },
    ]);
  });

  it('draws a line through what is known, broken where nothing is, and a dash for what stands alone', () => {
    expect(linePath([2, 4, null, 1, null], 4)).toBe('M0.5 50.00L1.5 0.00M3.2 75.00H3.8');
    expect(linePath([null, null], 4)).toBe('');
  });

  it('names times by the hour where a stretch is long', () => {
    expect(axisTime('2026-01-05T12:30:00.000Z', 60_000)).toBe('12:30');
    expect(axisTime('2026-01-05T12:30:00.000Z', 3_600_000)).toBe('01-05 12:30');
    expect([percent(1, 3), percent(0, 0), shareOf(1, 4), shareOf(1, 0)]).toEqual(['33 %', '–', 25, 0]);
  });
});

describe('the numbers of a period', () => {
  const bucket: OverviewBucket = {
    at: '2026-01-01T00:00:00.000Z',
    allowed: 5,
    denied: 1,
    held: 6,
    approved: 1,
    refused: 1,
    expired: 1,
    cancelled: 1,
    medianMs: 500,
    longestMs: 61_000,
  };

  it('are sums over its stretches, and rates of what has ended', () => {
    const quiet = { ...bucket, medianMs: null, longestMs: null };
    expect(totalsOf([bucket, quiet])).toEqual({
      calls: 24,
      held: 12,
      denied: 2,
      expired: 2,
      decided: 4,
      ended: 8,
    });
    const told = Object.fromEntries(
      headlines({ buckets: [bucket, quiet] }).map(({ label, value }) => [label, value]),
    );
    expect(told).toEqual({
      Calls: '24',
      Held: '12',
      Decided: '4',
      Expired: '25 %',
      'Longest decision': 61_000,
    });
  });

  it('are of a day unless the address names another period', () => {
    expect(['', '?since=7d', '?since=9y'].map((query) => readPeriod(query))).toEqual(['24h', '7d', '24h']);
    expect(readPeriod('', '7d')).toBe('7d');
  });
});

describe('the policy on the page', () => {
  const rule = { file: 'a.yaml', line: 3, effect: 'hold', risk: 'high', shadow: false } as const;

  it('stands file by file, with how often each rule decided or would have', () => {
    const policy = {
      files: [{ name: 'a.yaml' }, { name: 'b.yaml' }],
      rules: [
        { ...rule, rule: 'x' },
        { ...rule, rule: 'y', shadow: true },
      ],
    };
    const watched = { rule: 'y', calls: 2 };
    const shadow = { rules: [watched, { rule: 'x', calls: 9 }] } as never;
    const counts = [{ value: 'x', allow: 0, hold: 3, deny: 1 }];
    const [a, b] = rulesByFile(policy, { counts, shadow });
    expect(a?.lines.map(({ hits, shadow }) => [hits, shadow])).toEqual([
      [4, undefined],
      [0, watched],
    ]);
    expect(b).toEqual({ file: 'b.yaml', lines: [] });
  });

  it('offers the arguments that a tool requires, and refuses what is no object', () => {
    const schema = {
      properties: { n: { type: 'integer' }, s: {}, e: { enum: ['b'] }, o: { type: 'object' } },
      required: ['n', 's', 'e', 'o'],
    };
    expect(JSON.parse(sampleArgs(schema))).toEqual({ n: 0, s: '', e: 'b', o: {} });
    expect(sampleArgs(undefined)).toBe('{}');
    const typed = { server: 's', tool: 't', subject: ' ann ', labels: { env: 'prod' } };
    expect(explainInputFrom({ ...typed, args: '{"a":1}' })).toEqual({
      server: 's',
      tool: 't',
      args: { a: 1 },
      session: { subject: 'ann', labels: { env: 'prod' } },
    });
    expect(() => explainInputFrom({ ...typed, args: '[1]' })).toThrow('Arguments: expected a JSON object');
    expect(() => explainInputFrom({ ...typed, args: '{' })).toThrow('Arguments: ');
  });
});
