import { useComputed, useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { systemStopwatch } from '../../../core/clock.ts';
import type { Me } from '../api.ts';
import { createInboxFeed } from '../inbox-feed.ts';
import { useNewsTold } from '../inbox-told.ts';
import { onKeys } from '../keys.ts';
import { canPick, togglePicked } from '../model/batch.ts';
import { revealFresh, toggleGroup, waitingCount } from '../model/inbox.ts';
import { type InboxLine, linesOf, matcherOf, moveSelection } from '../model/inbox-lines.ts';
import { ApprovalRow } from '../parts/approval-row.tsx';
import { BatchBar } from '../parts/batch-bar.tsx';
import { GroupRow } from '../parts/group-row.tsx';
import { InboxSearch } from '../parts/inbox-search.tsx';
import { Notice } from '../parts/notice.tsx';
import { PushHint } from '../parts/push-hint.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { WindowList } from '../parts/window-list.tsx';
import type { Shell } from '../shell.ts';

/** Keys rest this long after the line under them has changed, so that nobody acts on a line they did not see. */
const REST_MS = 500;

const queryOf = (): string => new URLSearchParams(location.search).get('q') ?? '';

/** What waits for a decision, live. Lines never move under the selection; new ones wait behind a button. */
export function InboxScreen({ shell, me }: { shell: Shell; me: Me }) {
  const feed = useMemo(() => createInboxFeed(shell), [shell]);
  const { inbox } = feed;
  const query = useSignal(queryOf());
  const selected = useSignal<string | undefined>(undefined);
  const focus = useSignal<{ id: string; at: number } | undefined>(undefined);
  const picked = useSignal<ReadonlySet<string>>(new Set());
  const search = useRef<HTMLInputElement>(null);
  const under = useRef({ standing: '', changedAt: 0 });
  const lines = useComputed(() =>
    linesOf(inbox.value, matcherOf(query.value, { groups: me.groups, now: shell.now.peek() })),
  );

  /** What stands under the keys: which line is selected, and whether it still waits. */
  const standing = () => {
    const line = lines.value.find(({ id }) => id === selected.value);
    return `${line?.id} ${line?.kind === 'call' && line.row.gone}`;
  };
  const rest = () => {
    under.current = { standing: standing(), changedAt: systemStopwatch() };
  };
  const reveal = () => {
    inbox.value = revealFresh(inbox.value, selected.value);
    rest();
  };
  const pick = (line: InboxLine | undefined) => {
    if (line === undefined) return;
    picked.value = togglePicked(picked.value, line.kind === 'group' ? line.rows : [line.row]);
  };

  useEffect(() => {
    feed.reload();
    const unlisten = shell.live.listen(feed.changed);
    return () => {
      unlisten();
      feed.stop();
    };
  }, [feed]);
  useEffect(() => {
    query.value = queryOf();
  }, [shell.route.value]);
  useEffect(() => {
    if (standing() !== under.current.standing) rest();
  }, [lines.value]);

  useEffect(() => {
    const settled = (act: (id: string) => void) => () => {
      const id = selected.value;
      const rested = systemStopwatch() - under.current.changedAt >= REST_MS;
      if (id !== undefined && rested && lines.value.some((line) => line.id === id)) act(id);
    };
    const move = (by: number) => () => {
      const ids = lines.value.map((line) => line.id);
      const id = moveSelection(ids, selected.value, by);
      selected.value = id;
      under.current = { ...under.current, standing: standing() };
      focus.value = id === undefined ? undefined : { id, at: systemStopwatch() };
    };
    const toggle = (id: string) => {
      inbox.value = toggleGroup(inbox.value, id);
    };
    const open = settled((id) => (id.startsWith('group-') ? toggle(id) : shell.go(`/approvals/${id}`)));
    const mark = settled((id) => pick(lines.value.find((line) => line.id === id)));
    return onKeys({
      j: move(1),
      k: move(-1),
      Enter: open,
      a: open,
      d: open,
      x: mark,
      n: () => {
        if (inbox.value.fresh.size > 0) reveal();
      },
      '/': () => search.current?.focus(),
    });
  }, [shell]);

  const waiting = useComputed(() => waitingCount(inbox.value));
  useEffect(() => {
    document.title = `${waiting.value > 0 ? `(${waiting.value}) ` : ''}Inbox · Countersign`;
  }, [waiting.value]);

  useNewsTold(shell, inbox.value, feed.state.value !== 'loading');

  const ask = (text: string) => {
    query.value = text;
    rest();
    history.replaceState(null, '', text === '' ? '/' : `/?q=${encodeURIComponent(text)}`);
  };
  const fresh = inbox.value.fresh.size;
  const shown = lines.value;
  const started = feed.started.value;
  const problem = feed.problem.value;
  const empty = started && shown.length === 0 && problem === undefined;
  return (
    <>
      <div class="heading">
        <h1>Inbox</h1>
        <InboxSearch me={me} query={query} field={search} ask={ask} />
      </div>
      {problem !== undefined && (
        <Notice kind="error" title="The inbox could not be loaded" retry={feed.reload}>
          <p>{problem}</p>
        </Notice>
      )}
      <p class="fresh">
        {fresh > 0 && (
          <button type="button" onClick={reveal}>
            {fresh} new
            <span class="visually-hidden"> {fresh === 1 ? 'call' : 'calls'}: show</span>
          </button>
        )}
        {started && feed.state.value === 'loading' && (
          <span class="fine">Loading more: {waiting} so far…</span>
        )}
        {feed.state.value === 'cut' && (
          <span class="fine">
            More than {waiting} calls are waiting. Decide some of these to see the others.
          </span>
        )}
      </p>
      {!started && problem === undefined && <Skeleton rows={4} />}
      {empty && (
        <Notice kind="info" title={query.value === '' ? 'Nothing waits for a decision' : 'Nothing matches'}>
          <p>
            {query.value === ''
              ? 'When an agent makes a call that policy holds, it appears here at once.'
              : 'Other calls may be waiting. Clear the search to see all of them.'}
          </p>
          {query.value === '' && <PushHint shell={shell} />}
        </Notice>
      )}
      <WindowList
        label="Calls that wait for a decision"
        lines={shown}
        focus={focus.value}
        line={(line, at) => {
          const same = {
            now: shell.now.value,
            selected: line.id === selected.value,
            place: { at, of: shown.length },
            select: () => {
              selected.value = line.id;
              under.current = { ...under.current, standing: standing() };
            },
          };
          if (line.kind === 'group') {
            const toggle = () => {
              inbox.value = toggleGroup(inbox.value, line.id);
            };
            return <GroupRow key={line.id} {...same} line={line} toggle={toggle} />;
          }
          const { approval, gone } = line.row;
          return (
            <ApprovalRow
              key={line.id}
              {...same}
              approval={approval}
              gone={gone}
              inGroup={line.inGroup}
              {...(canPick(line.row)
                ? { pick: { picked: picked.value.has(line.id), toggle: () => pick(line) } }
                : {})}
            />
          );
        }}
      />
      <BatchBar shell={shell} me={me} inbox={inbox.value} picked={picked} />
    </>
  );
}
