import type { JsonObject, JsonValue } from '../core/json.ts';

export type Effect = 'allow' | 'hold' | 'deny';
export type Risk = 'low' | 'medium' | 'high' | 'critical';

/** What approving takes, merged over all rules that hold: strictest quorum, union of groups, shortest expiry. */
export interface ApprovalTerms {
  readonly groups: readonly string[];
  readonly quorum: number;
  readonly passkey: boolean;
  readonly approver: 'person' | 'automation';
  readonly excludeRequester: boolean;
  readonly expiresMs: number;
  /** Each widens the groups once the request has waited that long. */
  readonly escalations: readonly Escalation[];
  readonly authenticator: AuthenticatorTerms;
  /** What approving releases. `dpop`: it can be exchanged only with proof of a key (RFC 9449). */
  readonly capability: { readonly uses: 1; readonly ttlMs: number; readonly dpop: boolean };
}

export interface Escalation {
  readonly afterMs: number;
  readonly groups: readonly string[];
}

/** What the passkey of an approver must be; an absent member asks for nothing. */
export interface AuthenticatorTerms {
  /** `false`: bound to one device (WebAuthn Level 3 §6.1.3, flag BE clear). */
  readonly backupEligible?: false;
  /** Attestation statement formats (WebAuthn Level 3 §8) of which its enrolment must have shown one. */
  readonly attestation?: readonly string[];
  /** Models of authenticators, as AAGUIDs. */
  readonly aaguids?: readonly string[];
}

/** Where in the policy files a rule stands. */
export interface RulePlace {
  readonly rule: string;
  readonly file: string;
  readonly line: number;
}

/** What policy found about one call. Pure data; `effect` already combines all rules (deny > hold > allow). */
export interface Verdict {
  readonly effect: Effect;
  readonly risk: Risk;
  /** The rule that decided, or undefined when the default did. */
  readonly decidedBy?: RulePlace;
  readonly matched: readonly RulePlace[];
  /** One sentence for people and agents: why, in the operator's terms, without argument values. */
  readonly reason: string;
  /** Present when `effect` is `hold`, and for an action that is allowed: its quorum is 0. */
  readonly approval?: ApprovalTerms;
  /** The operator's rule says that this tool only reads, so that its agent need not wait for the record of its outcome. */
  readonly readOnly: boolean;
  /** And that the call may leave while its intent is being written. */
  readonly parallelIntent: boolean;
  /** The operator's rule says that a second dispatch with the same idempotency key is harmless. */
  readonly idempotent: boolean;
  /** How long arguments and results are kept; the shortest of all matching rules, for ever when absent. Milliseconds. */
  readonly retainMs?: number;
  /** JSON Pointers (RFC 6901) into the arguments, and `result:` + pointer, to hide in views and logs. */
  readonly redact: readonly string[];
  /** Rules in `mode: shadow` that would have had another effect. */
  readonly shadow: readonly (RulePlace & { readonly effect: Effect })[];
  /** How many rules have a condition that could not be evaluated for this call; absent when every one could. */
  readonly failed?: number;
  /** Hash of the whole policy set, as in `policy.loaded`. */
  readonly policyVersion: string;
}

/** One call as policy sees it. Identity here comes from the session, never from the agent's own words. */
export interface PolicyInput {
  readonly kind: 'tool' | 'resource' | 'prompt' | 'action';
  readonly server: string;
  /** Tool name, resource URI, prompt name or action. */
  readonly tool: string;
  readonly args: JsonObject;
  readonly annotations: JsonObject;
  readonly session: {
    readonly id: string;
    readonly subject: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly ageMs: number;
    readonly calls: number;
  };
  readonly actor: string;
  readonly resource: string;
  readonly risk: Risk | '';
  readonly budget: Readonly<Record<string, number>>;
  readonly now: number;
  readonly history: JsonValue;
  /** What the requester of an action says about it; empty for tools. */
  readonly metadata: JsonObject;
}
