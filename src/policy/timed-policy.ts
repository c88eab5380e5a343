import type { Stopwatch } from '../core/clock.ts';
import type { CompiledRule } from './combine.ts';
import { createEvaluator, type Evaluator, type RuleSet } from './evaluate.ts';

/** A policy whose conditions have a bounded time for each call. */
export interface TimedPolicy extends RuleSet, Evaluator {
  /** True once the conditions of a call have taken longer; from then on no verdict says anything. */
  isOver(): boolean;
}

/**
 * The same policy, of whose conditions none is begun any more once those of one call have taken `mostMs` milliseconds.
 * One that was begun ends by its own bounds.
 */
export function timedPolicy(
  { version, rules, defaults }: RuleSet,
  { mostMs, stopwatch }: { readonly mostMs: number; readonly stopwatch: Stopwatch },
): TimedPolicy {
  const call = { since: 0, isOver: false };

  function timed(rule: CompiledRule): CompiledRule {
    const { condition } = rule;
    if (condition === undefined) return rule;
    return {
      ...rule,
      condition: {
        ...condition,
        holds(facts) {
          call.isOver ||= stopwatch() - call.since > mostMs;
          if (call.isOver) throw new RangeError('the conditions of this call take too long');
          return condition.holds(facts);
        },
      },
    };
  }

  const set: RuleSet = { version, defaults, rules: rules.map(timed) };
  const { evaluate, record } = createEvaluator(set);
  return {
    ...set,
    evaluate(input, counters) {
      call.since = stopwatch();
      return evaluate(input, counters);
    },
    record,
    isOver: () => call.isOver,
  };
}
