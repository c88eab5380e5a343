import type { JsonObject } from '../core/json.ts';
import type { Verdict } from '../policy/verdict.ts';

/** What the entry of a judged call says of its verdict: the policy, the rule, and what shadow rules would have done. */
export function verdictBody(verdict: Verdict): JsonObject {
  const { decidedBy, policyVersion, shadow } = verdict;
  return {
    policy: policyVersion,
    rule: decidedBy?.rule ?? null,
    ...(shadow.length === 0 ? {} : { shadow: shadow.map(({ rule, effect }) => ({ rule, effect })) }),
  };
}
