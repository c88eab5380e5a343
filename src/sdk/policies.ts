import type { CallOptions, Http } from './http.ts';
import {
  type RecordedCall,
  type RecordedCallWire,
  type RecordedRange,
  type ReplayInput,
  type ReplayOptions,
  type ReplayReport,
  recordedFromWire,
  replay,
  type ShadowReport,
  shadow,
} from './recorded-calls.ts';

/** Something wrong in a policy file, with its place. */
export interface PolicyProblem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export interface PolicyCheck {
  readonly ok: boolean;
  /** Hash of the whole set. */
  readonly version: string;
  readonly problems: readonly PolicyProblem[];
}

export interface ExplainInput {
  /** `tool` unless told. An action has the server ''. */
  readonly kind?: 'tool' | 'resource' | 'prompt' | 'action' | undefined;
  readonly server: string;
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
  /** Of an action, as are the risk that its requester declares, and `metadata`. */
  readonly resource?: string | undefined;
  readonly risk?: 'low' | 'medium' | 'high' | 'critical' | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  /** The subject of the session unless told. */
  readonly actor?: string | undefined;
  readonly session?: {
    readonly subject?: string | undefined;
    readonly labels?: Readonly<Record<string, string>> | undefined;
  };
}

/** One sub-expression of a condition, with its value or the error that it gave. */
export interface TraceStep {
  readonly expression: string;
  /** Nesting, the whole condition being 0. */
  readonly depth: number;
  readonly line: number;
  readonly column: number;
  readonly value?: string;
  readonly error?: string;
}

/** How one rule looked at a call. */
export interface RuleTrace {
  readonly rule: string;
  readonly file: string;
  readonly line: number;
  readonly outcome: 'matched' | 'not_matched' | 'error';
  readonly why?: string;
  readonly effect: 'allow' | 'hold' | 'deny';
  readonly shadow: boolean;
  readonly steps: readonly TraceStep[];
  /** Limits that are used up. */
  readonly exceeded: readonly string[];
}

/** What policy found about a call. Times in milliseconds. */
export interface ExplainedVerdict {
  readonly effect: 'allow' | 'hold' | 'deny';
  readonly risk?: string;
  readonly reason?: string;
  /** What approving takes, where it is held. */
  readonly approval?: {
    readonly groups: readonly string[];
    readonly quorum: number;
    readonly approver: 'person' | 'automation';
    readonly excludeRequester: boolean;
    readonly expiresMs: number;
    readonly escalations: readonly { readonly afterMs: number; readonly groups: readonly string[] }[];
    readonly authenticator: {
      readonly backupEligible?: false;
      readonly attestation?: readonly string[];
      readonly aaguids?: readonly string[];
    };
    readonly capability: { readonly ttlMs: number; readonly dpop: boolean };
  };
  /** How long arguments and results are kept; for ever when absent. */
  readonly retainMs?: number;
}

/** What the policy in force would find, and how it came to it. `verdict` is as the gateway sends it. */
export interface PolicyExplanation {
  readonly verdict: ExplainedVerdict & Readonly<Record<string, unknown>>;
  readonly rules: readonly RuleTrace[];
}

export interface ExplainCallInput {
  /** `req_…` or `apr_…`. */
  readonly call: string;
  /** The policy that judged it (`recorded`) unless told. */
  readonly by?: 'recorded' | 'in_force' | undefined;
  /** Explains it by these files instead. */
  readonly files?: Readonly<Record<string, string>> | undefined;
}

export interface CallExplanation extends PolicyExplanation {
  readonly call: RecordedCall;
  /** Of the policy that explains it. */
  readonly policyVersion: string;
}

export interface PolicySet {
  readonly version: string;
  readonly files: readonly { readonly name: string }[];
  readonly rules: readonly {
    readonly rule: string;
    readonly file: string;
    readonly line: number;
    readonly effect: 'allow' | 'hold' | 'deny';
    readonly risk: string;
    readonly shadow: boolean;
  }[];
}

/** The texts of the policy in force. */
export interface PolicyFiles {
  readonly version: string;
  /** By name. */
  readonly files: Readonly<Record<string, string>>;
}

export interface PoliciesResource {
  /** The policy in force. */
  get(options?: CallOptions): Promise<PolicySet>;
  /** The files in force with their texts. For operators' keys and people. */
  files(options?: CallOptions): Promise<PolicyFiles>;
  /** Checks files without putting them in force; a faulty file is an answer, not an error. */
  check(
    input: { readonly files: Readonly<Record<string, string>> },
    options?: CallOptions,
  ): Promise<PolicyCheck>;
  /** What the policy in force would find for a call that nobody makes. */
  explain(input: ExplainInput, options?: CallOptions): Promise<PolicyExplanation>;
  /**
   * How a policy comes to its verdict on a recorded call. What policy redacts is not shown. Takes an operator's key; throws
   * `expired` where a rule reads what was erased.
   */
  explainCall(input: ExplainCallInput, options?: CallOptions): Promise<CallExplanation>;
  /** What rules with `mode: shadow` would have decided otherwise. */
  shadow(range?: RecordedRange, options?: CallOptions): Promise<ShadowReport>;
  /**
   * Judges recorded calls by other files and tells what would change; nothing is called, and that it was asked stands on
   * the ledger. For operators' keys and people; for people what policy redacts counts as not known, and only the newest
   * 50,000 calls are looked at. The timeout does not bound it; `signal` does.
   */
  replay(input: ReplayInput, options?: ReplayOptions): Promise<ReplayReport>;
  /** The JSON Schema of a policy file (draft 2020-12), for editors. */
  schema(options?: CallOptions): Promise<Readonly<Record<string, unknown>>>;
}

interface CallExplanationWire extends PolicyExplanation {
  readonly call: RecordedCallWire;
  readonly policy_version: string;
}

const CALL = { method: 'POST', path: '/v1/policies/explain-call' } as const;
const SCHEMA = { method: 'GET', path: '/v1/policies/schema', authorization: null } as const;

export function createPolicies(http: Http): PoliciesResource {
  return {
    get: async (options) =>
      (await http.json<PolicySet>({ method: 'GET', path: '/v1/policies', options })).body,
    files: async (options) =>
      (await http.json<PolicyFiles>({ method: 'GET', path: '/v1/policies/files', options })).body,
    check: async ({ files }, options) =>
      (await http.json<PolicyCheck>({ method: 'POST', path: '/v1/policies/check', body: { files }, options }))
        .body,
    explain: async (input, options) =>
      (
        await http.json<PolicyExplanation>({
          method: 'POST',
          path: '/v1/policies/explain',
          body: input,
          options,
        })
      ).body,
    async explainCall({ call: id, by, files }, options) {
      const { body } = await http.json<CallExplanationWire>({
        ...CALL,
        body: { call: id, by, files },
        options,
      });
      const { call, policy_version: policyVersion, verdict, rules } = body;
      return { call: recordedFromWire(call), policyVersion, verdict, rules };
    },
    shadow: (range, options) => shadow(http, range, options),
    replay: (input, options) => replay(http, input, options),
    schema: async (options) =>
      (await http.json<Readonly<Record<string, unknown>>>({ ...SCHEMA, options })).body,
  };
}
