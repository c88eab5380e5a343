import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { tryCompile } from '../../src/policy/compile.ts';
import { policyJsonSchema } from '../../src/policy/rule.ts';
import { parseDuration } from '../../src/policy/yaml-value.ts';
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
    [
      rule('approval: { groups: [ops], escalate: { after: 10, groups: [cto] } }'),
      '6:51: rules[0].approval.escalate.after: expected a duration such as',
    ],
    [
      rule('approval: { groups: [ops], escalate: [{ after: 10m, groups: [cto] }, { after: 1h }] }'),
      '6:74: rules[0].approval.escalate[1].groups is missing: expected a list of at least one group name',
    ],
    [
      rule('approval: { groups: [ops], escalate: { after: 10m, group: [cto] } }'),
      'unknown key "rules[0].approval.escalate.group". Did you mean "groups"?',
    ],
    [
      rule('approval: { groups: [ops], escalate: 10m }'),
      '6:42: rules[0].approval.escalate: expected { after: 10m, groups: [cto] }',
    ],
    [
      rule('approval: { escalate: { after: 10m, groups: [cto] } }'),
      '6:49: rule a: approval.escalate.groups: anyone who is enrolled may decide already',
    ],
    [
      rule('approval: { groups: [ops], expires: 10m, escalate: [{ after: 10m, groups: [cto] }] }'),
      '6:66: rule a: approval.escalate[0].after: expected less than expires',
    ],
    [
      rule('approval: { authenticator: { backup_eligible: true } }'),
      '6:51: rules[0].approval.authenticator.backup_eligible: expected false; to accept every passkey',
    ],
    [
      rule('approval: { authenticator: { attestation: [none] } }'),
      '6:48: rules[0].approval.authenticator.attestation[0]: expected packed, tpm,',
    ],
    [
      rule('approval: { authenticator: { aaguids: [yubikey] } }'),
      '6:44: rules[0].approval.authenticator.aaguids[0]: expected an AAGUID such as cb69481e',
    ],
    [
      rule('approval: { approver: automation, authenticator: { backup_eligible: false } }'),
      '6:54: rule a: approval.authenticator: a service account has no passkey',
    ],
    [
      rule('approval: { capability: { dpop: yes please } }'),
      '6:37: rules[0].approval.capability.dpop: expected true or false',
    ],
    [rule('retain: 30'), '6:13: rules[0].retain: expected a duration such as'],
    [rule('retain: 36501d'), '6:13: rule a: retain: expected at most 36500d'],
    [
      'version: 1\ndefaults: { retain: 36501d }\n',
      '2:21: defaults.retain: expected at most 36500d; to keep things for ever',
    ],
    [
      'version: 1\ndefaults: { approval: { expires: 1m, escalate: { after: 2m, groups: [cto] } } }\n',
      'defaults.approval.escalate.after: expected less than expires',
    ],
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
    [rule('intent: parallel'), '6:13: rule a: intent: parallel is for rules with read_only: true'],
    [rule('intent: later'), '6:13: rules[0].intent: expected first or parallel'],
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
defaults: { effect: deny, on_error: deny, mode: enforce, approval: { groups: [ops], quorum: 1 }, retain: 90d }
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
                escalate: [{ after: 10m, groups: [cto] }],
                authenticator: { backup_eligible: false, attestation: [packed, tpm], aaguids: [cb69481e-8ff7-4039-93ec-0a2729a154a8] },
                capability: { uses: 1, ttl: 5m, dpop: true } }
    limits: [{ name: refunds, per: session, max: 20, window: 1h, on_exceed: deny }]
    redact: [/card_number, "result:/receipt/pan", /a~1b/0]
    retain: 30d
    read_only: false
    intent: first
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
