import { type CompiledRule, combine, type Finding, type PolicyDefaults } from './combine.ts';
import { type Facts, factsOf } from './facts.ts';
import { type Counters, counterRef, limitExceeded } from './limits.ts';
import { sessionMismatch, targetMismatch } from './match.ts';
import { POLICY_LIMITS } from './rule.ts';
import type { PolicyInput, Verdict } from './verdict.ts';

/** What one rule makes of one call. `why` names no argument's value unless `error` carries one for operators. */
export type RuleOutcome =
  | { readonly kind: 'skipped'; readonly why: string }
  | { readonly kind: 'matched' }
  | { readonly kind: 'error'; readonly error: unknown };

/** The rules of a policy, ready to judge. */
export interface RuleSet {
  readonly version: string;
  readonly rules: readonly CompiledRule[];
  readonly defaults: PolicyDefaults;
}

export interface Evaluator {
  /**
   * Judges one call. Pure, and it never throws for what a call holds: a condition that fails becomes its rule's
   * `on_error`. Limits are judged only where `counters` are given, and nothing is recorded; leave them out when an
   * approved call is judged again, because it has been counted already.
   */
  evaluate(input: PolicyInput, counters?: Counters): Verdict;
  /** Counts a judged call against the limits of the rules that it matched. A denied call counts for nothing. */
  record(input: PolicyInput, outcome: { readonly verdict: Verdict; readonly counters: Counters }): void;
}

/** What a rule makes of a call once its target matches. */
export function judgeRule(rule: CompiledRule, input: PolicyInput, facts: Facts): RuleOutcome {
  const mismatch = sessionMismatch(rule.match, input.session);
  if (mismatch !== undefined) return { kind: 'skipped', why: mismatch };
  if (
    rule.trustAnnotations &&
    (input.annotations.readOnlyHint !== true || input.annotations.destructiveHint === true)
  ) {
    return {
      kind: 'skipped',
      why: 'the server does not declare the tool read-only (readOnlyHint without destructiveHint)',
    };
  }
  if (rule.condition === undefined) return { kind: 'matched' };
  try {
    return rule.condition.holds(facts)
      ? { kind: 'matched' }
      : { kind: 'skipped', why: 'the condition is false' };
  } catch (error) {
    return { kind: 'error', error };
  }
}

interface Candidates {
  readonly rules: readonly CompiledRule[];
  /** The verdict where nothing about the call but its target matters. */
  readonly fixed: Verdict | undefined;
}

function isFixed(rule: CompiledRule): boolean {
  const { subjects, labels } = rule.match;
  return (
    rule.condition === undefined &&
    rule.limits.length === 0 &&
    !rule.trustAnnotations &&
    subjects === undefined &&
    labels === undefined
  );
}

/** Makes the judge of a rule set. Which rules can match a target is found once per target and kept, within bounds. */
export function createEvaluator(set: RuleSet): Evaluator {
  const cache = new Map<string, Candidates>();

  function verdictOf(input: PolicyInput, findings: readonly Finding[]): Verdict {
    return combine({
      target: input,
      findings,
      defaults: set.defaults,
      declaredRisk: input.risk,
      policyVersion: set.version,
    });
  }

  function candidatesFor(input: PolicyInput): Candidates {
    const key = `${input.kind}\u0000${input.server}\u0000${input.tool}`;
    const known = cache.get(key);
    if (known !== undefined) return known;
    const rules = set.rules.filter((rule) => targetMismatch(rule.match, input) === undefined);
    const found = rules.map((rule): Finding => ({ rule, effect: rule.effect, cause: { kind: 'rule' } }));
    const fixed = rules.every(isFixed) ? Object.freeze(verdictOf({ ...input, risk: '' }, found)) : undefined;
    if (cache.size >= POLICY_LIMITS.cachedTargets) cache.clear();
    const candidates = { rules, fixed };
    cache.set(key, candidates);
    return candidates;
  }

  function findingsOf(
    rule: CompiledRule,
    call: { input: PolicyInput; facts: Facts; counters: Counters | undefined },
  ): Finding[] {
    const outcome = judgeRule(rule, call.input, call.facts);
    if (outcome.kind === 'skipped') return [];
    if (outcome.kind === 'error') return [{ rule, effect: rule.onError, cause: { kind: 'error' } }];
    const own: Finding = { rule, effect: rule.effect, cause: { kind: 'rule' } };
    const { counters, input } = call;
    if (counters === undefined) return [own];
    const exceeded = rule.limits.filter((limit) =>
      limitExceeded(rule.place.rule, limit, { input, counters }),
    );
    return [
      own,
      ...exceeded.map(
        (limit): Finding => ({ rule, effect: limit.onExceed, cause: { kind: 'limit', limit } }),
      ),
    ];
  }

  return {
    evaluate(input, counters) {
      const { rules, fixed } = candidatesFor(input);
      if (fixed !== undefined && input.risk === '') return fixed;
      const facts = factsOf(input);
      return verdictOf(
        input,
        rules.flatMap((rule) => findingsOf(rule, { input, facts, counters })),
      );
    },
    record(input, { verdict, counters }) {
      if (verdict.effect === 'deny') return;
      const limited = candidatesFor(input).rules.filter((rule) => rule.limits.length > 0);
      if (limited.length === 0) return;
      const facts = factsOf(input);
      for (const rule of limited) {
        if (judgeRule(rule, input, facts).kind !== 'matched') continue;
        for (const limit of rule.limits) counters.record(counterRef(rule.place.rule, limit, input));
      }
    },
  };
}
