import { mergeApprovals, unmeetable } from './approval-terms.ts';
import type { CompiledRule } from './combine.ts';
import type { RuleSet } from './evaluate.ts';
import { type PolicyTarget, targetMismatch } from './match.ts';
import type { Effect } from './verdict.ts';

/** A rule that says the same for every session and all arguments. */
export function isUnconditional(rule: CompiledRule): boolean {
  const { condition, match, trustAnnotations } = rule;
  return (
    condition === undefined && match.subjects === undefined && match.labels === undefined && !trustAnnotations
  );
}

/**
 * Every effect that some session with some arguments could meet at this target. A superset, never less: what is not
 * in it cannot be the verdict. A list hides what can only be denied and keeps what might be allowed or held.
 */
export function possibleEffects(set: RuleSet, target: PolicyTarget): readonly Effect[] {
  const rules = set.rules.filter((rule) => !rule.shadow && targetMismatch(rule.match, target) === undefined);
  if (rules.some((rule) => rule.effect === 'deny' && isUnconditional(rule))) return ['deny'];
  const effects = new Set<Effect>();
  for (const rule of rules) {
    effects.add(rule.effect);
    if (rule.condition !== undefined) effects.add(rule.onError);
    for (const limit of rule.limits) effects.add(limit.onExceed);
  }
  if (!rules.some(isUnconditional)) effects.add(set.defaults.effect);
  // Rules that ask for different passkeys deny together what each of them holds.
  const merged = rules.length === 0 ? undefined : mergeApprovals(rules.map((rule) => rule.approval));
  if (effects.has('hold') && merged !== undefined && unmeetable(merged) !== undefined) effects.add('deny');
  return [...effects];
}
