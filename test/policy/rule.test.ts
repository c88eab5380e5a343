import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { tryCompile } from '../../src/policy/compile.ts';
import { parseDuration, policyJsonSchema } from '../../src/policy/rule.ts';
import { problemsOf } from './fixtures.ts';

const rule = (fields: string) =>
  `version: 1\nrules:\n  - id: a\n    match: { tools: ["*"] }\n    effect: hold\n    ${fields}\n`;

describe('a policy file', () => {
  it.each([
    [rule('efect: allow'), '6:5: unknown key "rules[0].efect". Did you mean "effect"?'],
    [rule('colour: red'), '6:5: unknown key "rules[0].colour". Known here: id, description, match'],
    [rule('approval: { quorom: 2 }'), '6:17: unknown key "rules[0].approval.quorom". Did you mean "quorum"?'],
    [rule('approval: { quorum: 0 }'), '6:25: rules[0].approval.quorum: expected a whole number from 1 to 20'],
    [rule('approval: { expires: 30 }'), '6:26: rules[0].approval.expires: expected a duration such as'],
    [rule('approval: { expires: 8d }'), '6:26: rule a: approval.expires: expected at most 7d'],
    [
      rule('approval: { passkey: false }'),
      '6:26: rule a: approval.passkey: a person always decides with a passkey',
    ],
    [rule('approval: { groups: ["bad group"] }'), '6:26: rules[0].approval.groups[0]: expected a group name'],
    [rule('approval: { capability: { uses: 2 } }'), '6:37: rules[0].approval.capability.uses: expected 1'],
    [rule('when: "args.a >"'), '6:20: rule a: when: Unexpected token: EOF.'],
    [rule('when: args.a.matches("x")'), '6:11: rule a: when: matches() is not available'],
    [rule('when: |\n      args.a > 1 &&\n      foo.b > 1'), '8:7: rule a: when: Unknown variable: foo.'],
    [rule('when: 5'), '6:11: rules[0].when: expected a CEL expression'],
    [rule('on_error: allow'), '6:15: rules[0].on_error: expected hold or deny'],
    [rule('mode: on'), '6:11: rules[0].mode: expected enforce or shadow'],
    [rule('redact: [card]'), '6:14: rules[0].redact[0]: expected a JSON Pointer'],
    [
      rule('trust_annotations: true'),
      '6:24: rule a: trust_annotations: only an allow rule can trust annotations',
    ],
    [
      rule('limits: [{ name: x, per: session, max: 1, window: 1h }]'),
      '6:14: rules[0].limits[0].on_exceed is missing: expected hold or deny',
    ],
    [
      rule(
        'limits: [{ name: x, per: session, max: 1, window: 1h, on_exceed: deny }, { name: x, per: session, max: 1, window: 1h, on_exceed: deny }]',
      ),
      'the limit "x" stands twice',
    ],
    [rule('effect: allow'), '6:5: not valid YAML: Map keys must be unique'],
    [
      'version: 1\ndefaults: { effect: allow }\n',
      '2:21: defaults.effect: expected hold or deny; to allow, write a rule',
    ],
    ['rules: []\n', '1:1: version is missing: expected version: 1'],
    ['', '1:1: expected a policy'],
    ['- a\n', '1:1: expected a policy'],
    [
      'version: 1\nrules:\n  - { id: A b, match: { tools: [] }, effect: hold }\n',
      '3:32: rules[0].match.tools: expected a list of at least one pattern',
    ],
    ['version: 1\nrules: [\n', 'not valid YAML'],
    ['version: 1\n---\nversion: 1\n', 'not valid YAML'],
    ['version: 1\nrules: !!js/function []\n', 'not valid YAML'],
    [
      `version: 1\n${rule('').slice(11)}  - { id: a, match: { tools: [x] }, effect: deny }\n`,
      'rule a: the id stands at p.yaml:3 already',
    ],
    [
      `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefgh'
        .split('')
        .map((key, index) => `${key}: &${key} [${Array(9).fill(`*${'abcdefg'[index]}`)}]\n`)
        .join('')}`,
      'not usable YAML',
    ],
    ['x'.repeat(1024 * 1024 + 1), '1:1: the file is larger than'],
  ])('%#: tells the place of a problem and what was expected', (text, problem) => {
    expect(problemsOf(text).join('\n')).toContain(problem);
  });

  it('is accepted when it uses every key', () => {
    const text = `version: 1
defaults: { effect: deny, on_error: deny, mode: enforce, approval: { groups: [ops], quorum: 1 } }
rules:
  - id: refund-over-threshold
    description: Large refunds.
    match:
      tools: [payments.refund]
      kinds: [tool]
      servers: [payments]
      subjects: ["*"]
      labels: { team: "*" }
    when: args.amount_cents > 5000 || budget.refund_cents_24h + args.amount_cents > 20000
    effect: hold
    risk: high
    mode: enforce
    reason: The refund is large.
    approval: { groups: [support-leads], quorum: 1, passkey: true, expires: 30m, exclude_requester: true, approver: person,
                capability: { uses: 1, ttl: 5m } }
    limits: [{ name: refunds, per: session, max: 20, window: 1h, on_exceed: deny }]
    redact: [/card_number, "result:/receipt/pan", /a~1b/0]
    read_only: false
    idempotent: false
    trust_annotations: false
    on_error: hold
`;
    expect(problemsOf(text)).toEqual([]);
  });

  it('may hold the defaults of the policy only if no other file does', () => {
    const text = 'version: 1\ndefaults: { effect: deny }\n';
    const { problems } = tryCompile([
      { name: 'b.yaml', text },
      { name: 'a.yaml', text },
    ]);
    expect(problems).toEqual([
      {
        file: 'b.yaml',
        line: 2,
        column: 11,
        message: expect.stringContaining('defaults stand in a.yaml already'),
      },
    ]);
  });
});

describe('a duration', () => {
  it.each([
    ['500ms', 500],
    ['5s', 5_000],
    ['30m', 1_800_000],
    ['1h', 3_600_000],
    ['7d', 604_800_000],
    ['0s', undefined],
    ['1.5h', undefined],
    ['-1h', undefined],
    ['1h30m', undefined],
    ['30', undefined],
    ['', undefined],
  ])('%s is %s ms', (text, expected) => {
    expect(parseDuration(text)).toBe(expected);
  });
});

// To write it anew: node -e "import('./src/policy/rule.ts').then((m) => console.log(JSON.stringify(m.policyJsonSchema())))"
// > policies/policy.schema.json && biome format --write policies/policy.schema.json
it("the editors' schema equals the schema that loads policies", async () => {
  const text = await readFile(new URL('../../policies/policy.schema.json', import.meta.url), 'utf8');
  expect(JSON.parse(text)).toEqual(policyJsonSchema());
});
