import { expect, it } from 'vitest';
import { explain } from '../../src/policy/explain.ts';
import { allowWhen, call } from './fixtures.ts';

const SECRET = 'canary-4111';

const input = call({
  n: 7,
  card: { number: SECRET, kind: 'visa' },
  list: [SECRET, 'plain'],
  key: 'card',
  'a/b': SECRET,
});

/** What an explanation shows of each sub-expression; an error stands for itself. */
function shown(when: string, hide: readonly string[]): Record<string, string> {
  const { rules } = explain(allowWhen(when), input, { hide });
  expect(JSON.stringify(rules)).not.toContain(SECRET);
  const steps = rules.flatMap((rule) => rule.steps);
  return Object.fromEntries(steps.map(({ expression, value, error }) => [expression, value ?? `! ${error}`]));
}

it('a value that is redacted is not shown, nor what holds it, nor what was computed from it', () => {
  expect(shown('args.card.number == "x" || args.n > 5', ['/card/number'])).toEqual({
    'args.card.number == "x" || args.n > 5': '[redacted]',
    'args.card.number == "x"': '[redacted]',
    'args.card.number': '[redacted]',
    'args.card': '[redacted]',
    args: '[redacted]',
    'args.n > 5': 'true',
    'args.n': '7',
  });
});

it('what stands beside a redacted value is shown', () => {
  const steps = shown('args.card.kind == "visa" && args["n"] == 7', ['/card/number']);
  expect(steps).toMatchObject({ 'args.card.kind': '"visa"', 'args["n"]': '7' });
});

it('what is inside a redacted value is not shown either', () => {
  expect(shown('args.card.kind == "visa"', ['/card'])).toMatchObject({ 'args.card.kind': '[redacted]' });
});

it.each([
  ['a key that is computed', 'args[args.key].number != ""', '/card/number'],
  ['a key that is a text', 'args["card"]["number"] != ""', '/card/number'],
  ['an index of a list', 'args.list[0] != ""', '/list/0'],
  ['a loop over a list', 'args.list.exists(one, one.startsWith("c"))', '/list/0'],
  ['all of the arguments', 'size(args) > 100', '/card/number'],
  ['a name that is bound', 'cel.bind(c, args.card, c.number != "")', '/card/number'],
  ['a key with a slash', 'args["a/b"] != ""', '/a~1b'],
])('a redacted value is not shown by way of %s', (_way, when, pointer) => {
  const [whole] = Object.values(shown(when, [pointer]));
  expect(whole).toBe('[redacted]');
});

it('the error of a condition that reads redacted values is not shown', () => {
  const { rules } = explain(allowWhen('int(args.card.number) > 0'), input, { hide: ['/card/number'] });
  expect(rules[0]).toMatchObject({
    outcome: 'error',
    why: expect.stringContaining('it reads redacted values'),
  });
  expect(JSON.stringify(rules)).not.toContain(SECRET);
});

it('pointers into results hide nothing of the arguments', () => {
  const { rules } = explain(allowWhen('args.n == 7'), input, { hide: ['result:/n'] });
  expect(rules[0]?.steps.map(({ value }) => value)).toContain('7');
});
