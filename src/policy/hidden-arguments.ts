import type { CompiledRule } from './combine.ts';
import { type PolicyTarget, targetMismatch } from './match.ts';
import { argumentPointers, tokensOf } from './redact.ts';

/** Arguments that are kept from whoever asks, each by its keys; `all` where it is not known any more which they are. */
export type HiddenArguments = readonly (readonly string[])[] | 'all';

/** What a rule hides, and of which calls. */
export type RedactingRule = Pick<CompiledRule, 'match' | 'redact'>;

/** The rules in force that redact arguments. */
export function redactingRules(rules: readonly CompiledRule[]): readonly RedactingRule[] {
  return rules
    .filter(({ redact, shadow }) => !shadow && argumentPointers(redact).length > 0)
    .map(({ match, redact }) => ({ match, redact }));
}

/**
 * The keys of what rules hide of calls of a target, whatever a call holds: a rule counts also where its condition does not
 * hold, so that what is hidden tells nothing of the arguments.
 */
export function hiddenBy(rules: readonly RedactingRule[], target: PolicyTarget): readonly string[][] {
  return rules
    .filter(({ match }) => targetMismatch(match, target) === undefined)
    .flatMap(({ redact }) => argumentPointers(redact).map(tokensOf));
}
