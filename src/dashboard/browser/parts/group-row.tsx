import { useMemo } from 'preact/hooks';
import type { InboxLine } from '../model/inbox-lines.ts';
import { RiskBadge } from './approval-row.tsx';
import { useExactTime } from './exact.tsx';
import { Lasting } from './lasting.tsx';
import { TextOf } from './text-of.tsx';

interface GroupRowProps {
  readonly line: Extract<InboxLine, { kind: 'group' }>;
  readonly now: number;
  readonly selected: boolean;
  readonly place: { readonly at: number; readonly of: number };
  readonly select: () => void;
  readonly toggle: () => void;
}

/** Many calls of one session that differ in their arguments alone, in one line that opens. */
export function GroupRow({ line, now, selected, place, select, toggle }: GroupRowProps) {
  const exact = useExactTime();
  const { approval } = line.first;
  const { waiting, soonest } = useMemo(() => {
    const left = line.rows.filter((row) => !row.gone);
    let soonest = (left[0] ?? line.first).approval.expiresAt;
    for (const { approval: one } of left) if (one.expiresAt < soonest) soonest = one.expiresAt;
    return { waiting: left.length, soonest };
  }, [line.rows]);
  const left = Date.parse(soonest) - now;
  const asker = approval.session?.id ?? approval.requester;
  const gone = waiting === 0;
  return (
    <li
      class={`group ${selected ? 'selected' : ''} ${gone ? 'gone' : ''}`}
      aria-posinset={place.at}
      aria-setsize={place.of}
    >
      <button type="button" id={`row-${line.id}`} aria-expanded={line.open} onFocus={select} onClick={toggle}>
        <RiskBadge risk={approval.risk} />
        <span class="effect">
          {waiting} {waiting === 1 ? 'call' : 'calls'} of <TextOf text={approval.tool} />
        </span>
        <span class={`standing ${left < 60_000 ? 'soon' : ''}`} title={`first ends at ${exact(soonest)}`}>
          {gone ? 'none waiting' : left > 0 ? <Lasting ms={left} after=" left" /> : 'expired'}
        </span>
        <span class="meta">
          <span aria-hidden="true">{line.open ? '▾ close' : '▸ open'}</span>{' '}
          <span>
            one session: <TextOf text={asker} />
          </span>{' '}
          <span>
            {approval.action === null ? 'for' : 'by'} <TextOf text={approval.subject} />
          </span>{' '}
          <span title={exact(approval.requestedAt)}>
            <Lasting ms={now - Date.parse(approval.requestedAt)} before="since " />
          </span>
        </span>
      </button>
    </li>
  );
}
