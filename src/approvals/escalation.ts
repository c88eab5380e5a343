import type { Escalation } from '../policy/verdict.ts';
import { type Approval, termsOf } from './approval.ts';

type Waiting = Pick<Approval, 'id' | 'verdict' | 'requestedAt'>;

/** The escalations that became due after `since`, and by `now`; in epoch milliseconds. */
export function escalationsDue(
  approval: Waiting,
  span: { since: number; now: number },
): readonly Escalation[] {
  return termsOf(approval).escalations.filter(({ afterMs }) => {
    const at = approval.requestedAt + afterMs;
    return at > span.since && at <= span.now;
  });
}

/** When the first escalation after `since` becomes due, in epoch milliseconds; undefined when none does. */
export function nextEscalation(approval: Waiting, since: number): number | undefined {
  const times = termsOf(approval).escalations.map(({ afterMs }) => approval.requestedAt + afterMs);
  const ahead = times.filter((at) => at > since);
  return ahead.length === 0 ? undefined : Math.min(...ahead);
}
