import { LIMITS } from '../core/limits.ts';
import type { Decision } from './approval.ts';

/** What an approval rests on. */
export type DecisionBasis = 'decision' | 'break_glass';

/** Those who approved in this way, each once, whatever keys they used. */
export function approversOf(decisions: readonly Decision[], breakGlass: boolean): readonly string[] {
  const approving = decisions.filter((one) => one.decision === 'approve' && one.breakGlass === breakGlass);
  return [...new Set(approving.map((one) => one.approver))];
}

/**
 * What decisions amount to. A single denial settles it; approval takes the quorum of different approvers, or enough
 * different people who break the glass. The two are counted apart.
 */
export function outcomeOf(
  decisions: readonly Decision[],
  quorum: number,
):
  | { readonly state: 'denied' | 'pending'; readonly basis?: undefined }
  | { readonly state: 'approved'; readonly basis: DecisionBasis } {
  if (decisions.some((one) => one.decision === 'deny')) return { state: 'denied' };
  if (approversOf(decisions, false).length >= quorum) return { state: 'approved', basis: 'decision' };
  return approversOf(decisions, true).length >= LIMITS.breakGlassApprovers
    ? { state: 'approved', basis: 'break_glass' }
    : { state: 'pending' };
}

/** How long a released capability lasts, in milliseconds. */
export function capabilityTtlMs(terms: { capability: { ttlMs: number } }, breakGlass: boolean): number {
  const { ttlMs } = terms.capability;
  return breakGlass ? Math.min(ttlMs, LIMITS.breakGlassTtlMs) : ttlMs;
}
