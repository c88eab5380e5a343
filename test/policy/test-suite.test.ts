import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { isPolicyFileName, isTestFileName } from '../../src/policy/check.ts';
import { explain } from '../../src/policy/explain.ts';
import { loadPolicy, readPolicyDirectory } from '../../src/policy/load.ts';
import { runPolicyTests, runTestFiles } from '../../src/policy/test-suite.ts';
import { call, policyOf } from './fixtures.ts';

const SHIPPED = fileURLToPath(new URL('../../policies', import.meta.url));
const shipped = await runPolicyTests(SHIPPED);

describe('the shipped policy', () => {
  it.each(shipped.results.map((result) => [`${result.file}: ${result.name}`, result] as const))(
    '%s',
    (_title, result) => {
      expect(result.failures).toEqual([]);
    },
  );

  it('has tests beside every file, and every rule decides at least one', async () => {
    const policies = await readPolicyDirectory(SHIPPED, isPolicyFileName);
    const tests = await readPolicyDirectory(SHIPPED, isTestFileName);
    expect(tests.map((file) => file.name.replace('_test', ''))).toEqual(policies.map((file) => file.name));
    const text = tests.map((file) => file.text).join('\n');
    const { rules } = await loadPolicy(SHIPPED);
    expect(
      rules.filter((rule) => !text.includes(`rule: ${rule.place.rule}`)).map((rule) => rule.place.rule),
    ).toEqual([]);
  });

  it('can be decided by one person, whoever is enrolled', async () => {
    const { rules } = await loadPolicy(SHIPPED);
    for (const { approval } of rules)
      expect(approval).toMatchObject({ groups: [], quorum: 1, approver: 'person', passkey: true });
  });
});

const policy = policyOf([
  '{ id: big, match: { tools: [pay] }, effect: hold, risk: high, when: args.n > 5 && has(args.to) }',
]);
const suite = (test: string) => [{ name: 'p_test.yaml', text: `tests:\n  - ${test}\n` }];

describe('policy tests', () => {
  it('report what was expected and what was found', () => {
    const report = runTestFiles(
      policy,
      suite(
        '{ name: small, input: { server: shop, tool: pay, args: { n: 1 } }, expect: { effect: allow, rule: big, risk: low } }',
      ),
    );
    expect(report).toMatchObject({
      ok: false,
      passed: 0,
      failed: 1,
      results: [{ file: 'p_test.yaml', line: 2, column: 5, name: 'small', ok: false }],
    });
    expect(report.results[0]?.failures.map((failure) => failure.split(' (')[0])).toEqual([
      'effect: expected "allow", found "hold"',
      'rule: expected "big", found "default"',
      'risk: expected "low", found "medium"',
    ]);
  });

  it('expect escalations, keys, proof of a key and how long things are kept, whatever the order of lists', () => {
    const rule =
      '{ id: a, match: { tools: ["*"] }, effect: hold, retain: 30d, approval: { groups: [ops], escalate: { after: 10m, groups: [cto] }, authenticator: { backup_eligible: false, attestation: [tpm, packed] }, capability: { dpop: true } } }';
    const failures = (expected: string) =>
      runTestFiles(
        policyOf([rule]),
        suite(`{ name: n, input: { tool: pay }, expect: { effect: hold, ${expected} } }`),
      ).results[0]?.failures;
    const met = 'escalate: [{ after: 600s, groups: [cto] }], dpop: true, retain: 720h';
    const keys = 'authenticator: { attestation: [packed, tpm], backup_eligible: false }';
    expect(failures(`${met}, ${keys}`)).toEqual([]);
    expect(failures('escalate: [], dpop: false, retain: 1d, authenticator: {}')).toEqual([
      expect.stringMatching(/^escalate: expected \[\], found \[\{"afterMs":600000,"groups":\["cto"\]\}\]/),
      expect.stringMatching(/^authenticator: expected \{\}, found/),
      expect.stringMatching(/^dpop: expected false, found true/),
      expect.stringMatching(/^retain: expected 86400000, found 2592000000/),
    ]);
  });

  it('freeze the time that the test names', () => {
    const night = policyOf([
      '{ id: night, match: { tools: ["*"] }, effect: deny, when: now.getHours() < 6 && now_weekday == "sunday" }',
    ]);
    const at = (now: string) =>
      runTestFiles(night, suite(`{ name: n, now: "${now}", input: { tool: pay }, expect: { effect: deny } }`))
        .ok;
    expect(at('2026-01-04T03:00:00Z')).toBe(true);
    expect(at('2026-01-05T03:00:00Z')).toBe(false);
  });

  it.each([
    [
      '{ name: n, input: { tool: pay }, expect: { effect: hold, rule: bog } }',
      'p_test.yaml:2:68: tests[0].expect.rule: there is no rule "bog". Did you mean "big"?',
    ],
    ['{ name: n, input: { tol: pay }, expect: { effect: hold } }', 'Did you mean "tool"?'],
    ['{ name: n, input: { tool: pay }, expect: { effect: maybe } }', 'expected allow, hold or deny'],
    [
      '{ name: n, now: soon, input: { tool: pay }, expect: { effect: hold } }',
      'tests[0].now: expected a time',
    ],
  ])('refuse a malformed test: %s', (test, message) => {
    expect(() => runTestFiles(policy, suite(test))).toThrow(message);
  });
});

describe('an explanation', () => {
  it('shows every rule, each sub-expression, its value and its place', () => {
    const { verdict, rules } = explain(policy, call({ n: 9 }));
    expect(verdict.effect).toBe('hold');
    expect(rules).toMatchObject([{ rule: 'big', outcome: 'not_matched', why: 'the condition is false' }]);
    expect(
      rules[0]?.steps.map(({ expression, value, line, column, depth }) => [
        expression,
        value,
        `${line}:${column}`,
        depth,
      ]),
    ).toEqual([
      ['args.n > 5 && has(args.to)', 'false', '3:73', 0],
      ['args.n > 5', 'true', '3:73', 1],
      ['args.n', '9', '3:73', 2],
      ['args', '{"n":9}', '3:73', 3],
      ['has(args.to)', 'false', '3:87', 1],
    ]);
  });

  it('tells why a rule failed and why others do not apply', () => {
    const { rules } = explain(policy, call({ n: 'x', to: 1 }));
    expect(rules[0]).toMatchObject({ outcome: 'error', effect: 'hold' });
    expect(rules[0]?.why).toContain('no such overload');
    expect(explain(policy, call({}, { tool: 'list' })).rules[0]?.why).toBe(
      'no pattern of match.tools matches shop/list',
    );
  });

  it('does not look inside loops, whose variables have no single value', () => {
    const looping = policyOf([
      '{ id: r, match: { tools: ["*"] }, effect: hold, when: "args.l.exists(x, re(x, \\"^a.c$\\"))" }',
    ]);
    const steps = explain(looping, call({ l: ['abc'] })).rules[0]?.steps ?? [];
    expect(steps.map((step) => [step.expression, step.value])).toEqual([
      ['args.l.exists(x, re(x, "^a.c$"))', 'true'],
      ['args.l', '["abc"]'],
      ['args', '{"l":["abc"]}'],
    ]);
  });
});
