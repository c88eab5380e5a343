import fc from 'fast-check';
import { expect, it } from 'vitest';
import { tryCompile } from '../../src/policy/compile.ts';
import { effectRank, riskRank } from '../../src/policy/rule.ts';
import type { Effect, Verdict } from '../../src/policy/verdict.ts';
import { call, file } from './fixtures.ts';

const CONDITIONS = {
  yes: 'true',
  no: 'false',
  fails: 'args.missing == 1',
  short: 'args.missing == 1 || true',
  none: undefined,
} as const;

const ATTESTATIONS = ['packed', 'tpm', 'apple'];

const ruleArb = fc.record({
  effect: fc.constantFrom<Effect>('allow', 'hold', 'deny'),
  when: fc.constantFrom(...(Object.keys(CONDITIONS) as (keyof typeof CONDITIONS)[])),
  onError: fc.constantFrom('hold', 'deny'),
  risk: fc.constantFrom('low', 'medium', 'high', 'critical'),
  shadow: fc.boolean(),
  quorum: fc.integer({ min: 1, max: 5 }),
  minutes: fc.integer({ min: 1, max: 90 }),
  groups: fc.subarray(['a', 'b', 'c']),
  automation: fc.boolean(),
  escalate: fc.array(
    fc.record({
      after: fc.integer({ min: 1, max: 30 }),
      groups: fc.subarray(['b', 'x', 'y'], { minLength: 1 }),
    }),
    { maxLength: 3 },
  ),
  bound: fc.boolean(),
  attestation: fc.subarray(ATTESTATIONS),
  dpop: fc.boolean(),
  retain: fc.option(fc.integer({ min: 1, max: 90 })),
});
const rulesArb = fc
  .array(ruleArb, { maxLength: 8 })
  .map((rules) => rules.map((rule, index) => ({ ...rule, id: `r${index}` })));
type Rule = (typeof ruleArb extends fc.Arbitrary<infer T> ? T : never) & { id: string };

/** Only what a file may say: escalations need groups and time, automation has no passkey. */
function approvalYaml(rule: Rule): string {
  const escalate = rule.groups.length === 0 ? [] : rule.escalate.filter((one) => one.after < rule.minutes);
  const authenticator = [
    ...(rule.bound ? ['backup_eligible: false'] : []),
    ...(rule.attestation.length > 0 ? [`attestation: [${rule.attestation}]`] : []),
  ];
  return [
    `quorum: ${rule.quorum}, expires: ${rule.minutes}m, groups: [${rule.groups}]`,
    `approver: ${rule.automation ? 'automation' : 'person'}, capability: { dpop: ${rule.dpop} }`,
    ...(escalate.length === 0
      ? []
      : [`escalate: [${escalate.map((one) => `{ after: ${one.after}m, groups: [${one.groups}] }`)}]`]),
    ...(rule.automation || authenticator.length === 0 ? [] : [`authenticator: { ${authenticator} }`]),
  ].join(', ');
}

function yaml(rule: Rule): string {
  const when = CONDITIONS[rule.when];
  return [
    `{ id: ${rule.id}, match: { tools: ["*"] }, effect: ${rule.effect}, on_error: ${rule.onError}, risk: ${rule.risk}`,
    `mode: ${rule.shadow ? 'shadow' : 'enforce'}${when === undefined ? '' : `, when: "${when}"`}`,
    `approval: { ${approvalYaml(rule)} }${rule.retain === null ? '' : `, retain: ${rule.retain}d`} }`,
  ].join(', ');
}

/** The verdict; rules that could never be approved together are refused when they load, and are none of ours here. */
function judge(rules: readonly Rule[]): Verdict {
  const { policy, problems } = tryCompile([file(rules.map(yaml))]);
  fc.pre(problems.every((problem) => problem.message.includes('approval.authenticator.attestation')));
  fc.pre(policy !== undefined);
  return (policy as NonNullable<typeof policy>).evaluate(call());
}

