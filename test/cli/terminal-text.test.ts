import { describe, expect, test } from 'vitest';
import { parseDuration, parseTime, showDuration } from '../../src/cli/duration.ts';
import { nodeProblem } from '../../src/cli/node-version.ts';
import { openUrl } from '../../src/cli/open-url.ts';
import { facts, oneLine, safeJson, table } from '../../src/cli/terminal-text.ts';
import { toWireJson } from '../../src/cli/wire-json.ts';
import { diffJson } from '../../src/core/json-diff.ts';

describe('text for terminals', () => {
  test('shows every control, format and bidirectional character instead of sending it', () => {
    expect(oneLine('a\u0007\u009b31m\u200b\u2066b\ud800')).toBe(
      'a⟦U+0007⟧⟦U+009B⟧31m⟦U+200B⟧⟦U+2066⟧b⟦U+D800⟧',
    );
    expect(oneLine('größe 価格 ✓')).toBe('größe 価格 ✓');
  });

  test('keeps the value of JSON while escaping what a terminal would act on', () => {
    const value = { text: 'x\u009b\u202e\ufeff\u001b' };
    expect(safeJson(value)).toBe('{"text":"x\\u009b\\u202e\\ufeff\\u001b"}');
    expect(JSON.parse(safeJson(value))).toEqual(value);
  });

  test('aligns columns and cuts nothing off', () => {
    expect(
      table(
        ['A', 'B'],
        [
          ['long value', 'x'],
          ['y', 'z'],
        ],
      ),
    ).toEqual(['A           B', 'long value  x', 'y           z']);
  });

  test('leaves out absent facts and indents those of several lines', () => {
    expect(
      facts([
        ['One', 'x'],
        ['None', null],
        ['Many', 'a\nb'],
      ]),
    ).toEqual(['One   x', 'Many', '    a', '    b']);
  });
});

describe('durations and times', () => {
  test('are read with their unit and refused without', () => {
    expect(['250ms', '90s', '30m', '12h', '7d'].map((text) => parseDuration(text, '--ttl'))).toEqual([
      250, 90_000, 1_800_000, 43_200_000, 604_800_000,
    ]);
    for (const text of ['', '5', 'm', '-1h', '1.5h', '1 h'])
      expect(() => parseDuration(text, '--ttl')).toThrow('--ttl: expected');
  });

  test('are points in time when they stand for one', () => {
    const now = Date.parse('2026-01-02T00:00:00Z');
    expect(parseTime('24h', '--since', now)).toBe('2026-01-01T00:00:00.000Z');
    expect(parseTime('2026-01-01T12:00:00+02:00', '--since', now)).toBe('2026-01-01T10:00:00.000Z');
    for (const text of ['yesterday', '5', '2026-99-01'])
      expect(() => parseTime(text, '--since', now)).toThrow('--since: expected');
  });

  test('are shown in two units at most', () => {
    expect([0, 59_400, 65_000, 7_800_000, 90_000_000].map(showDuration)).toEqual([
      '0 s',
      '59 s',
      '1 m 05 s',
      '2 h 10 m',
      '1 d 1 h',
    ]);
  });
});

describe('differences of JSON', () => {
  test('are listed at their pointers, with one side where the other has none', () => {
    const before = { a: 1, b: { 'x/y': [1, 2], same: true }, gone: null };
    const after = { a: 2, b: { 'x/y': [1, 3, 4], same: true }, d: {} };
    expect(diffJson(before, after)).toEqual([
      { at: '/a', before: 1, after: 2 },
      { at: '/b/x~1y/1', before: 2, after: 3 },
      { at: '/b/x~1y/2', after: 4 },
      { at: '/d', after: {} },
      { at: '/gone', before: null },
    ]);
  });

  test('of an array and an object is the whole value', () => {
    expect(diffJson({ a: [] }, { a: {} })).toEqual([{ at: '/a', before: [], after: {} }]);
  });
});

test('names become those of the REST API, and keys that are data stay', () => {
  const value = {
    callCap: null,
    labels: { teamName: 'x' },
    list: [{ expiresAt: 't' }],
    definition: { inputSchema: {} },
  };
  expect(toWireJson(value)).toEqual({
    call_cap: null,
    labels: { teamName: 'x' },
    list: [{ expires_at: 't' }],
    definition: { inputSchema: {} },
  });
});

test('every Node from 22.19 on is accepted', () => {
  expect(['22.19.0', '22.20.1', '23.0.0', '24.21.0', '100.0.0'].map(nodeProblem)).toEqual(
    Array(5).fill(undefined),
  );
  expect(['22.17.9', '20.20.2', '8.0.0', ''].filter((version) => nodeProblem(version) === undefined)).toEqual(
    [],
  );
});

test('nothing but an http(s) address is ever opened', async () => {
  const host = { platform: 'linux', env: { DISPLAY: ':0' } };
  for (const url of ['file:///etc/passwd', 'javascript:alert(1)', '--help', ''])
    await expect(openUrl(url, host)).resolves.toBe(false);
  await expect(openUrl('http://localhost/', { platform: 'linux', env: {} })).resolves.toBe(false);
});
