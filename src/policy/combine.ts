import { mergeApprovals, unmeetable, withoutDecision } from './approval-terms.ts';
import type { Condition } from './conditions.ts';
import type { Position } from './document.ts';
import type { Limit } from './limits.ts';
import type { Match, PolicyTarget } from './match.ts';
import { effectRank, riskRank } from './rule.ts';
import type { ApprovalTerms, Effect, Risk, RulePlace, Verdict } from './verdict.ts';

/** A rule as it is evaluated: every default filled in. */
export interface CompiledRule {
  readonly place: RulePlace;
  readonly match: Match;
  readonly condition: Condition | undefined;
  /** Where a character of the condition stands in the file. */
  readonly conditionAt: (offset: number) => Position;
  readonly effect: Effect;
  readonly onError: 'hold' | 'deny';
  readonly risk: Risk;
  readonly shadow: boolean;
  readonly reason: string | undefined;
  readonly approval: ApprovalTerms;
  readonly limits: readonly Limit[];
  readonly redact: readonly string[];
  readonly retainMs: number | undefined;
  readonly readOnly: boolean | undefined;
  readonly parallelIntent: boolean | undefined;
  readonly idempotent: boolean | undefined;
  readonly trustAnnotations: boolean;
}

export interface PolicyDefaults {
  readonly effect: 'hold' | 'deny';
  readonly approval: ApprovalTerms;
  readonly retainMs: number | undefined;
}

/** What one rule that applies has to say: its own effect, that of a condition that failed, or of a limit used up. */
export interface Finding {
  readonly rule: CompiledRule;
  readonly effect: Effect;
  readonly cause:
    | { readonly kind: 'rule' }
    | { readonly kind: 'error' }
    | { readonly kind: 'limit'; readonly limit: Limit };
}

export interface Combination {
  readonly target: PolicyTarget;
  readonly findings: readonly Finding[];
  readonly defaults: PolicyDefaults;
  /** The risk that the requester declared; it may raise the verdict's and never lowers it. */
  readonly declaredRisk: Risk | '';
  readonly policyVersion: string;
}

function strictest(pair: { a: Effect; b: Effect }): Effect {
  return effectRank(pair.a) >= effectRank(pair.b) ? pair.a : pair.b;
}

function highest(risks: readonly Risk[]): Risk {
  return risks.reduce<Risk>((top, risk) => (riskRank(risk) > riskRank(top) ? risk : top), 'low');
}

const VERBS: Readonly<Record<Effect, string>> = {
  allow: 'allows',
  hold: 'asks for a decision on',
  deny: 'denies',
};

function nameOf(target: PolicyTarget): string {
  return target.kind === 'action' || target.server === '' ? target.tool : `${target.server}/${target.tool}`;
}

function reasonOf(target: PolicyTarget, finding: Finding): string {
  const { rule, effect, cause } = finding;
  const { place } = rule;
  const named = `${place.rule} (${place.file}:${place.line})`;
  if (cause.kind === 'error') {
    return `The condition of rule ${named} could not be evaluated for this call, so it ${VERBS[effect]} ${nameOf(target)}.`;
  }
  if (cause.kind === 'limit') {
    const { limit } = cause;
    return `The limit ${limit.name} of rule ${named}, ${limit.max} calls per ${limit.window} and ${limit.per}, is used up; it ${VERBS[effect]} ${nameOf(target)}.`;
  }
  return rule.reason ?? `Rule ${named} ${VERBS[effect]} ${nameOf(target)}.`;
}

/** Among findings of the winning effect the riskiest decides, then the first id, whatever the order of the rules. */
function deciding(findings: readonly Finding[]): Finding | undefined {
  const rank = (finding: Finding) =>
    riskRank(finding.rule.risk) * 2 + (finding.cause.kind === 'rule' ? 1 : 0);
  return findings.reduce<Finding | undefined>((best, next) => {
    if (best === undefined) return next;
    const lead = rank(next) - rank(best);
    return lead > 0 || (lead === 0 && next.rule.place.rule < best.rule.place.rule) ? next : best;
  }, undefined);
}

function uniquePlaces(findings: readonly Finding[]): RulePlace[] {
  return [...new Set(findings.map((finding) => finding.rule.place))];
}

function flagOf(enforced: readonly Finding[], name: 'readOnly' | 'parallelIntent' | 'idempotent'): boolean {
  const said = enforced
    .filter((finding) => finding.cause.kind === 'rule')
    .map((finding) => finding.rule[name]);
  return said.includes(true) && !said.includes(false);
}

