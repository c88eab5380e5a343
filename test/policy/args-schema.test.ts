import { expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { checkArgs } from '../../src/policy/args-schema.ts';
import { checkPolicies } from '../../src/policy/check.ts';
import { file, policyOf } from './fixtures.ts';

const refund = {
  type: 'object',
  properties: {
    amount_cents: { type: 'integer' },
    ratio: { type: 'number' },
    note: { type: 'string' },
    tags: { type: 'array', items: { type: 'string' } },
    to: { type: 'object', properties: { iban: { type: 'string' } } },
    extra: { type: 'object' },
    any: { anyOf: [{ type: 'string' }, { type: 'object', properties: { x: {} } }] },
  },
};

function tool(name: string, inputSchema: JsonObject) {
  return { server: 'shop', tool: name, definition: { inputSchema } };
}

function problems(when: string, tools = [tool('refund', refund)], pattern = 'refund*'): string[] {
  const policy = policyOf([
    `{ id: r, match: { tools: ["${pattern}"] }, effect: hold, when: ${JSON.stringify(when)} }`,
  ]);
  return checkArgs(policy, tools).map(({ column, message }) => `${column}: ${message}`);
}

it.each([
  ['args.amont_cents > 1', 'args.amont_cents is no argument of shop/refund. Did you mean "amount_cents"?'],
  ['has(args.amont_cents)', 'Did you mean "amount_cents"?'],
  ['args["amont_cents"] > 1', 'Did you mean "amount_cents"?'],
  ['args.to.ibn == "x"', 'args.to.ibn is no argument of shop/refund. Did you mean "iban"?'],
  ['args.tags.exists(t, t == args.nte)', 'Did you mean "note"?'],
  ['args.zzzzzz == 1', 'Known: amount_cents, ratio, note, tags, to, extra, any.'],
  [
    'args.amount_cents == "5"',
    'no such overload: int == string. The arguments are typed by the inputSchema of shop/refund.',
  ],
  ['has(args.note) && args["note"]  > 5', 'no such overload: string > int'],
  ['args.tags.exists(t, t > 5)', 'no such overload'],
])('%s is a problem', (when, message) => {
  expect(problems(when).join()).toContain(message);
});

it.each([
  'args.amount_cents > 5000 && args.ratio > 0.5 && args.note.contains("x")',
  'args.ratio > 1',
  'args.extra.anything == 1',
  'args.any.y == 1',
  'args.tags.exists(args, args.size() > 2)',
  '"amont_cents" in args',
  '[args, has(args.to) ? args.to : {}].exists(record, record.exists(name, name == "iban"))',
  'has(args.amount_cents) && (args.amount_cents) > 5 && args["amount_cents"] < 9',
  'session.labels.team == "x"',
])('%s is accepted', (when) => {
  expect(problems(when)).toEqual([]);
});

it('accepts a field that at least one of the tools has', () => {
  const other = tool('refund_all', { type: 'object', properties: { reason: { type: 'string' } } });
  expect(problems('has(args.reason) && args.reason == ""', [tool('refund', refund), other])).toEqual([]);
  expect(problems('has(args.raeson)', [tool('refund', refund), other]).join()).toContain(
    'args.raeson is no argument of the 2 tools',
  );
});

it('judges no rule whose tools are unknown and no schema that is open', () => {
  expect(problems('args.x == 1', [tool('other', refund)])).toEqual([]);
  expect(problems('args.x == 1', [tool('refund', { ...refund, additionalProperties: true })])).toEqual([]);
  expect(problems('args.x == 1', [tool('refund', { $ref: 'https://example.com/schema' })])).toEqual([]);
  expect(problems('args.x == 1', [tool('refund', { type: 'object' })])).toEqual([]);
});

it('tells the place of the field in the file', () => {
  const [problem] = problems('has(args.note) && has(args.nte)');
  expect(problem?.split(':')[0]).toBe('88');
});

it('checks files as a whole, leaving tests apart', () => {
  const good = file(['{ id: r, match: { tools: [refund] }, effect: hold, when: args.note == "" }']);
  const bad = file(['{ id: r, match: { tools: [refund] }, effect: hold, when: args.nte == "" }']);
  const tools = [tool('refund', refund)];
  expect(checkPolicies([good, { name: 'p_test.yaml', text: '[' }], tools)).toMatchObject({
    ok: true,
    problems: [],
  });
  expect(checkPolicies([bad], tools)).toMatchObject({ ok: false, problems: [{ file: 'p.yaml', line: 3 }] });
  expect(checkPolicies([bad])).toMatchObject({ ok: true });
  expect(checkPolicies([])).toMatchObject({ ok: false });
});
