import type { JsonObject } from '../core/json.ts';
import type { Evaluator, RuleSet } from './evaluate.ts';
import { namesIn, pathsFrom } from './expression.ts';
import type { HiddenArguments } from './hidden-arguments.ts';
import type { Counters } from './limits.ts';
import { type PolicyTarget, targetMismatch } from './match.ts';
import { keysOverlap } from './redact.ts';
import { POLICY_LIMITS } from './rule.ts';
import type { Effect, PolicyInput, Risk, Verdict } from './verdict.ts';

/** Why something of a recorded call is not known any more, or not to whoever asks. */
export type Unknown = 'erased' | 'not_kept' | 'definition_unknown' | 'redacted';

/** What an action says beside its arguments. */
export interface RecordedAction {
  readonly resource: string;
  readonly risk: Risk | '';
  readonly metadata: JsonObject;
}

/** A call as it was judged once: what policy saw of it, as far as that is still there, and what it found. */
export interface RecordedCall {
  /** `apr_…` or `req_…`; a call that was denied has none. */
  readonly id: string | undefined;
  /** Of its entry on the ledger. */
  readonly seq: number;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly target: PolicyTarget;
  readonly session: PolicyInput['session'];
  readonly args: JsonObject | 'erased' | 'not_kept';
  /** Of actions alone. */
  readonly action: RecordedAction | 'erased' | 'not_kept' | undefined;
  /** What the server declared of the tool; undefined when that definition is no longer known. */
  readonly annotations: JsonObject | undefined;
  /** Whether it counted towards limits when it was judged. */
  readonly counts: boolean;
  readonly found: {
    readonly effect: Effect;
    /** The rule that decided; null for the default, undefined when it was not recorded. */
    readonly rule: string | null | undefined;
    /** Hash of the policy. */
    readonly policy: string;
  };
  /** Rules in shadow mode that would have had another effect, and which. */
  readonly shadow: readonly { readonly rule: string; readonly effect: Effect }[];
  /** What policy redacted of it. */
  readonly redact: readonly string[];
}

/** What of a call the rules for a target read, beside what is always known. */
interface Needs {
  readonly args: boolean;
  /** Which arguments, as keys; the empty path where it may be any of them. */
  readonly paths: readonly (readonly string[])[];
  readonly action: boolean;
  readonly annotations: boolean;
}

export type Rejudged =
  | { readonly kind: 'verdict'; readonly verdict: Verdict }
  | { readonly kind: 'unknown'; readonly why: Unknown };

/** Judges recorded calls by one policy, in the order in which they were made. */
export interface Rejudge {
  /** What this policy finds; unknown where one of its rules reads what is no longer there. Never guesses. */
  verdictOn(call: RecordedCall): Rejudged;
}

function needsOf(policy: RuleSet, target: PolicyTarget): Needs {
  const rules = policy.rules.filter((rule) => targetMismatch(rule.match, target) === undefined);
  const conditions = rules.flatMap(({ condition }) => condition ?? []);
  const names = new Set(conditions.flatMap(({ ast }) => [...namesIn(ast)]));
  // How large the arguments are bounds what a loop may cost, whatever it reads.
  const loops = conditions.some(({ shape }) => shape.loops > 0);
  return {
    args: loops || names.has('args'),
    paths: loops ? [[]] : conditions.flatMap(({ ast }) => pathsFrom('args', ast)),
    action: loops || names.has('metadata') || names.has('resource') || names.has('risk'),
    annotations: rules.some((rule) => rule.trustAnnotations),
  };
}

function reads({ paths }: Needs, hidden: HiddenArguments): boolean {
  if (hidden === 'all') return paths.length > 0;
  return paths.some((a) => hidden.some((b) => keysOverlap({ a, b })));
}

function missing(
  call: RecordedCall,
  { needs, hidden = [] }: { needs: Needs; hidden?: HiddenArguments | undefined },
): Unknown | undefined {
  if (needs.args && typeof call.args === 'string') return call.args;
  if (needs.action && typeof call.action === 'string') return call.action;
  if (reads(needs, hidden)) return 'redacted';
  return needs.annotations && call.annotations === undefined ? 'definition_unknown' : undefined;
}

/** What policy saw, as far as it is known. Empty stands for what is not; `rejudge` lets no rule read that. */
export function recordedInput(call: RecordedCall): PolicyInput {
  const { target, session } = call;
  const action = typeof call.action === 'object' ? call.action : undefined;
  return {
    ...target,
    args: typeof call.args === 'string' ? {} : call.args,
    annotations: call.annotations ?? {},
    session,
    actor: session.subject,
    resource: action?.resource ?? '',
    risk: action?.risk ?? '',
    budget: {},
    now: call.at,
    history: null,
    metadata: action?.metadata ?? {},
  };
}

/** True when a policy reads how old a session is or how many calls it made, which a replay then has to find out. */
export function readsSessions(policy: RuleSet): boolean {
  return policy.rules.some(
    ({ condition }) => condition !== undefined && namesIn(condition.ast).has('session'),
  );
}

/** The longest window of a policy's limits, in milliseconds; 0 without limits. */
export function longestWindowMs(policy: RuleSet): number {
  return Math.max(0, ...policy.rules.flatMap((rule) => rule.limits.map(({ windowMs }) => windowMs)));
}

export interface RejudgeOptions {
  readonly counters: Counters;
  /** What is kept from whoever asks; a call is not judged where a rule reads it. Nothing is unless told. */
  readonly hidden?: ((call: RecordedCall) => HiddenArguments) | undefined;
}

/** Makes a judge of recorded calls with counters of its own. */
export function createRejudge(policy: RuleSet & Evaluator, { counters, hidden }: RejudgeOptions): Rejudge {
  const cache = new Map<string, Needs>();

  function needs({ target }: RecordedCall): Needs {
    const key = `${target.kind}\u0000${target.server}\u0000${target.tool}`;
    const known = cache.get(key);
    if (known !== undefined) return known;
    const found = needsOf(policy, target);
    if (cache.size >= POLICY_LIMITS.cachedTargets) cache.clear();
    cache.set(key, found);
    return found;
  }

  return {
    verdictOn(call) {
      const why = missing(call, { needs: needs(call), hidden: hidden?.(call) });
      if (why !== undefined) return { kind: 'unknown', why };
      const input = recordedInput(call);
      if (!call.counts) return { kind: 'verdict', verdict: policy.evaluate(input) };
      const verdict = policy.evaluate(input, counters);
      policy.record(input, { verdict, counters });
      return { kind: 'verdict', verdict };
    },
  };
}

/** Why a policy cannot judge a recorded call; undefined when it can. */
export function unknownOf(policy: RuleSet, call: RecordedCall): Unknown | undefined {
  return missing(call, { needs: needsOf(policy, call.target) });
}
