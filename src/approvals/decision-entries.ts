import { LIMITS } from '../core/limits.ts';
import type { EntryDraft } from '../ledger/entry.ts';
import type { Approval } from './approval.ts';
import { approvalEntry } from './approval-entry.ts';
import type { DecisionBasis } from './quorum.ts';

/** A decision as it goes on the ledger, with what it led to. */
export interface Decided {
  /** `person:…` or `service_account:…`. */
  readonly by: string;
  readonly decision: 'approve' | 'deny';
  readonly statement: string;
  readonly proof: string;
  /** Present when the glass was broken: why, and how many have broken it by now. */
  readonly breakGlass: { readonly reason: string; readonly approvals: number } | undefined;
  readonly outcome:
    | { readonly state: 'pending' | 'denied' }
    /** `expiresAt`: when the capability ends, in epoch milliseconds. */
    | { readonly state: 'approved'; readonly basis: DecisionBasis; readonly expiresAt: number };
}

/** The entries of one decision, in the order in which a reader of the ledger expects them. */
export function decisionEntries(approval: Approval, decided: Decided): EntryDraft[] {
  const { by: principal, decision, statement, proof, breakGlass, outcome } = decided;
  const entries = [
    approvalEntry(approval, {
      type: 'approval.decided',
      principal,
      body: { decision, statement, proof, ...(breakGlass === undefined ? {} : { break_glass: true }) },
    }),
  ];
  if (breakGlass !== undefined) {
    const body = { ...breakGlass, needed: LIMITS.breakGlassApprovers };
    entries.push(approvalEntry(approval, { type: 'break_glass.invoked', principal, body }));
  }
  if (outcome.state === 'denied')
    entries.push(approvalEntry(approval, { type: 'approval.denied', principal, body: {} }));
  if (outcome.state === 'approved') {
    const body = { basis: outcome.basis, expires_at: outcome.expiresAt };
    entries.push(approvalEntry(approval, { type: 'approval.approved', principal, body }));
  }
  return entries;
}
