import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { escapeToAscii } from '../../src/core/ascii.ts';
import { canonicalize } from '../../src/core/canonical.ts';
import { escapeText, keepEscaped, mixedScripts, piecesOf } from '../../src/dashboard/browser/model/escape.ts';
import { matcherOf, moveSelection } from '../../src/dashboard/browser/model/inbox-lines.ts';
import { readRoute } from '../../src/dashboard/browser/model/route.ts';
import { duration, utc } from '../../src/dashboard/browser/model/time.ts';
import {
  callRows,
  foldedCount,
  readCall,
  treeRows,
  visibleRows,
} from '../../src/dashboard/browser/model/tree.ts';
import type { Approval } from '../../src/sdk/approval.ts';

const anyText = fc.string({ unit: 'binary' });

describe('escaping', () => {
  test('the page escapes exactly as the signed view does', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(escapeText(text)).toBe(escapeToAscii(text));
      }),
    );
  });

  test('pieces put together are the escaped text again', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const escaped = escapeText(text);
        expect(
          piecesOf(escaped)
            .map((piece) => piece.text)
            .join(''),
        ).toBe(escaped);
      }),
    );
  });

  test('the Unicode view still escapes what is invisible, reorders text, or forges an escape', () => {
    expect(escapeText('é日\u202E\u200B\u00A0\u{E0041}\uFE0F\u3164⟦ x', true)).toBe(
      'é日⟦U+202E⟧⟦U+200B⟧⟦U+00A0⟧⟦U+E0041⟧⟦U+FE0F⟧⟦U+3164⟧⟦U+27E6⟧ x',
    );
  });

  test('a line that is escaped already is left alone, any other is escaped', () => {
    expect(keepEscaped('to "⟦U+0430⟧"')).toBe('to "⟦U+0430⟧"');
    expect(keepEscaped('to ⟦U+x⟧')).toBe('to ⟦U+27E6⟧U+x⟦U+27E7⟧');
  });

  test.each([
    ['paypal', undefined],
    ['p\u0430ypal', 'Latin and Cyrillic'],
    ['привет world', undefined],
    ['\u03BFk', 'Latin and Greek'],
    ['日本語カナ', undefined],
    ['ａdmin', 'Latin and styled look-alike'],
  ])('the scripts of %j', (text, found) => {
    expect(mixedScripts(text)).toBe(found);
  });
});

describe('the tree', () => {
  const call = (args: object) => canonicalize({ arguments: args as never, server: 's', tool: 't' });

  test('has a line for every value, and nothing foldable hides a value from the count', () => {
    const args = { list: Array.from({ length: 61 }, () => 'x'.repeat(401)), n: 1 };
    const rows = treeRows(readCall(call(args)).args);
    expect(rows).toHaveLength(1 + 1 + 61 + 1);
    expect(foldedCount(rows, new Set())).toBe(62);
    expect(visibleRows(rows, new Set()).map((row) => row.path)).toEqual(['', '/list', '/n']);
    expect(visibleRows(rows, new Set(['/list']))).toHaveLength(64);
    expect(foldedCount(rows, new Set(rows.map((row) => row.path)))).toBe(0);
  });

  test('shows the metadata of an action before its arguments, and nothing of a call twice', () => {
    const action = {
      action: 'a',
      actor: 'x',
      arguments: { n: 1 },
      metadata: { m: 2 },
      resource: 'r',
      risk: '',
    };
    const rows = callRows(canonicalize(action)).map(({ path, key }) => [path, key]);
    expect(rows).toEqual([
      ['', 'action'],
      ['/metadata', 'metadata'],
      ['/metadata/m', 'm'],
      ['/arguments', 'arguments'],
      ['/arguments/n', 'n'],
    ]);
    expect(callRows(call({ n: 1 })).map((row) => row.path)).toEqual(['', '/n']);
  });

  test('a folded value hides no sibling whose name begins alike', () => {
    const args = { a: Array.from({ length: 61 }, () => 1), 'a/b': 1, ab: 2 };
    const paths = visibleRows(treeRows(readCall(call(args)).args), new Set()).map((row) => row.path);
    expect(paths).toEqual(['', '/a', '/a~1b', '/ab']);
  });

  test.each([
    '{"server":"s","arguments":{},"tool":"t"}',
    '{"arguments":{"a":1,"a":2},"server":"s","tool":"t"}',
    '{"arguments":{},"extra":1,"server":"s","tool":"t"}',
    '{"arguments":{},"server":1,"tool":"t"}',
    '{"action":"a","actor":"x","arguments":{},"metadata":[],"resource":"r","risk":""}',
    '{"action":"a","actor":"x","arguments":{},"metadata":{},"resource":"r","server":"s"}',
    '{"server":"s","tool":"t"}',
    '[]',
  ])('is not made of %j', (text) => {
    expect(() => readCall(text)).toThrow(Error);
  });
});

test('addresses lead to their screens and nowhere else', () => {
  const at = (pathname: string, hash = '') => readRoute({ pathname, hash });
  expect(at('/')).toEqual({ name: 'section', section: 'inbox', id: undefined });
  expect(at('/people/per_1')).toEqual({ name: 'section', section: 'people', id: 'per_1' });
  expect(at('/enrol', '#token')).toEqual({ name: 'enrol', token: 'token' });
  expect(at('/approvals/apr_1')).toEqual({ name: 'approval', id: 'apr_1' });
  for (const odd of ['/approvals/', '/approvals/..%2f', '/constructor', '/people/', '/people/a/b']) {
    expect(at(odd)).toEqual({ name: 'missing' });
  }
});

test('the search looks for every word, in one place where the word names it', () => {
  const approval = {
    id: 'apr_1',
    server: 'sandbox',
    tool: 'payments_refund',
    exposed: 'payments_refund',
    risk: 'high',
    effect: 'payments_refund: 75.00',
    groups: ['finance'],
    escalations: [],
    subject: 'ada',
    action: null,
    session: { id: 'ses_1', subject: 'ada', labels: { team: 'support' } },
  } as unknown as Approval;
  const ada = { groups: ['finance'], now: 0 };
  expect(matcherOf('is:mine', { groups: ['ops'], now: 0 })(approval)).toBe(false);
  for (const query of ['', 'refund ADA', 'tool:refund risk:high', 'agent:support', '75.00', 'is:mine']) {
    expect(matcherOf(query, ada)(approval), query).toBe(true);
  }
  for (const query of ['tool:ada', 'risk:low', 'refund grace', 'session:ada']) {
    expect(matcherOf(query, ada)(approval), query).toBe(false);
  }
});

test('the selection stays within the list and starts at its head', () => {
  const ids = ['a', 'b'];
  expect(moveSelection(ids, undefined, -1)).toBe('a');
  expect(moveSelection(ids, 'a', -1)).toBe('a');
  expect(moveSelection(ids, 'a', 1)).toBe('b');
  expect(moveSelection(ids, 'b', 1)).toBe('b');
  expect(moveSelection([], 'b', 1)).toBeUndefined();
});

test('times read alike for everybody', () => {
  expect([0, 59_999, 65_000, 7_800_000, 100_000_000].map(duration)).toEqual([
    '0 s',
    '59 s',
    '1 min 05 s',
    '2 h 10 min',
    '1 d 3 h',
  ]);
  expect(utc('2026-01-05T12:00:00.123Z')).toBe('2026-01-05 12:00:00 UTC');
});
