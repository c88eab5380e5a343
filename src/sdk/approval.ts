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

export type Decision = 'approve' | 'deny';

export interface Vote {
  readonly approver: string;
  readonly name: string;
  readonly decision: Decision;
  readonly at: string;
}

/** A frozen call and where it stands. Times are RFC 3339. */
export interface Approval {
  readonly id: string;
  readonly state: ApprovalState;
  readonly stateReason: string | null;
  readonly session: {
    readonly id: string;
    readonly subject: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly server: string;
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
  readonly quorum: { readonly needed: number; readonly approvals: readonly Vote[] };
  readonly groups: readonly string[];
  /** Who may decide: people with passkeys, or a service account with its registered key. */
  readonly approver: 'person' | 'automation';
  /** `sha256:` and hex, over the exact bytes that are replayed; null where values of the call are hidden from the caller. */
  readonly callDigest: string | null;
  /** What it does, in one line. */
  readonly effect: string;
  /** The page where a person decides. */
  readonly url: string;
}

/** What came of the replayed call: `text` is the MCP result or error as JSON, or an operator's note. */
export interface CallOutcome {
  readonly kind: 'result' | 'error' | 'note';
  readonly text: string;
}

/** An approval with the frozen bytes, their commitments, and the outcome once there is one. */
export interface ApprovalDetail extends Approval {
  /** RFC 8785 text of `{arguments, server, tool}`; values that policy redacts are hidden from API keys. */
  readonly call: string;
  /** Opens `callCommit`; null where the call has values that are hidden from the caller. */
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
  readonly result: CallOutcome | null;
}

export interface ApprovalWire {
  readonly id: string;
  readonly state: ApprovalState;
  readonly state_reason?: string | null;
  readonly session: Approval['session'];
  readonly server: string;
  readonly tool: string;
  readonly exposed: string;
  readonly risk: string;
  readonly rule: Approval['rule'];
  readonly reason: string;
  readonly requested_at: string;
  readonly expires_at: string;
  readonly decided_at?: string | null;
  readonly decision_reason?: string | null;
  readonly quorum: Approval['quorum'];
  readonly groups: readonly string[];
  readonly approver: Approval['approver'];
  readonly call_digest?: string | null;
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
  readonly result?: CallOutcome | null;
}

export function approvalFrom(wire: ApprovalWire): Approval {
  return {
    id: wire.id,
    state: wire.state,
    stateReason: wire.state_reason ?? null,
    session: wire.session,
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
    quorum: wire.quorum,
    groups: wire.groups,
    approver: wire.approver,
    callDigest: wire.call_digest ?? null,
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
    result: wire.result ?? null,
  };
}

/** True while the call may still change state: it is waiting, approved, or being replayed. */
export function isUnsettled(approval: { readonly state: ApprovalState }): boolean {
  return approval.state === 'pending' || approval.state === 'approved' || approval.state === 'executing';
}
