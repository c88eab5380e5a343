import { type Approval, type Decision, isSettled, stateAt, termsOf } from '../../approvals/approval.ts';
import { thawCall } from '../../approvals/frozen-call.ts';
import { approversOf } from '../../approvals/quorum.ts';
import { canonicalize } from '../../core/canonical.ts';
import { toRfc3339 } from '../../core/clock.ts';
import { CountersignError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { APPROVAL_STATUS } from '../../gate/own-tools.ts';
import type { Session } from '../../sessions/session.ts';
import { approvalUrl } from '../pending.ts';
import { approvalOf, type WaitToolDeps } from '../tools.ts';

export interface StatusToolDeps extends Pick<WaitToolDeps, 'getApproval' | 'publicOrigin' | 'now'> {
  /** The decisions made so far about an approval. */
  readonly decisionsOf: (approvalId: string) => Promise<readonly Decision[]>;
  /** The undecided approvals of a session, newest first. */
  readonly pendingOf: (sessionId: string) => Promise<readonly Approval[]>;
}

/** What others wrote about it; nothing once the call was erased. */
function remarks(approval: Approval): JsonObject {
  const { verdict, decisionReason, stateReason, redactedAt } = approval;
  const isErased = redactedAt !== undefined;
  return {
    reason: isErased ? null : verdict.reason,
    decision_reason: isErased ? null : (decisionReason ?? null),
    state_reason: isErased ? null : (stateReason ?? null),
  };
}

/** The approval that the arguments name: by its id, or by the call that waits for it. */
async function named(deps: StatusToolDeps, session: Session, args: JsonObject): Promise<Approval> {
  const { approval_id: id, tool, arguments: called } = args;
  if (typeof id === 'string') return approvalOf(deps, session, id);
  if (typeof tool !== 'string' || !isJsonObject(called)) {
    const message = `${APPROVAL_STATUS} needs "approval_id", the id from the pending result (apr_…), or "tool" and "arguments" of a call that waits.`;
    throw new CountersignError('invalid_request', message);
  }
  const wanted = canonicalize(called);
  const pending = await deps.pendingOf(session.id);
  const found = pending.find(
    ({ exposed, call }) => exposed === tool && canonicalize(thawCall(call.text).args) === wanted,
  );
  if (found !== undefined) return found;
  throw new CountersignError('not_found', 'No call of this session with these arguments waits for a person.');
}

/**
 * The approval_status tool: how an approval of this session stands, at once. It tells no more than the pending result
 * and the approval's own page, and changes nothing. Throws `invalid_request`, and `not_found` for those of others.
 */
export async function callApprovalStatus(
  deps: StatusToolDeps,
  { session, args }: { session: Session; args: JsonObject },
): Promise<string> {
  const approval = await named(deps, session, args);
  const decisions = await deps.decisionsOf(approval.id);
  const now = deps.now();
  const state = stateAt(approval, now);
  const { exposed, risk, call, requestedAt, expiresAt } = approval;
  const structured: JsonObject = {
    approval_id: approval.id,
    state,
    settled: isSettled(state),
    tool: exposed,
    server: call.server,
    risk,
    ...remarks(approval),
    approvals_needed: termsOf(approval).quorum,
    approvals_given: approversOf(decisions, false).length,
    requested_at: toRfc3339(requestedAt),
    expires_at: toRfc3339(expiresAt),
    // A card counts down by its own clock, which need not agree with this one.
    expires_in_ms: Math.max(0, expiresAt - now),
    approve_url: approvalUrl(deps.publicOrigin, approval.id),
  };
  const text = `The approval ${approval.id} of ${exposed} is ${state}. A person decides it on its page, nowhere else.`;
  return JSON.stringify({ content: [{ type: 'text', text }], structuredContent: structured, isError: false });
}
