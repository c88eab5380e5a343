import { describe, expect, test } from 'vitest';
import { BATCH_MOST, batchHindrance, togglePicked } from '../../src/dashboard/browser/model/batch.ts';
import { commandsFor } from '../../src/dashboard/browser/model/commands.ts';
import { annotationWords, diffCalls } from '../../src/dashboard/browser/model/diff.ts';
import { entryWords, releaseTerms } from '../../src/dashboard/browser/model/entry-words.ts';
import { hasWord, readViews, toggleWord, withView } from '../../src/dashboard/browser/model/views.ts';
import type { Approval } from '../../src/sdk/approval.ts';
import type { LogEntry } from '../../src/sdk/log-entry.ts';

const toolCall = (args: string): string => `{"arguments":${args},"server":"s","tool":"t"}`;
const diff = (before: string, after: string, ...hidden: string[]) =>
  diffCalls({
    before: { call: toolCall(before), hidden: new Set() },
    after: { call: toolCall(after), hidden: new Set(hidden) },
  });

describe('what differs between two calls', () => {
  test('is told value by value, under its pointer', () => {
    expect(diff('{"a":{"b":1,"gone":true},"same":"x"}', '{"a":{"b":"1"},"new":[2],"same":"x"}')).toEqual([
      { path: '/a/b', kind: 'changed', before: '1', after: '"1"' },
      { path: '/new/0', kind: 'added', after: '2' },
      { path: '/a/gone', kind: 'removed', before: 'true' },
    ]);
  });

  test('leaves out what policy hides in either of them, with all that lies below', () => {
    const [before, after] = ['{"a":{"b":1},"ab":1}', '{"a":"[redacted]","ab":2}'];
    expect(diff(before, after, '/a').map(({ path }) => path)).toEqual(['/ab']);
    expect(diff(before, after, '')).toEqual([]);
  });

  test('is nothing where the values are the same', () => {
    expect(diff('{"a":[{}]}', '{"a":[{}]}')).toEqual([]);
  });

  test('is told where one is empty', () => {
    expect(diff('{}', '{"a":1}')).toEqual([
      { path: '/a', kind: 'added', after: '1' },
      { path: '', kind: 'removed', before: '{}' },
    ]);
  });

  test('is not told of a text that is not canonical', () => {
    expect(() => diff('{ }', '{}')).toThrow(Error);
  });
});

test('what a server says of its tool is put into words, and nothing else of it', () => {
  const annotations = { readOnlyHint: false, destructiveHint: true, title: 'harmless', openWorldHint: 'no' };
  expect(annotationWords({ annotations })).toEqual(['changes things', 'may destroy']);
  expect(annotationWords(null)).toEqual([]);
});

describe('calls are decided together', () => {
  const call = (change: Partial<Approval> = {}): Approval =>
    ({
      kind: 'tool',
      server: 's',
      tool: 't',
      action: null,
      risk: 'high',
      rule: { id: 'r', file: 'f', line: 1 },
      ...change,
    }) as Approval;

  test('when they are of one tool and one rule, also of several sessions', () => {
    expect(batchHindrance([call(), call({ requester: 'session:ses_2' })])).toBeUndefined();
  });

  test.each<[string, Approval[]]>([
    ['nothing is picked', []],
    ['one is critical', [call({ risk: 'critical' })]],
    ['one is of another tool', [call(), call({ tool: 'u' })]],
    ['one is of another server', [call(), call({ server: 'u' })]],
    ['another rule holds one', [call(), call({ rule: null })]],
    ['they are too many to be read', Array.from({ length: BATCH_MOST + 1 }, () => call())],
  ])('but not when %s', (_what, picked) => {
    expect(batchHindrance(picked)).toMatch(/\.$/);
  });
});

test('a line is picked with all that it holds and can be picked, up to what can be decided together', () => {
  const row = (id: string, gone = false, risk = 'high') => ({ approval: { id, risk } as Approval, gone });
  const rows = [row('a'), row('b', true), row('c', false, 'critical'), row('d')];
  const picked = togglePicked(new Set(['z']), rows);
  expect([...picked]).toEqual(['z', 'a', 'd']);
  expect([...togglePicked(picked, [row('d'), row('e')])]).toEqual(['z', 'a']);
  const many = Array.from({ length: 300 }, (_, index) => row(`m${index}`));
  expect(togglePicked(new Set(), many).size).toBe(BATCH_MOST);
});

test('views are kept by name, and what else stands in their place counts as none', () => {
  const views = withView(withView([], { name: ' Mine ', query: 'is:mine' }), { name: 'Mine', query: 'x' });
  expect(readViews(JSON.stringify(views))).toEqual([{ name: 'Mine', query: 'x' }]);
  for (const odd of [null, '{', '{"name":"x"}', '[1,null,{"name":"","query":"x"}]'])
    expect(readViews(odd), String(odd)).toEqual([]);
  expect(withView(views, { name: ' ', query: 'y' })).toBe(views);
});

test('a word goes into the query and out again', () => {
  expect(toggleWord('tool:a', 'risk:high')).toBe('tool:a risk:high');
  expect(toggleWord('tool:a  risk:high', 'risk:high')).toBe('tool:a');
  expect([hasWord('a b', 'b'), hasWord('ab', 'b')]).toEqual([true, false]);
});

test('the palette finds sections, acts and calls, and searches for the rest', () => {
  const labels = (text: string) => commandsFor(text).map(({ label }) => label);
  expect(labels('go peo')[0]).toBe('Go to People');
  expect(labels('apr_1x')[0]).toBe('Open apr_1x');
  expect(labels('no such thing')).toEqual(['Search the inbox for “no such thing”']);
  expect(labels('').some((label) => label.startsWith('Search'))).toBe(false);
});

test('entries are told in words, and the request’s entry tells what approving releases', () => {
  const entry = (type: string, body: object = {}) => ({ type, body }) as LogEntry;
  const told = [entry('approval.decided', { decision: 'deny' }), entry('approval.void'), entry('new.type')];
  expect(told.map(entryWords)).toEqual(['a person denied', 'void: something had changed', 'new.type']);
  const requested = entry('approval.requested', { capability: { ttl_s: 60, dpop: true } });
  expect(releaseTerms([requested])).toEqual({ ttlMs: 60_000, dpop: true });
  expect(releaseTerms([entry('approval.requested')])).toBeUndefined();
});
