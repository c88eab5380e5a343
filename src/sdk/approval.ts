import { type ApprovalTerms, type TermsWire, termsFrom } from './terms.ts';

/**
 * pending → approved | denied | expired | cancelled; approved → executing | expired | void;
 * executing → succeeded | failed | unknown. `void`: a re-check failed and nothing was sent. `unknown`: sent, but what
 * came of it cannot be known; it is never sent again on its own.
 */
export type ApprovalState =
  | 'pending'
  | 'approved'
  | 'denied'
  | 'expired'
  | 'cancelled'
  | 'void'
  | 'executing'
  | 'succeeded'
  | 'failed'
  | 'unknown';

/** Something that a system asks to do, which is no tool call. */
export interface Action {
  readonly name: string;
  readonly resource: string;
  /** Who acts, such as `service-account:release-bot`. */
  readonly actor: string;
  /** The risk that the requester declared. */
  readonly risk: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** The single-use right that approving released. */
export interface ReleasedCapability {
  readonly id: string;
  readonly state: 'issued' | 'exchanged' | 'revoked' | 'expired';
  readonly expiresAt: string;
}

/** A frozen call or action and where it stands. Times are RFC 3339. */
export interface Approval extends ApprovalTerms {
  readonly id: string;
  readonly kind: 'tool' | 'action';
  readonly state: ApprovalState;
  readonly stateReason: string | null;
  /** Who asked: `session:ses_…`, `api_key:key_…` or `service_account:svc_…`. */
  readonly requester: string;
  /** The end user of the session; the actor of an action. */
  readonly subject: string;
  /** The session that made the call; null for an action. */
  readonly session: {
    readonly id: string;
    readonly subject: string;
    readonly labels: Readonly<Record<string, string>>;
  } | null;
  /** Null for a tool call. */
  readonly action: Action | null;
  /** Null for an action. */
  readonly server: string | null;
  /** The name of an action. */
  readonly tool: string;
  /** The name that the agent called. */
  readonly exposed: string;
  readonly risk: string;
  /** The rule that held the call, or null when the default did. */
  readonly rule: { readonly id: string; readonly file: string; readonly line: number } | null;
  /** Why it was held. */
  readonly reason: string;
  readonly requestedAt: string;
  readonly expiresAt: string;
  readonly decidedAt: string | null;
  readonly decisionReason: string | null;
  readonly capability: ReleasedCapability | null;
  /** `sha256:` and hex, over the exact bytes that are replayed; null where values of the call are hidden. */
  readonly callDigest: string | null;
  /** When call, view and result were erased; `call` and `view` are empty from then on. */
  readonly redactedAt: string | null;
  /** RFC 6901 pointers to the arguments that policy hides; `approvals.reveal` shows them to whoever may decide. */
  readonly hidden: readonly string[];
  /** What it does, in one line. */
  readonly effect: string;
  /** The page where a person decides. */
  readonly url: string;
}

/** What came of it: `text` is the MCP result or error as JSON, or the requester's or an operator's note. */
export interface CallOutcome {
  readonly kind: 'result' | 'error' | 'note';
  readonly text: string;
}

/** The exact call that is signed for, without anything hidden. */
export interface RevealedCall {
  /** RFC 8785 text of the frozen call or action. */
  readonly text: string;
  /** Opens `callCommit`, in hex. */
  readonly salt: string;
  /** `sha256:` and hex, over `text`. */
  readonly digest: string;
}

/** An approval with the frozen bytes, their commitments, and the outcome once there is one. */
export interface ApprovalDetail extends Approval {
  /** RFC 8785 text of the frozen call or action, with `[redacted]` in the place of what is `hidden`. */
  readonly call: string;
  /** Opens `callCommit`; null where values of the call are hidden. */
  readonly callSalt: string | null;
  readonly callCommit: string;
  /** The text that the approver sees. */
  readonly view: string;
  readonly viewSalt: string;
  readonly viewCommit: string;
  readonly toolHash: string;
  readonly toolDefinition: Readonly<Record<string, unknown>> | null;
  readonly policyVersion: string;
  readonly instance: string;
  readonly log: string;
  /** RFC 6901 pointers to the values that policy redacts. */
  readonly redact: readonly string[];
  /** Those of them, with `result:`, that hide something of `result`. */
  readonly hiddenInResult: readonly string[];
  /**
   * Why this request is the own one of the person who reads it, in a sentence: where `excludeRequester` is true they do
   * not decide it, and they never break the glass for it. Null for everybody else.
   */
  readonly ownRequest: string | null;
  readonly result: CallOutcome | null;
}

export interface ApprovalWire extends TermsWire {
  readonly id: string;
  readonly kind: Approval['kind'];
  readonly state: ApprovalState;
  readonly state_reason?: string | null;
  readonly requester: string;
  readonly subject: string;
  readonly session: Approval['session'];
  readonly action?: Action | null;
  readonly server: string | null;
  readonly tool: string;
  readonly exposed: string;
  readonly risk: string;
  readonly rule: Approval['rule'];
  readonly reason: string;
  readonly requested_at: string;
  readonly expires_at: string;
  readonly decided_at?: string | null;
  readonly decision_reason?: string | null;
  readonly capability?: (Omit<ReleasedCapability, 'expiresAt'> & { readonly expires_at: string }) | null;
  readonly call_digest?: string | null;
  readonly redacted_at?: string | null;
  readonly hidden?: readonly string[];
  readonly effect: string;
  readonly url: string;
}

export interface ApprovalDetailWire extends ApprovalWire {
  readonly call: string;
  readonly call_salt?: string | null;
  readonly call_commit: string;
  readonly view: string;
  readonly view_salt: string;
  readonly view_commit: string;
  readonly tool_hash: string;
  readonly tool_definition?: ApprovalDetail['toolDefinition'];
  readonly policy_version: string;
  readonly instance: string;
  readonly log: string;
  readonly redact?: readonly string[];
  readonly hidden_in_result?: readonly string[];
  readonly own_request?: string | null;
  readonly result?: CallOutcome | null;
}

function capabilityFrom({ capability }: ApprovalWire): ReleasedCapability | null {
  if (capability == null) return null;
  return { id: capability.id, state: capability.state, expiresAt: capability.expires_at };
}

export function approvalFrom(wire: ApprovalWire): Approval {
  return {
    id: wire.id,
    kind: wire.kind,
    state: wire.state,
    stateReason: wire.state_reason ?? null,
    requester: wire.requester,
    subject: wire.subject,
    session: wire.session,
    action: wire.action ?? null,
    server: wire.server,
    tool: wire.tool,
    exposed: wire.exposed,
    risk: wire.risk,
    rule: wire.rule,
    reason: wire.reason,
    requestedAt: wire.requested_at,
    expiresAt: wire.expires_at,
    decidedAt: wire.decided_at ?? null,
    decisionReason: wire.decision_reason ?? null,
    ...termsFrom(wire),
    capability: capabilityFrom(wire),
    callDigest: wire.call_digest ?? null,
    redactedAt: wire.redacted_at ?? null,
    hidden: wire.hidden ?? [],
    effect: wire.effect,
    url: wire.url,
  };
}

export function approvalDetailFrom(wire: ApprovalDetailWire): ApprovalDetail {
  return {
    ...approvalFrom(wire),
    call: wire.call,
    callSalt: wire.call_salt ?? null,
    callCommit: wire.call_commit,
    view: wire.view,
    viewSalt: wire.view_salt,
    viewCommit: wire.view_commit,
    toolHash: wire.tool_hash,
    toolDefinition: wire.tool_definition ?? null,
    policyVersion: wire.policy_version,
    instance: wire.instance,
    log: wire.log,
    redact: wire.redact ?? [],
    hiddenInResult: wire.hidden_in_result ?? [],
    ownRequest: wire.own_request ?? null,
    result: wire.result ?? null,
  };
}

/** True while there is something to wait for: a decision, the replay of a call, or the outcome of an action under way. */
export function isUnsettled(approval: Pick<Approval, 'state' | 'kind'>): boolean {
  if (approval.state === 'approved') return approval.kind === 'tool';
  return approval.state === 'pending' || approval.state === 'executing';
}
