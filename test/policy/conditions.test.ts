import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { createConditions, isCondition } from '../../src/policy/conditions.ts';
import { allowWhen, call } from './fixtures.ts';

function refusal(source: string): string {
  const compiled = createConditions().compile(source);
  return isCondition(compiled) ? 'accepted' : `${compiled.offset}: ${compiled.message}`;
}

function effect(when: string, args: JsonObject = {}): string {
  const verdict = allowWhen(when).evaluate(call(args));
  return verdict.reason.includes('could not be evaluated') ? 'error' : verdict.effect;
}

describe('what a condition may hold', () => {
  it.each([
    ['args.s.matches("a")', '0: matches() is not available'],
    ['args.l.exists(x, x.matches("a"))', '17: matches() is not available'],
    [
      '[1].map(x, string(x)).exists(y, has(args.q) ? y.matches(args.q) : false)',
      'matches() is not available',
    ],
    ['re(args.s, args.pattern)', '11: re(): the pattern must be a string literal'],
    ['re(args.s, "(")', '11: re(): error parsing regexp'],
    [`re(args.s, "${'a'.repeat(257)}")`, 'longer than 256 characters'],
    ['args.a.all(x, args.b.all(y, args.c.all(z, z == x)))', 'nested 3 deep; at most 2'],
    ['cel.bind(a, 1, cel.bind(b, 2, cel.bind(c, 3, a + b + c > 0)))', 'nested 3 deep'],
    [Array.from({ length: 300 }, (_, index) => `args.a == ${index}`).join(' || '), '500'],
    ['args.amount + 1', 'expected a bool'],
    ['"yes"', 'the condition is a string; expected a bool'],
    ['arg.amount > 1', '0: Unknown variable: arg. Did you mean "args"?'],
    ['session.subjct == "ann"', 'session.subjct does not exist. Did you mean "subject"?'],
    ['session.calls > "3"', 'no such overload'],
    ['args.a >', '8: '],
    ['now > 5', 'no such overload'],
    ['sleep(5)', 'sleep'],
  ])('refuses %s', (source, message) => {
    expect(refusal(source)).toContain(message);
  });

  it('accepts two nested macros and a literal pattern', () => {
    expect(refusal('args.a.all(x, args.b.exists(y, y == x)) && re(args.s, "^a+$")')).toBe('accepted');
  });
});

describe('what a condition sees', () => {
  it.each<[string, JsonObject, string]>([
    ['args.a > 5000', { a: 5001 }, 'allow'],
    ['args.a > 5000', { a: 5000 }, 'hold'],
    ['args.a > 5000', { a: 5000.5 }, 'allow'],
    ['args.a + 1 == 9007199254740992', { a: 9007199254740991 }, 'allow'],
    ['type(args.a) == int', { a: 5 }, 'allow'],
    ['type(args.a) == double', { a: 5.5 }, 'allow'],
    ['args.a == 1e300', { a: 1e300 }, 'allow'],
    ['args.l[1] % 2 == 0', { l: [1, 4] }, 'allow'],
    ['args.o.n / 2 == 3', { o: { n: 7 } }, 'allow'],
    ['has(args.a) && args.a > 1', {}, 'hold'],
    ['args.a == null', { a: null }, 'allow'],
    ['has(args.constructor) || "toString" in args', {}, 'hold'],
    [
      'session.age_seconds == 90 && session.calls == 3 && session.subject == "ann" && session.id == "ses_1"',
      {},
      'allow',
    ],
    ['now == timestamp("2026-01-05T12:00:00Z") && now_weekday == "monday"', {}, 'allow'],
    ['now.getHours() >= 9 && now.getHours() < 17', {}, 'allow'],
    ['tool == "pay" && server == "shop" && action == "tools/call" && actor == "session:ses_1"', {}, 'allow'],
    ['re(args.s, "^[a-z]+@corp\\\\.com$")', { s: 'ann@corp.com' }, 'allow'],
    ['re(args.s, "^[a-z]+@corp\\\\.com$")', { s: 'ann@corpxcom' }, 'hold'],
    ['history == null && risk == ""', {}, 'allow'],
  ])('%s', (when, args, expected) => {
    expect(effect(when, args)).toBe(expected);
  });

  it('sees budgets as numbers and misses unknown ones', () => {
    const policy = allowWhen('budget.refund_cents_24h + args.amount_cents <= 20000');
    expect(
      policy.evaluate(call({ amount_cents: 5000 }, { budget: { refund_cents_24h: 15000 } })).effect,
    ).toBe('allow');
    expect(
      policy.evaluate(call({ amount_cents: 5001 }, { budget: { refund_cents_24h: 15000 } })).effect,
    ).toBe('hold');
    expect(policy.evaluate(call({ amount_cents: 1 })).reason).toContain('could not be evaluated');
  });
});

describe('what makes a condition fail', () => {
  it.each<[string, JsonObject]>([
    ['args.a > 5000', {}],
    ['args.a > 5000', { a: null }],
    ['args.a > 5000', { a: '6000' }],
    ['args.a > 5000', { a: [6000] }],
    ['args.a.b.c == 1', { a: 1 }],
    ['args.l[5] == 1', { l: [1] }],
    ['args.a', { a: 'true' }],
    ['args.a / args.b > 1', { a: 1, b: 0 }],
    ['int(args.a) > 1', { a: 'x' }],
    ['args.l.all(x, x > 1)', { l: 7 }],
    ['session.labels.team == "a"', {}],
    ['args.a + 9223372036854775807 > 0', { a: 9 }],
    ['re(args.s, "a")', { s: 'b'.repeat(64 * 1024 + 1) }],
    ['now.getHours(args.zone) > 1', { zone: 'Nowhere/Else' }],
    ['args.l.size() > 1', { l: Array.from({ length: 200_001 }, () => 1) }],
  ])('%s of %j is an error and never an allow', (when, args) => {
    expect(effect(when, args)).toBe('error');
  });

  it('judges a catastrophic regular expression in linear time', () => {
    const policy = allowWhen('re(args.s, "^(a+)+$")');
    const started = performance.now();
    expect(policy.evaluate(call({ s: `${'a'.repeat(28)}!` })).effect).toBe('hold');
    expect(policy.evaluate(call({ s: `${'a'.repeat(60_000)}!` })).effect).toBe('hold');
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  it.each<[string, JsonObject]>([
    ['args.a.all(x, args.b.all(y, x != y))', { a: numbers(1_000), b: numbers(1_000) }],
    ['args.a.all(x, !(x in args.b))', { a: numbers(20_000), b: numbers(20_000) }],
    ['args.s.split("").all(x, x != "b")', { s: 'a'.repeat(150_000) }],
    ['args.a.all(x, !args.s.contains(x))', { a: numbers(5_000).map(String), s: 'x'.repeat(1_000_000) }],
  ])('refuses the cost of %s before it starts', (when, args) => {
    const policy = allowWhen(when);
    const started = performance.now();
    expect(policy.evaluate(call(args)).reason).toContain('could not be evaluated');
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  it('loops over lists of an ordinary length', () => {
    expect(
      effect('args.to.all(x, x.endsWith("@corp.com"))', { to: numbers(20_000).map((n) => `u${n}@corp.com`) }),
    ).toBe('allow');
    expect(
      effect('args.a.all(x, args.b.all(y, x != y))', { a: numbers(100), b: numbers(100).map((n) => -n - 1) }),
    ).toBe('allow');
  });
});

function numbers(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}
