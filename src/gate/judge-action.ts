import type { Approval } from '../approvals/approval.ts';
import { thawCall } from '../approvals/frozen-call.ts';
import type { AskedAction } from '../approvals/request-action.ts';
import type { Clock } from '../core/clock.ts';
import { CountersignError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Counters } from '../policy/limits.ts';
import type { PolicyInput, Verdict } from '../policy/verdict.ts';
import { failedClosed, type PolicyInForce } from './judge.ts';
import { approversRefusal, type RecheckApproversDeps } from './recheck-approvers.ts';
import { verdictBody } from './verdict-body.ts';

export interface JudgeActionDeps {
  readonly policy: () => PolicyInForce;
  readonly now: Clock;
}

/** An action as policy sees it, whoever asks. */
export type JudgedAction = Pick<
  AskedAction,
  'requester' | 'actor' | 'name' | 'resource' | 'risk' | 'args' | 'metadata'
>;

/**
 * What policy sees of an action: no server and no annotations; the requester stands where the session of a call does, so
 * that limits "per session" count by requester and those "per subject" by actor.
 */
function actionInput(deps: JudgeActionDeps, asked: JudgedAction): PolicyInput {
  return {
    kind: 'action',
    server: '',
    tool: asked.name,
    args: asked.args,
    annotations: {},
    session: { id: asked.requester, subject: asked.actor, labels: {}, ageMs: 0, calls: 0 },
    actor: asked.actor,
    resource: asked.resource,
    risk: asked.risk,
    metadata: asked.metadata,
    budget: {},
    now: deps.now(),
    history: null,
  };
}

/** The verdict on an action that is only asked about: limits are judged where `counters` are given, nothing is counted. */
export function judgeAction(deps: JudgeActionDeps, asked: JudgedAction, counters?: Counters): Verdict {
  const policy = deps.policy();
  try {
    return policy.evaluate(actionInput(deps, asked), counters);
  } catch (error) {
    return failedClosed(policy, error);
  }
}

/** The same for an action that is requested: it is counted, unless it is denied. */
function judgeAndCountAction(deps: JudgeActionDeps & { counters: Counters }, asked: JudgedAction): Verdict {
  const policy = deps.policy();
  try {
    const input = actionInput(deps, asked);
    const verdict = policy.evaluate(input, deps.counters);
    policy.record(input, { verdict, counters: deps.counters });
    return verdict;
  } catch (error) {
    return failedClosed(policy, error);
  }
}

export interface AskDeps extends JudgeActionDeps {
  readonly ledger: Ledger;
  readonly counters: Counters;
  /** The approval that this request, by its idempotency key, already has. */
  readonly known: (asked: AskedAction) => Promise<Approval | undefined>;
  readonly request: (
    asked: AskedAction,
    verdict: Verdict,
  ) => Promise<{ approval: Approval; created: boolean }>;
}

/**
 * Judges an action and requests its approval: pending where policy holds it, approved at once where it allows it. A
 * repetition under the same idempotency key is neither judged nor counted again. Throws `denied_by_policy`, after that
 * is on the ledger, and whatever `request` throws.
 */
export async function askForAction(
  deps: AskDeps,
  asked: AskedAction,
): Promise<{ approval: Approval; created: boolean }> {
  const known = await deps.known(asked);
  if (known !== undefined) return { approval: known, created: false };
  const verdict = judgeAndCountAction(deps, asked);
  if (verdict.effect !== 'deny') return await deps.request(asked, verdict);
  await deps.ledger.commit({
    entries: [
      {
        type: 'call.denied',
        ref: { subject: asked.actor, principal: asked.requester, action: asked.name },
        body: {
          ...verdictBody(verdict),
          reason: verdict.reason.slice(0, LIMITS.reasonCharacters),
        },
      },
    ],
  });
  throw new CountersignError('denied_by_policy', verdict.reason);
}

export interface RecheckActionDeps extends JudgeActionDeps, RecheckApproversDeps {}

/**
 * Everything that must still hold at the moment at which an approved action is taken up. Returns the sentence that makes
 * the approval void, or undefined. Throws only when something could not be looked up; the caller treats that as void.
 */
export async function recheckAction(
  deps: RecheckActionDeps,
  approval: Approval,
): Promise<string | undefined> {
  const { args, action } = thawCall(approval.call.text);
  if (action === undefined) return 'It is not an action.';
  const verdict = judgeAction(deps, {
    requester: approval.requester,
    actor: action.actor,
    name: approval.call.tool,
    resource: approval.call.server,
    risk: action.risk,
    args,
    metadata: action.metadata,
  });
  if (verdict.effect === 'deny') return `Policy now denies this action: ${verdict.reason}`;
  return await approversRefusal(deps, approval, verdict.effect === 'hold' ? verdict.approval : undefined);
}
