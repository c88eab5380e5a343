import { type Approval, stateAt } from '../approvals/approval.ts';
import { findApproval } from '../approvals/list.ts';
import { exchangeCapability } from '../capabilities/exchange.ts';
import { canonicalize } from '../core/canonical.ts';
import { toRfc3339 } from '../core/clock.ts';
import { isCountersignError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { accountThumbprint } from '../principals/machine/issue-token.ts';
import { type Principal, principalRef } from '../principals/principal.ts';
import { actionOf, type Evaluation } from './authzen.ts';
import type { ApiDeps } from './context.ts';

/** What naming an approval in an evaluation comes to. */
interface Used {
  readonly decision: boolean;
  readonly context: JsonObject;
  /** The denial can be the ground of a new request. */
  readonly requestable: boolean;
}

function refused(reason: string, nextAction: 'request' | 'none', detail?: string): Used {
  return {
    decision: false,
    context: {
      reason,
      next_action: nextAction,
      ...(detail === undefined ? {} : { reason_user: { en: detail } }),
    },
    requestable: nextAction === 'request',
  };
}

/** The metadata of a request without what was added to it after the denial. */
function judgedMetadata(approval: Approval): JsonObject {
  const { access_request: _added, ...judged } = approval.call.action?.metadata ?? {};
  return judged;
}

/** Whether an approval is of exactly this: subject, resource, action and relevant context, member by member. */
function covers(approval: Approval, evaluation: Evaluation): boolean {
  const { actor, name, resource, args, metadata } = actionOf(evaluation);
  const { call } = approval;
  return (
    call.action !== undefined &&
    canonicalize([call.action.actor, call.tool, call.server, judgedMetadata(approval)]) ===
      canonicalize([actor, name, resource, metadata]) &&
    call.argumentsText === canonicalize(args)
  );
}

/** The key that a service account registered, which its token names. */
async function bindingOf(
  deps: Pick<ApiDeps, 'principals'>,
  caller: Principal,
): Promise<{ jkt: string; proven: false } | undefined> {
  if (caller.kind !== 'service_account') return undefined;
  const jkt = await accountThumbprint(deps.principals, caller.id);
  return jkt === undefined ? undefined : { jkt, proven: false };
}

/**
 * Evaluates anew with an approval (Access Request and Approval Profile, Approval and Re-evaluation): true exactly once,
 * for the caller who requested it and for exactly what was approved, because it exchanges the capability that approving
 * released; the token comes with the answer. Never throws for an approval that cannot be used; the context says what to
 * do next.
 */
export async function useApproval(
  deps: Pick<ApiDeps, 'database' | 'capabilities' | 'principals' | 'now'>,
  input: { id: string; caller: Principal; evaluation: Evaluation },
): Promise<Used> {
  const holder = principalRef(input.caller);
  const approval = await findApproval(deps.database, input.id);
  if (approval === undefined || approval.requester !== holder)
    return refused('approval_unverifiable', 'none');
  if (!covers(approval, input.evaluation)) return refused('out_of_scope', 'request');
  if (stateAt(approval, deps.now()) !== 'approved') return refused('approval_expired', 'request');
  try {
    const binding = await bindingOf(deps, input.caller);
    const exchange = { approvalId: approval.id, holder, actor: undefined, binding };
    const { token, tokenType, expiresInSeconds } = await exchangeCapability(deps.capabilities, exchange);
    return {
      decision: true,
      context: {
        approval: { id: approval.id, approved_until: toRfc3339(approval.expiresAt) },
        capability: { access_token: token, token_type: tokenType, expires_in: expiresInSeconds },
      },
      requestable: false,
    };
  } catch (error) {
    if (!isCountersignError(error) || error.code === 'ledger_unavailable') throw error;
    // Another took it up meanwhile or a re-check failed: neither may be tried again with this approval.
    if (error.code === 'conflict') return refused('approval_expired', 'request', error.message);
    return refused('policy_denied', 'none', error.message);
  }
}
