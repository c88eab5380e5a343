import { type ASTNode, serialize } from '@marcbachmann/cel-js';
import { errorText } from '../core/errors.ts';
import type { CompiledRule } from './combine.ts';
import type { CompiledPolicy } from './compile.ts';
import { celProblem } from './conditions.ts';
import type { Position } from './document.ts';
import { judgeRule } from './evaluate.ts';
import { boundName, childrenOf, pathsFrom } from './expression.ts';
import { type Facts, factsOf } from './facts.ts';
import type { Counters } from './limits.ts';
import { limitExceeded } from './limits.ts';
import { targetMismatch } from './match.ts';
import { argumentPointers, keysOverlap, REDACTED, tokensOf } from './redact.ts';
import type { Effect, PolicyInput, RulePlace, Verdict } from './verdict.ts';

/** One sub-expression of a condition: where it stands, and its value or the error that it gave. */
export interface TraceStep extends Position {
  readonly expression: string;
  /** Nesting, the whole condition being 0. */
  readonly depth: number;
  readonly value?: string;
  readonly error?: string;
}

export interface RuleTrace extends RulePlace {
  readonly outcome: 'matched' | 'not_matched' | 'error';
  /** Why it did not match, or what went wrong. */
  readonly why?: string;
  readonly effect: Effect;
  readonly shadow: boolean;
  readonly steps: readonly TraceStep[];
  /** Limits that are used up; only judged where counters are given. */
  readonly exceeded: readonly string[];
}

export interface ExplainOptions {
  /** Limits are judged only where they are given; nothing is counted. */
  readonly counters?: Counters | undefined;
  /** `redact` pointers: no value or error of an expression is shown that reads what one of them points to. */
  readonly hide?: readonly string[] | undefined;
}

/** A verdict and how it came about. Holds values of arguments, but for those that are hidden. */
export interface Explanation {
  readonly verdict: Verdict;
  readonly rules: readonly RuleTrace[];
}

const LONGEST_VALUE = 200;

function valueText(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  const named = value as { constructor?: { name?: string }; name?: unknown } | null;
  if (named?.constructor?.name === 'Type') return String(named.name);
  const text = JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== 'bigint') return inner;
    return Number.isSafeInteger(Number(inner)) ? Number(inner) : String(inner);
  });
  const shown = text ?? String(value);
  return shown.length > LONGEST_VALUE
    ? `${shown.slice(0, LONGEST_VALUE)}… (${shown.length} characters)`
    : shown;
}

interface TraceContext {
  readonly policy: CompiledPolicy;
  readonly input: PolicyInput;
  readonly facts: Facts;
  readonly counters: Counters | undefined;
  /** Keys of the arguments that are not to be shown. */
  readonly hidden: readonly (readonly string[])[];
}

function readsHidden(node: ASTNode, { hidden }: TraceContext): boolean {
  if (hidden.length === 0) return false;
  return pathsFrom('args', node).some((a) => hidden.some((b) => keysOverlap({ a, b })));
}

function stepsOf(rule: CompiledRule, context: TraceContext): TraceStep[] {
  const steps: TraceStep[] = [];
  function visit(node: ASTNode, depth: number): void {
    if (node.op === 'value') return;
    const place = { expression: serialize(node), depth, ...rule.conditionAt(node.start) };
    if (readsHidden(node, context)) steps.push({ ...place, value: REDACTED });
    else addStep(place, node);
    const isHas = node.op === 'call' && node.args[0] === 'has';
    const below = boundName(node)?.outside ?? (isHas ? [] : childrenOf(node));
    for (const child of below) visit(child, depth + 1);
  }
  function addStep(place: Pick<TraceStep, 'expression' | 'depth' | 'line' | 'column'>, node: ASTNode): void {
    try {
      steps.push({ ...place, value: valueText(context.policy.conditions.valueOf(node, context.facts)) });
    } catch (error) {
      steps.push({ ...place, error: celProblem(error).message });
    }
  }
  if (rule.condition !== undefined) visit(rule.condition.ast, 0);
  return steps;
}

function failureText(rule: CompiledRule, error: unknown, context: TraceContext): string {
  if (rule.condition !== undefined && readsHidden(rule.condition.ast, context))
    return 'it reads redacted values';
  return celProblem(error).message || errorText(error);
}

function traceRule(rule: CompiledRule, context: TraceContext): RuleTrace {
  const { input, facts, counters } = context;
  const base = { ...rule.place, effect: rule.effect, shadow: rule.shadow, steps: [], exceeded: [] };
  const mismatch = targetMismatch(rule.match, input);
  if (mismatch !== undefined) return { ...base, outcome: 'not_matched', why: mismatch };
  const outcome = judgeRule(rule, input, facts);
  const steps = stepsOf(rule, context);
  if (outcome.kind === 'skipped') return { ...base, outcome: 'not_matched', why: outcome.why, steps };
  if (outcome.kind === 'error') {
    const why = `the condition could not be evaluated (${failureText(rule, outcome.error, context)}), so on_error applies`;
    return { ...base, outcome: 'error', why, effect: rule.onError, steps };
  }
  const exceeded =
    counters === undefined
      ? []
      : rule.limits.filter((limit) => limitExceeded(rule.place.rule, limit, { input, counters }));
  return { ...base, outcome: 'matched', steps, exceeded: exceeded.map((limit) => limit.name) };
}

/** Judges a call and traces every rule: matched or why not, each sub-expression with its value and place. Pure. */
export function explain(
  policy: CompiledPolicy,
  input: PolicyInput,
  { counters, hide = [] }: ExplainOptions = {},
): Explanation {
  const hidden = argumentPointers(hide).map(tokensOf);
  const context: TraceContext = { policy, input, facts: factsOf(input), counters, hidden };
  const rules = policy.rules.map((rule) => traceRule(rule, context));
  return { verdict: policy.evaluate(input, counters), rules };
}