interface Decided {
  readonly target: PolicyTarget;
  readonly decided: readonly Finding[];
  readonly defaults: PolicyDefaults;
}

/** The terms of what holds, or of an action that is allowed: what releases its capability. */
function termsOf(effect: Effect, { target, decided, defaults }: Decided): ApprovalTerms | undefined {
  if (effect === 'deny' || (effect === 'allow' && target.kind !== 'action')) return undefined;
  const terms = mergeApprovals(
    decided.length === 0 ? [defaults.approval] : decided.map((finding) => finding.rule.approval),
  );
  return effect === 'allow' ? withoutDecision(terms) : terms;
}

/** Says that no passkey meets the rules that hold together; undefined when one can. */
function impossible(
  terms: ApprovalTerms | undefined,
  { target, decided }: Pick<Decided, 'target' | 'decided'>,
): string | undefined {
  const member = terms === undefined ? undefined : unmeetable(terms);
  if (member === undefined) return undefined;
  const asking = uniquePlaces(
    decided.filter((finding) => finding.rule.approval.authenticator[member] !== undefined),
  );
  const named = asking.map((place) => `${place.rule} (${place.file}:${place.line})`).sort();
  return `The rules ${named.join(' and ')} hold ${nameOf(target)} and share no value of approval.authenticator.${member}, so no passkey could approve it; it is denied.`;
}

function shortest(times: readonly (number | undefined)[]): number | undefined {
  const set = times.filter((time) => time !== undefined);
  return set.length === 0 ? undefined : Math.min(...set);
}

/**
 * Combines what all applying rules found: deny > hold > allow, and the default when no rule in force applies. What
 * rules hold on terms that nobody can meet is denied. Does not depend on the order of the findings, but for the order
 * of `matched`, `redact` and `shadow`.
 */
export function combine(combination: Combination): Verdict {
  const { target, findings, defaults, declaredRisk, policyVersion } = combination;
  const enforced = findings.filter((finding) => !finding.rule.shadow);
  const shadowed = findings.filter((finding) => finding.rule.shadow);
  const strict =
    enforced.reduce<Effect | undefined>(
      (worst, { effect: next }) => (worst === undefined ? next : strictest({ a: worst, b: next })),
      undefined,
    ) ?? defaults.effect;
  const decided = enforced.filter((finding) => finding.effect === strict);
  const winner = deciding(decided);
  const merged = termsOf(strict, { target, decided, defaults });
  const dead = impossible(merged, { target, decided });
  const effect = dead === undefined ? strict : 'deny';
  const risks = enforced.map(({ rule, cause, effect: found }) =>
    cause.kind !== 'rule' && found !== 'allow' ? highest([rule.risk, 'medium']) : rule.risk,
  );
  if (winner === undefined) risks.push('medium');
  if (declaredRisk !== '') risks.push(declaredRisk);

  const failed = findings.filter(({ cause }) => cause.kind === 'error').length;
  const shadow = new Map<RulePlace, Effect>();
  for (const finding of shadowed) {
    const would = enforced.length === 0 ? finding.effect : strictest({ a: effect, b: finding.effect });
    const before = shadow.get(finding.rule.place);
    if (would !== effect)
      shadow.set(finding.rule.place, before === undefined ? would : strictest({ a: before, b: would }));
  }
  const subject =
    target.kind === 'tool' || target.kind === 'action'
      ? nameOf(target)
      : `${target.kind} of ${target.server}`;
  const found =
    winner === undefined
      ? `No rule matches ${subject}, so the policy's default ${VERBS[effect]} it.`
      : reasonOf(target, winner);
  const retainMs =
    enforced.length === 0 ? defaults.retainMs : shortest(enforced.map(({ rule }) => rule.retainMs));
  const readOnly = flagOf(enforced, 'readOnly');
  return {
    effect,
    risk: highest(risks),
    ...(winner === undefined ? {} : { decidedBy: winner.rule.place }),
    matched: uniquePlaces(enforced),
    reason: dead ?? found,
    ...(merged === undefined || dead !== undefined ? {} : { approval: merged }),
    readOnly,
    parallelIntent: readOnly && flagOf(enforced, 'parallelIntent'),
    idempotent: flagOf(enforced, 'idempotent'),
    ...(retainMs === undefined ? {} : { retainMs }),
    redact: [...new Set(enforced.flatMap((finding) => finding.rule.redact))],
    shadow: [...shadow].map(([place, would]) => ({ ...place, effect: would })),
    ...(failed === 0 ? {} : { failed }),
    policyVersion,
  };
}
