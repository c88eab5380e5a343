import { LIMITS } from '../core/limits.ts';
import type { Entry } from '../ledger/entry.ts';
import { countOf, sameTexts, shapeProblem, textOf, textsOf } from './members.ts';
import type { Basis, OpenApproval } from './open-approval.ts';
import { type Rule, SLACK_MS, type World } from './world.ts';

/** How many distinct people have approved, in the ordinary way or by breaking the glass. */
export function approvalsSoFar(approval: OpenApproval, breakGlass: boolean): number {
  return [...approval.decisions.values()].filter(
    (one) => one.decision === 'approve' && one.breakGlass === breakGlass,
  ).length;
}

/** The approval that an entry is about, if it is in one of these states; otherwise what is wrong. */
export function approvalIn(
  world: World,
  entry: Entry,
  states: readonly OpenApproval['state'][],
): OpenApproval | string {
  const id = entry.ref.approval ?? '';
  const approval = world.approvals.get(id);
  if (approval === undefined) return `no open request has the id ${id}`;
  return states.includes(approval.state)
    ? approval
    : `${id} is ${approval.state}, not ${states.join(' or ')}`;
}

/** Why an entry does not come right after another of the same approval, or undefined. */
export function followsProblem(
  approval: OpenApproval,
  entry: Entry,
  types: readonly string[],
): string | undefined {
  const { seq, type } = approval.last;
  if (seq === entry.seq - 1 && types.includes(type)) return undefined;
  return `it does not come right after ${types.join(' or ')} of the same approval`;
}

function note(approval: OpenApproval, entry: Entry): void {
  approval.last = { seq: entry.seq, type: entry.type };
}

/** `approval.escalated`: one of the steps of the request, due. */
export const escalated: Rule = (world, entry) => {
  const approval = approvalIn(world, entry, ['pending']);
  if (typeof approval === 'string') return approval;
  const problem = shapeProblem(entry.body, { after_ms: 'count', groups: 'texts' });
  if (problem !== undefined) return problem;
  const afterMs = countOf(entry.body, 'after_ms');
  const groups = textsOf(entry.body, 'groups');
  const step = approval.request.escalations.find(
    (one) => one.afterMs === afterMs && sameTexts(one.groups, groups),
  );
  if (step === undefined) return 'the request names no such escalation';
  if (entry.ts + SLACK_MS < approval.requestedAt + afterMs) return 'the escalation was not due';
  note(approval, entry);
  return undefined;
};

/** `break_glass.invoked`: right after the decision that it tells of. */
export const glassBroken: Rule = (world, entry) => {
  const approval = approvalIn(world, entry, ['pending']);
  if (typeof approval === 'string') return approval;
  const problem = shapeProblem(entry.body, { reason: 'text', approvals: 'count', needed: 'count' });
  if (problem !== undefined) return problem;
  const reason = followsProblem(approval, entry, ['approval.decided']);
  if (reason !== undefined) return reason;
  if (entry.body.approvals !== approvalsSoFar(approval, true))
    return 'it counts other approvals than there are';
  world.tally.breakGlass++;
  note(approval, entry);
  return undefined;
};

function basisProblem(approval: OpenApproval, basis: string): string | undefined {
  const { quorum, effect } = approval.request;
  if (basis === 'policy')
    return effect === 'allow' && quorum === 0 ? undefined : 'policy did not allow it without a decision';
  const isBreakGlass = basis === 'break_glass';
  if (!isBreakGlass && basis !== 'decision') return 'its basis is not decision, policy or break_glass';
  const needed = isBreakGlass ? LIMITS.breakGlassApprovers : Math.max(1, quorum);
  const found = approvalsSoFar(approval, isBreakGlass);
  if (found >= needed) return undefined;
  return `${found} of the ${needed} distinct people that it takes have approved it`;
}

/** `approval.approved`: by as many distinct people as it takes, right after the last of their decisions. */
export const approved: Rule = (world, entry) => {
  const approval = approvalIn(world, entry, ['pending']);
  if (typeof approval === 'string') return approval;
  const { body, seq, ts } = entry;
  const problem = shapeProblem(body, { basis: 'text', expires_at: 'count' });
  if (problem !== undefined) return problem;
  const basis = textOf(body, 'basis');
  const before = {
    decision: 'approval.decided',
    policy: 'approval.requested',
    break_glass: 'break_glass.invoked',
  };
  const reason = basisProblem(approval, basis) ?? followsProblem(approval, entry, [before[basis as Basis]]);
  if (reason !== undefined) return reason;
  for (const one of approval.decisions.values()) if (one.decision === 'deny') return 'it was denied';
  const expiresAt = countOf(body, 'expires_at');
  if (expiresAt > ts + approval.ttlSeconds * 1000 + SLACK_MS)
    return 'it lasts longer than what was requested and signed';
  const index = basis === 'break_glass' ? seq - 2 : seq - 1;
  approval.approved = { basis: basis as Basis, seq: index, expiresAt };
  approval.state = 'approved';
  note(approval, entry);
  return undefined;
};

function end(world: World, entry: Entry): undefined {
  world.approvals.delete(entry.ref.approval ?? '');
  return undefined;
}

/** `approval.denied`: right after a denial. */
export const denied: Rule = (world, entry) => {
  const approval = approvalIn(world, entry, ['pending']);
  if (typeof approval === 'string') return approval;
  const reason = followsProblem(approval, entry, ['approval.decided']);
  if (reason !== undefined) return reason;
  const isDenied = [...approval.decisions.values()].some((one) => one.decision === 'deny');
  return isDenied ? end(world, entry) : 'nobody has denied it';
};

/** `approval.expired`: its time, or that of what approving released, had come. */
export const expired: Rule = (world, entry) => {
  const approval = approvalIn(world, entry, ['pending', 'approved']);
  if (typeof approval === 'string') return approval;
  const endsAt = approval.approved?.expiresAt ?? approval.request.expiresAt;
  return entry.ts + SLACK_MS < endsAt ? 'its time had not come' : end(world, entry);
};

/** `approval.cancelled`: withdrawn before anybody decided. */
export const cancelled: Rule = (world, entry) => {
  const approval = approvalIn(world, entry, ['pending']);
  return typeof approval === 'string' ? approval : end(world, entry);
};

/** `approval.void`: approved, and then not carried out. */
export const voided: Rule = (world, entry) => {
  const approval = approvalIn(world, entry, ['approved']);
  return typeof approval === 'string' ? approval : end(world, entry);
};

/** `approval.outcome`: after its dispatch, of the same attempt. */
export const outcome: Rule = (world, entry) => {
  const approval = approvalIn(world, entry, ['executing']);
  if (typeof approval === 'string') return approval;
  const problem = shapeProblem(entry.body, { state: 'text', attempt: 'count', result: 'commitment?' });
  if (problem !== undefined) return problem;
  const { state, attempt } = entry.body;
  if (attempt !== approval.attempt) return 'it is the outcome of another attempt';
  if (state === 'succeeded' || state === 'failed') return end(world, entry);
  if (state !== 'unknown') return 'its state is not succeeded, failed or unknown';
  approval.state = 'unknown';
  world.tally.unknown++;
  note(approval, entry);
  return undefined;
};

/** `approval.resolved`: somebody's record of what became of an unknown outcome. */
export const resolved: Rule = (world, entry) => {
  const approval = approvalIn(world, entry, ['unknown']);
  if (typeof approval === 'string') return approval;
  const { state } = entry.body;
  if (state !== 'succeeded' && state !== 'failed') return 'its state is neither succeeded nor failed';
  world.tally.unknown--;
  return end(world, entry);
};
