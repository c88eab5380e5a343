import type { RuleTrace } from './policies.ts';

/** How the policy in force looks at an approval. Values that policy redacts are hidden from API keys. */
export interface ApprovalTrace {
  readonly policyVersion: string;
  /** Whether that is the policy which held the call. */
  readonly samePolicy: boolean;
  readonly effect: 'allow' | 'hold' | 'deny';
  /** The rules that are about it, in the order of the files. */
  readonly rules: readonly Omit<RuleTrace, 'exceeded'>[];
}

export interface ApprovalTraceWire {
  readonly policy_version: string;
  readonly same_policy: boolean;
  readonly effect: ApprovalTrace['effect'];
  readonly rules: ApprovalTrace['rules'];
}

export function traceFrom(wire: ApprovalTraceWire): ApprovalTrace {
  const { effect, rules } = wire;
  return { policyVersion: wire.policy_version, samePolicy: wire.same_policy, effect, rules };
}
