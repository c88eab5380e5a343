import type { Approval } from '../../../sdk/approval.ts';
import { hiddenValues } from '../model/hidden.ts';
import { groupsNow } from '../model/quorum.ts';
import { useExactTime } from './exact.tsx';
import { Lasting } from './lasting.tsx';
import { EffectOf, TextOf } from './text-of.tsx';

interface RowProps {
  readonly approval: Approval;
  readonly now: number;
  /** Decided, expired or withdrawn since it was listed. */
  readonly gone?: boolean;
  readonly selected?: boolean;
  /** Stands below the line of its group. */
  readonly inGroup?: boolean;
  /** Where it stands in a list of which only a part is in the document. */
  readonly place?: { readonly at: number; readonly of: number };
  readonly select?: () => void;
  /** Whether it was picked to be decided together with others, and how to change that. */
  readonly pick?: { readonly picked: boolean; readonly toggle: () => void };
}

export function RiskBadge({ risk }: { risk: string }) {
  const known = ['low', 'medium', 'high', 'critical'].includes(risk) ? risk : 'critical';
  return (
    <span class={`risk ${known}`}>
      <TextOf text={risk} /> <span class="visually-hidden">risk</span>
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

/** How long it has been waiting, or how it ended. */
function Standing({ approval, now, gone }: { approval: Approval; now: number; gone: boolean }) {
  const exact = useExactTime();
  const left = Date.parse(approval.expiresAt) - now;
  if (gone || approval.state !== 'pending')
    return <strong class="standing">{gone ? 'no longer waiting' : STATE_WORDS[approval.state]}</strong>;
  return (
    <span class={`standing ${left < 60_000 ? 'soon' : ''}`} title={`until ${exact(approval.expiresAt)}`}>
      {left > 0 ? <Lasting ms={left} after=" left" /> : 'expired'}
    </span>
  );
}

/** One line of a list, a link to the call. */
export function ApprovalRow(props: RowProps) {
  const { approval, now, gone = false, selected = false, inGroup = false, place, select, pick } = props;
  const exact = useExactTime();
  const pending = approval.state === 'pending' && !gone;
  const { needed, approvals } = approval.quorum;
  const given = approvals.filter((vote) => vote.decision === 'approve').length;
  const escalated = groupsNow(approval, now).slice(approval.groups.length);
  const marks = [selected && 'selected', gone && 'gone', inGroup && 'in-group', pick?.picked && 'picked'];
  return (
    <li class={marks.filter(Boolean).join(' ')} aria-posinset={place?.at} aria-setsize={place?.of}>
      {pick !== undefined && (
        <button
          type="button"
          class="pick"
          aria-pressed={pick.picked}
          aria-labelledby={`pick-${approval.id} effect-${approval.id}`}
          onClick={pick.toggle}
        >
          <span class="visually-hidden" id={`pick-${approval.id}`}>
            Pick to decide together:
          </span>
          {pick.picked ? '✓' : ''}
        </button>
      )}
      <a id={`row-${approval.id}`} href={`/approvals/${approval.id}`} onFocus={() => select?.()}>
        <RiskBadge risk={approval.risk} />
        <span class="effect" id={`effect-${approval.id}`}>
          <EffectOf effect={approval.effect} />
        </span>
        <Standing approval={approval} now={now} gone={gone} />
        <span class="meta">
          <span>
            <TextOf
              text={
                approval.action === null ? `${approval.server}/${approval.tool}` : approval.action.resource
              }
            />
          </span>{' '}
          <span>
            {approval.action === null ? 'for' : 'by'} <TextOf text={approval.subject} />
          </span>{' '}
          {needed > 1 && (
            <span>
              {given} of {needed} approvals{' '}
            </span>
          )}
          {approval.hidden.length > 0 && <span>{hiddenValues(approval.hidden.length)} </span>}
          {pending && escalated.length > 0 && <span>now also {escalated.join(', ')} </span>}
          {approval.breakGlass.approvals.length > 0 && <strong class="soon">glass broken </strong>}
          <span title={exact(approval.requestedAt)}>
            <Lasting ms={now - Date.parse(approval.requestedAt)} after=" ago" />
          </span>
        </span>
      </a>
    </li>
  );
}
