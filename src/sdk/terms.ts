export type Decision = 'approve' | 'deny';

export interface Vote {
  readonly approver: string;
  readonly name: string;
  readonly decision: Decision;
  readonly at: string;
}

/** Groups that may decide too once a request has waited that long. */
export interface Escalation {
  readonly afterMs: number;
  readonly groups: readonly string[];
  readonly due: boolean;
}

/** What approving takes, and how far it has come. */
export interface ApprovalTerms {
  /** How many different people must approve, and the decisions so far. */
  readonly quorum: { readonly needed: number; readonly approvals: readonly Vote[] };
  /** Who may decide from the start; empty: anyone who is enrolled. */
  readonly groups: readonly string[];
  readonly escalations: readonly Escalation[];
  /** Who may decide: people with passkeys, or a service account with its registered key. */
  readonly approver: 'person' | 'automation';
  /** Nobody decides what their own agent asks for, or what asks with a key or account that they made. */
  readonly excludeRequester: boolean;
  /** What the passkey of an approver must be; an absent member asks for nothing. */
  readonly authenticator: {
    /** `false`: bound to one device. */
    readonly backupEligible?: false;
    readonly attestation?: readonly string[];
    readonly aaguids?: readonly string[];
  };
  /** Those who approved by the way that is left when nobody else can decide; counted apart from the quorum. */
  readonly breakGlass: {
    readonly needed: number;
    readonly approvals: readonly Vote[];
    readonly reasons: readonly string[];
  };
}

export interface TermsWire {
  readonly quorum: ApprovalTerms['quorum'];
  readonly groups: readonly string[];
  readonly escalations?: readonly {
    readonly after_ms: number;
    readonly groups: readonly string[];
    readonly due: boolean;
  }[];
  readonly approver: ApprovalTerms['approver'];
  readonly exclude_requester?: boolean;
  readonly authenticator?: {
    readonly backup_eligible?: false;
    readonly attestation?: readonly string[];
    readonly aaguids?: readonly string[];
  };
  readonly break_glass?: ApprovalTerms['breakGlass'];
}

export function termsFrom(wire: TermsWire): ApprovalTerms {
  const { backup_eligible: backupEligible, ...authenticator } = wire.authenticator ?? {};
  return {
    quorum: wire.quorum,
    groups: wire.groups,
    escalations: (wire.escalations ?? []).map(({ after_ms: afterMs, ...one }) => ({ afterMs, ...one })),
    approver: wire.approver,
    excludeRequester: wire.exclude_requester ?? true,
    authenticator: { ...authenticator, ...(backupEligible === undefined ? {} : { backupEligible }) },
    breakGlass: wire.break_glass ?? { needed: 2, approvals: [], reasons: [] },
  };
}
