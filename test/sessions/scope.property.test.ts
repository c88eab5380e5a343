import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Target } from '../../src/core/glob.ts';
import { scopeContains, scopeCovers } from '../../src/core/scope.ts';
import { childScope } from '../../src/sessions/child.ts';

const glob = fc.string({ unit: fc.constantFrom('a', 'b', '*'), minLength: 1, maxLength: 4 });
const pair = (mark: string) => fc.tuple(glob, glob).map(([server, name]) => `${server}${mark}${name}`);
const positive = fc.oneof(
  fc.constant('*'),
  glob,
  pair('/'),
  pair('.'),
  fc.tuple(fc.constantFrom('resource:', 'prompt:'), fc.oneof(glob, pair('/'))).map((both) => both.join('')),
);
const pattern = fc.oneof(
  { weight: 3, arbitrary: positive },
  { weight: 1, arbitrary: positive.map((one) => `!${one}`) },
);
const scope = fc.array(pattern, { minLength: 1, maxLength: 4 });
const word = fc.string({ unit: fc.constantFrom('a', 'b', '.', '/'), minLength: 0, maxLength: 5 });
const target: fc.Arbitrary<Target> = fc.record({
  kind: fc.constantFrom('tool', 'resource', 'prompt'),
  server: fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 3 }),
  name: word,
});

describe('the scope of a child', () => {
  it('covers nothing that its parent’s does not, for any patterns and any target', () => {
    let granted = 0;
    fc.assert(
      fc.property(scope, scope, fc.array(target, { minLength: 20, maxLength: 20 }), (parent, asked, all) => {
        let child: readonly string[];
        try {
          child = childScope(parent, asked);
        } catch {
          return;
        }
        granted += 1;
        for (const one of all) if (scopeCovers(child, one)) expect(scopeCovers(parent, one)).toBe(true);
      }),
      { numRuns: 20_000 },
    );
    expect(granted).toBeGreaterThan(1_000);
  });

  it('may be any one pattern of its parent’s, and whatever stands below one', () => {
    fc.assert(
      fc.property(scope, positive, (parent, one) => {
        expect(scopeContains([...parent, one], one)).toBe(true);
        expect(scopeContains(['*'], one)).toBe(true);
      }),
    );
  });

  it.each([
    ['bank/*', 'bank/pay', true],
    ['bank/*', 'bank/*', true],
    ['bank/*', 'bank.pay', true],
    ['bank.*', 'bank/pay_*', true],
    ['pay', 'bank/pay', true],
    ['pay*', 'bank/pay_*', true],
    ['bank/pay', 'pay', false],
    ['bank/pay_*', 'bank/pay*', false],
    ['*/*', '*', false],
    ['*', 'resource:bank/x', true],
    ['resource:bank', 'resource:bank/file://x', true],
    ['resource:bank/*', 'resource:bank', true],
    ['resource:bank/file://*', 'resource:bank', false],
    ['resource:*', 'prompt:bank/x', false],
    ['resource:*', 'resource', false],
    ['b*k/*', 'b*nk/pay', true],
    ['b*nk/*', 'b*k/pay', false],
    ['a*b*', 'a*', false],
    ['**', 'x/y', true],
  ])('within %j: %j is %j', (parent, child, within) => {
    expect(scopeContains([parent], child)).toBe(within);
  });
});
