import fc from 'fast-check';
import { expect, it } from 'vitest';
import { effectRank, riskRank } from '../../src/policy/rule.ts';
import type { Effect, Verdict } from '../../src/policy/verdict.ts';
import { call, policyOf } from './fixtures.ts';

const CONDITIONS = {
  yes: 'true',
  no: 'false',
  fails: 'args.missing == 1',
  short: 'args.missing == 1 || true',
  none: undefined,
} as const;

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
});
const rulesArb = fc
  .array(ruleArb, { maxLength: 8 })
  .map((rules) => rules.map((rule, index) => ({ ...rule, id: `r${index}` })));
type Rule = (typeof ruleArb extends fc.Arbitrary<infer T> ? T : never) & { id: string };

function yaml(rule: Rule): string {
  const when = CONDITIONS[rule.when];
  return [
    `{ id: ${rule.id}, match: { tools: ["*"] }, effect: ${rule.effect}, on_error: ${rule.onError}, risk: ${rule.risk}`,
    `mode: ${rule.shadow ? 'shadow' : 'enforce'}${when === undefined ? '' : `, when: "${when}"`}`,
    `approval: { quorum: ${rule.quorum}, expires: ${rule.minutes}m, groups: [${rule.groups}], approver: ${rule.automation ? 'automation' : 'person'} } }`,
  ].join(', ');
}

function judge(rules: readonly Rule[]): Verdict {
  return policyOf(rules.map(yaml)).evaluate(call());
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
      const expected =
        effects.length === 0 ? 'hold' : effects.reduce((a, b) => (effectRank(a) >= effectRank(b) ? a : b));
      expect(judge(rules).effect).toBe(expected);
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
      if (before.approval === undefined || after.approval === undefined) return;
      expect(after.approval.quorum).toBeGreaterThanOrEqual(before.approval.quorum);
      expect(after.approval.expiresMs).toBeLessThanOrEqual(before.approval.expiresMs);
      if (before.approval.approver === 'person')
        expect(after.approval).toMatchObject({ approver: 'person', passkey: true });
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