/** Rules that hold together and share no attestation deny together. */
function isDead(rules: readonly Rule[]): boolean {
  const applying = rules.filter((rule) => !rule.shadow);
  const held = applying.filter((rule) => effectOf(rule) === 'hold');
  if (applying.some((rule) => effectOf(rule) === 'deny') || held.length === 0) return false;
  const lists = held.filter((rule) => !rule.automation && rule.attestation.length > 0);
  return (
    lists.length > 0 && ATTESTATIONS.every((one) => lists.some((rule) => !rule.attestation.includes(one)))
  );
}

function effectOf(rule: Rule): Effect | undefined {
  if (rule.when === 'no') return undefined;
  return rule.when === 'fails' ? (rule.onError as Effect) : rule.effect;
}

/** A verdict without what names lines and lists in file order. */
function bare(verdict: Verdict) {
  const { decidedBy, matched, reason: _reason, redact, shadow, policyVersion: _version, ...rest } = verdict;
  const ids = (places: readonly { rule: string }[]) => places.map((place) => place.rule).sort();
  return {
    ...rest,
    decidedBy: decidedBy?.rule,
    matched: ids(matched),
    redact: [...redact].sort(),
    shadow: ids(shadow),
  };
}

it('does not depend on the order of the rules', () => {
  fc.assert(
    fc.property(
      rulesArb.chain((rules) =>
        fc.tuple(fc.constant(rules), fc.shuffledSubarray(rules, { minLength: rules.length })),
      ),
      ([rules, shuffled]) => {
        expect(bare(judge(shuffled))).toEqual(bare(judge(rules)));
      },
    ),
    { numRuns: 150 },
  );
});

it('takes the strictest effect of the rules in force, and holds when there is none', () => {
  fc.assert(
    fc.property(rulesArb, (rules) => {
      const effects = rules.filter((rule) => !rule.shadow).flatMap((rule) => effectOf(rule) ?? []);
      const strictest =
        effects.length === 0 ? 'hold' : effects.reduce((a, b) => (effectRank(a) >= effectRank(b) ? a : b));
      expect(judge(rules).effect).toBe(isDead(rules) ? 'deny' : strictest);
    }),
    { numRuns: 150 },
  );
});

it('never allows a call for which a condition in force failed', () => {
  fc.assert(
    fc.property(rulesArb, ruleArb, (rules, failing) => {
      const all = [...rules, { ...failing, id: 'failing', when: 'fails' as const, shadow: false }];
      expect(judge(all).effect).not.toBe('allow');
    }),
    { numRuns: 150 },
  );
});

it('grows no laxer when a rule in force is added to others that apply', () => {
  fc.assert(
    fc.property(rulesArb, ruleArb, (rules, extra) => {
      const base = [...rules, { ...extra, id: 'base', when: 'yes' as const, shadow: false }];
      const more = [...base, { ...extra, id: 'more', shadow: false }];
      const [before, after] = [judge(base), judge(more)];
      expect(effectRank(after.effect)).toBeGreaterThanOrEqual(effectRank(before.effect));
      expect(riskRank(after.risk)).toBeGreaterThanOrEqual(riskRank(before.risk));
      if (before.retainMs !== undefined) expect(after.retainMs).toBeLessThanOrEqual(before.retainMs);
      if (before.approval === undefined || after.approval === undefined) return;
      expect(after.approval.quorum).toBeGreaterThanOrEqual(before.approval.quorum);
      expect(after.approval.expiresMs).toBeLessThanOrEqual(before.approval.expiresMs);
      if (before.approval.approver === 'person')
        expect(after.approval).toMatchObject({ approver: 'person', passkey: true });
      const [was, is] = [before.approval.authenticator, after.approval.authenticator];
      if (was.backupEligible === false) expect(is.backupEligible).toBe(false);
      if (was.attestation !== undefined)
        expect(was.attestation).toEqual(expect.arrayContaining([...(is.attestation ?? ['?'])]));
      if (before.approval.capability.dpop) expect(after.approval.capability.dpop).toBe(true);
    }),
    { numRuns: 150 },
  );
});

it('carries approval terms exactly when it holds', () => {
  fc.assert(
    fc.property(rulesArb, (rules) => {
      const verdict = judge(rules);
      expect(verdict.approval !== undefined).toBe(verdict.effect === 'hold');
    }),
    { numRuns: 100 },
  );
});
