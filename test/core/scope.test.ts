import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CountersignError } from '../../src/core/errors.ts';
import { matchGlob, matchTool, type Target } from '../../src/core/glob.ts';
import { EVERYTHING, parseScope, scopeCovers } from '../../src/core/scope.ts';

function tool(path: string): Target {
  const [server = '', name = ''] = path.split('/');
  return { kind: 'tool', server, name };
}

describe('matchGlob', () => {
  test.each([
    ['', '', true],
    ['', 'a', false],
    ['a', 'a', true],
    ['a', 'A', false],
    ['a', 'ab', false],
    ['*', '', true],
    ['*', 'anything at all', true],
    ['a*', 'a', true],
    ['a*', 'ba', false],
    ['*a', 'ba', true],
    ['*a', 'ab', false],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['a*b*c', 'a-b-c', true],
    ['a*b*c', 'acb', false],
    ['a*bc*c', 'abc', false],
    ['*ab*ab*', 'xab', false],
    ['a**b', 'ab', true],
    ['a.c', 'abc', false],
    ['a?c', 'abc', false],
    ['[ab]', 'a', false],
  ])('of %j and %j is %j', (pattern, text, matches) => {
    expect(matchGlob(pattern, text)).toBe(matches);
  });

  test('agrees with a regular expression of the same meaning', () => {
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*', '.'), maxLength: 8 });
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 8 });
    fc.assert(
      fc.property(pattern, text, (glob, subject) => {
        const parts = glob.split('*').map((part) => part.replaceAll('.', '\\.'));
        expect(matchGlob(glob, subject)).toBe(new RegExp(`^${parts.join('.*')}$`).test(subject));
      }),
      { numRuns: 2_000 },
    );
  });

  test('answers at once for patterns that make a backtracking matcher explode', () => {
    expect(matchGlob(`${'a*'.repeat(100)}b`, 'a'.repeat(100_000))).toBe(false);
  });
});

describe('matchTool', () => {
  test.each([
    ['payments.refund', 'payments', 'refund', true],
    ['payments/refund', 'payments', 'refund', true],
    ['payments.*', 'payments', 'refund', true],
    ['payments.*', 'payments2', 'refund', false],
    ['*.refund', 'crm', 'refund', true],
    ['refund', 'crm', 'refund', true],
    ['refund*', 'crm', 'refund_all', true],
    ['refund', 'refund', 'other', false],
    ['files/read.text', 'files', 'read.text', true],
    ['Payments.refund', 'payments', 'refund', false],
    ['payments.refund', 'payments', 'refund ', false],
    ['payments.refund', 'payments', 'refu\u0578d', false],
    ['*', 'any', 'thing', true],
  ])('of %j on %s and %s is %j', (pattern, server, name, matches) => {
    expect(matchTool(pattern, server, name)).toBe(matches);
  });
});

describe('scopeCovers', () => {
  const resource: Target = { kind: 'resource', server: 'files', name: 'file:///tmp/a.txt' };
  const prompt: Target = { kind: 'prompt', server: 'crm', name: 'summary' };

  test('covers nothing when it is empty', () => {
    expect(scopeCovers([], tool('a/b'))).toBe(false);
  });

  test('covers every tool, resource and prompt by a single star', () => {
    expect([tool('a/b'), resource, prompt].map((one) => scopeCovers(EVERYTHING, one))).toEqual([
      true,
      true,
      true,
    ]);
  });

  test('covers what one pattern matches and no exclusion does, in whatever order they stand', () => {
    for (const scope of [
      ['sandbox/*', '!sandbox/payments_*'],
      ['!sandbox/payments_*', 'sandbox/*'],
    ]) {
      expect(scopeCovers(scope, tool('sandbox/invoices_list'))).toBe(true);
      expect(scopeCovers(scope, tool('sandbox/payments_refund'))).toBe(false);
      expect(scopeCovers(scope, tool('other/invoices_list'))).toBe(false);
    }
  });

  test('covers nothing by exclusions alone', () => {
    expect(scopeCovers(['!a/b'], tool('a/c'))).toBe(false);
  });

  test('keeps tools, resources and prompts apart', () => {
    expect(scopeCovers(['files/*'], resource)).toBe(false);
    expect(scopeCovers(['resource:files/*'], tool('files/read'))).toBe(false);
    expect(scopeCovers(['resource:*'], tool('files/resource:a'))).toBe(false);
    expect(scopeCovers(['resource:files/file:///tmp/*'], resource)).toBe(true);
    expect(scopeCovers(['resource:files/file:///etc/*'], resource)).toBe(false);
    expect(scopeCovers(['resource:files'], resource)).toBe(true);
    expect(scopeCovers(['prompt:crm/summary'], prompt)).toBe(true);
    expect(scopeCovers(['prompt:files/*'], prompt)).toBe(false);
    expect(scopeCovers(['*', '!prompt:*'], prompt)).toBe(false);
  });

  test('never grows by an exclusion and never shrinks by an inclusion', () => {
    const pattern = fc.constantFrom('*', 'a/*', 'a/b', 'b', 'c/*', 'a.b*', 'resource:a/*');
    const entry = fc.tuple(fc.constantFrom('', '!'), pattern).map(([sign, one]) => sign + one);
    const target = fc.constantFrom(tool('a/b'), tool('a/c'), tool('c/b'), { ...resource, server: 'a' });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 6 }), pattern, target, (scope, one, reached) => {
        const before = scopeCovers(scope, reached);
        if (!before) expect(scopeCovers([...scope, `!${one}`], reached)).toBe(false);
        if (before) expect(scopeCovers([...scope, one], reached)).toBe(true);
      }),
    );
  });
});

describe('parseScope', () => {
  test('takes every form of the grammar as it stands', () => {
    const scope = ['*', 'server/tool_*', 'server.tool', 'tool', 'resource:s/file:///*', 'prompt:s/*', '!s/t'];
    expect(parseScope(scope)).toEqual(scope);
  });

  test.each([
    ['an empty list', [], /tools: expected between 1 and 200/],
    ['201 entries', Array.from({ length: 201 }, () => 'a'), /between 1 and 200/],
    ['an empty entry', ['a', ''], /tools\[1\]: expected/],
    ['a blank', ['a b'], /tools\[0\]/],
    ['a look-alike letter', ['p\u0430yments/*'], /tools\[0\]/],
    ['a control character', ['a\u0000'], /tools\[0\]/],
    ['a newline at the end', ['a\n'], /tools\[0\]/],
    ['an exclusion of nothing', ['!'], /tools\[0\]/],
    ['a doubled exclusion', ['!!a'], /tools\[0\]/],
    ['201 characters', ['a'.repeat(201)], /tools\[0\]/],
  ])('refuses %s and names the entry', (_what, scope, message) => {
    expect(() => parseScope(scope)).toThrow(message);
    expect(() => parseScope(scope)).toThrow(CountersignError);
  });
});
