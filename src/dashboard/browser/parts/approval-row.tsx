import type { Approval } from '../../../sdk/approval.ts';
import { groupsNow } from '../model/quorum.ts';
import { duration } from '../model/time.ts';
import { EffectOf, TextOf } from './text-of.tsx';

interface RowProps {
  readonly approval: Approval;
  readonly now: number;
  /** Decided, expired or withdrawn since it was listed. */
  readonly gone?: boolean;
  readonly selected?: boolean;
  readonly select?: () => void;
}

export function RiskBadge({ risk }: { risk: string }) {
  const known = ['low', 'medium', 'high', 'critical'].includes(risk) ? risk : 'critical';
  return (
    <span class={`risk ${known}`}>
      <TextOf text={risk} />
    </span>
  );
}

export const STATE_WORDS: Readonly<Record<Approval['state'], string>> = {
  pending: 'waiting',
  approved: 'approved',
  denied: 'denied',
  expired: 'expired',
  cancelled: 'withdrawn',
  void: 'void, nothing was done',
  executing: 'running',
  succeeded: 'succeeded',
  failed: 'failed',
  unknown: 'outcome unknown',
};

/** One line of a list, a link to the call. */
export function ApprovalRow({ approval, now, gone = false, selected = false, select }: RowProps) {
  const left = Date.parse(approval.expiresAt) - now;
  const pending = approval.state === 'pending' && !gone;
  const { needed, approvals } = approval.quorum;
  const escalated = groupsNow(approval, now).slice(approval.groups.length);
  return (
    <li class={`${selected ? 'selected' : ''} ${gone ? 'gone' : ''}`}>
      <a id={`row-${approval.id}`} href={`/approvals/${approval.id}`} onFocus={() => select?.()}>
        <RiskBadge risk={approval.risk} />
        <span class="effect">
          <EffectOf effect={approval.effect} />
        </span>
        <span class="meta">
          <span>
            <TextOf
              text={
                approval.action === null ? `${approval.server}/${approval.tool}` : approval.action.resource
              }
            />
          </span>
          <span>
            {approval.action === null ? 'for' : 'by'} <TextOf text={approval.subject} />
          </span>
          <span>{duration(now - Date.parse(approval.requestedAt))} ago</span>
          {needed > 1 && (
            <span>
              {approvals.filter((vote) => vote.decision === 'approve').length} of {needed} approvals
            </span>
          )}
          {pending && escalated.length > 0 && <span>now also {escalated.join(', ')}</span>}
          {approval.breakGlass.approvals.length > 0 && <strong class="soon">glass broken</strong>}
          {pending && (
            <span class={left < 60_000 ? 'soon' : ''}>{left > 0 ? `${duration(left)} left` : 'expired'}</span>
          )}
          {!pending && <strong>{gone ? 'no longer waiting' : STATE_WORDS[approval.state]}</strong>}
        </span>
      </a>
    </li>
  );
}
