import type { ApprovalTerms, Risk, Verdict } from '../policy/verdict.ts';
import type { Committed, FrozenCall } from './frozen-call.ts';

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

/** What came back from the downstream, kept for whoever collects it. */
export interface StoredResult {
  /** `result` and `error`: the member of the downstream's JSON-RPC answer. `note`: our own words. */
  readonly kind: 'result' | 'error' | 'note';
  readonly text: string;
}

/** A paused call: the frozen bytes, why it was held, and where it stands. */
export interface Approval {
  readonly id: string;
  readonly workspace: string;
  /** Who asked: `session:ses_…`, `api_key:key_…` or `service_account:svc_…`. */
  readonly requester: string;
  /** The session that made the call; an action has none. */
  readonly sessionId: string | undefined;
  /** The end user of the session; the actor of an action. */
  readonly subject: string;
  readonly state: ApprovalState;
  /** Grows with every change; a decision is bound to the revision that it read. */
  readonly rev: number;
  readonly exposed: string;
  readonly risk: Risk;
  readonly dedupeKey: string;
  readonly call: FrozenCall;
  readonly action: Committed;
  readonly view: Committed;
  readonly toolHash: string;
  readonly policyVersion: string;
  readonly verdict: Verdict;
  /** Random id that every statement about this approval names, so that none serves another. */
  readonly instance: string;
  readonly requestedAt: number;
  readonly expiresAt: number;
  readonly decidedAt: number | undefined;
  readonly decidedBy: string | undefined;
  readonly decisionReason: string | undefined;
  readonly attempt: number;
  readonly leaseOwner: string | undefined;
  readonly leaseUntil: number | undefined;
  readonly result: StoredResult | undefined;
  readonly outcomeAt: number | undefined;
  /** Why it became void, expired, cancelled or unknown, in one sentence. */
  readonly stateReason: string | undefined;
  /** When its last due escalation was recorded. */
  readonly escalatedAt: number | undefined;
  /** When its call, view and result were erased; what is left of them says nothing. */
  readonly redactedAt: number | undefined;
}

const NEXT: Readonly<Record<ApprovalState, readonly ApprovalState[]>> = {
  pending: ['approved', 'denied', 'expired', 'cancelled'],
  approved: ['executing', 'expired', 'void'],
  executing: ['succeeded', 'failed', 'unknown'],
  unknown: ['succeeded', 'failed'],
  denied: [],
  expired: [],
  cancelled: [],
  void: [],
  succeeded: [],
  failed: [],
};

/**
 * Whether the state machine allows the step. `unknown` is left only by an operator's record of what happened,
 * never by a dispatch.
 */
export function mayBecome(from: ApprovalState, to: ApprovalState): boolean {
  return NEXT[from].includes(to);
}

/** Settled states have an answer for the agent; the others are still under way. */
export function isSettled(state: ApprovalState): boolean {
  return state !== 'pending' && state !== 'approved' && state !== 'executing';
}

/** The state as it is at `now`: what has run out is expired even before the sweep has recorded it. */
export function stateAt(approval: Approval, now: number): ApprovalState {
  const open = approval.state === 'pending' || approval.state === 'approved';
  return open && now >= approval.expiresAt ? 'expired' : approval.state;
}

/** What approving takes. An approval exists only for a verdict that holds, or for an action that is allowed: both have terms. */
export function termsOf(approval: Pick<Approval, 'id' | 'verdict'>): ApprovalTerms {
  const terms = approval.verdict.approval;
  if (terms === undefined) throw new Error(`approval ${approval.id} has no terms`);
  return terms;
}

/** One person's or automation's decision as stored. */
export interface Decision {
  /** `person:per_…` or `service_account:svc_…`. */
  readonly approver: string;
  readonly decision: 'approve' | 'deny';
  readonly reason: string | undefined;
  /** Made by one of those who may decide when nobody else can. */
  readonly breakGlass: boolean;
  readonly decidedAt: number;
}

/** The key under which a repeated call finds the approval that it already has. */
export function dedupeKey(digest: string, idempotencyKey: string | undefined): string {
  return idempotencyKey === undefined ? `d:${digest}` : `k:${idempotencyKey}`;
}
