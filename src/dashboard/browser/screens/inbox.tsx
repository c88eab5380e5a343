import { useComputed, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { systemStopwatch } from '../../../core/clock.ts';
import { onKeys } from '../keys.ts';
import {
  EMPTY_INBOX,
  type Inbox,
  matchesQuery,
  moveSelection,
  revealFresh,
  updateInbox,
} from '../model/inbox.ts';
import { ApprovalRow } from '../parts/approval-row.tsx';
import { Notice } from '../parts/notice.tsx';
import type { Shell } from '../shell.ts';

const PAGE = 200;
/** Keys rest this long after the rows have changed, so that nobody acts on a row they did not see. */
const REST_MS = 500;

/** What waits for a decision, live. Rows never move under the selection; new ones wait behind a button. */
export function InboxScreen({ shell }: { shell: Shell }) {
  const inbox = useSignal<Inbox>(EMPTY_INBOX);
  const loaded = useSignal(false);
  const more = useSignal(false);
  const problem = useSignal<string | undefined>(undefined);
  const query = useSignal(new URLSearchParams(location.search).get('q') ?? '');
  const search = useRef<HTMLInputElement>(null);
  const changedAt = useRef(0);
  const rows = useComputed(() => inbox.value.rows.filter((row) => matchesQuery(row.approval, query.value)));

  const load = async () => {
    try {
      const page = await shell.api.client.approvals.list({ state: 'pending', limit: PAGE });
      const next = updateInbox(inbox.value, page.data);
      const ids = (one: Inbox) => one.rows.map((row) => `${row.approval.id} ${row.gone}`).join();
      if (ids(next) !== ids(inbox.value)) changedAt.current = systemStopwatch();
      inbox.value = next;
      more.value = page.hasMore;
      problem.value = undefined;
    } catch (error) {
      problem.value = shell.failed(error);
    }
    loaded.value = true;
  };
  const reveal = () => {
    changedAt.current = systemStopwatch();
    inbox.value = revealFresh(inbox.value);
  };

  useEffect(() => {
    void load();
    return shell.live.listen(() => void load());
  }, [shell]);

  useEffect(() => {
    const settled = (act: () => void) => () => {
      if (systemStopwatch() - changedAt.current >= REST_MS) act();
    };
    const move = (by: number) => () => {
      const ids = rows.value.map((row) => row.approval.id);
      const selected = moveSelection(ids, inbox.value.selected, by);
      inbox.value = { ...inbox.value, selected };
      document.getElementById(`row-${selected}`)?.focus();
    };
    const open = settled(() => {
      if (inbox.value.selected !== undefined) shell.go(`/approvals/${inbox.value.selected}`);
    });
    return onKeys({
      j: move(1),
      k: move(-1),
      Enter: open,
      a: open,
      d: open,
      '/': () => search.current?.focus(),
    });
  }, [shell]);

  useEffect(() => {
    const waiting = inbox.value.rows.filter((row) => !row.gone).length + inbox.value.fresh.length;
    document.title = waiting > 0 ? `(${waiting}) Countersign` : 'Countersign';
  }, [inbox.value]);

  const ask = (text: string) => {
    query.value = text;
    changedAt.current = systemStopwatch();
    const address = text === '' ? '/' : `/?q=${encodeURIComponent(text)}`;
    history.replaceState(null, '', address);
  };
  const fresh = inbox.value.fresh.length;
  const empty = loaded.value && rows.value.length === 0 && problem.value === undefined;
  return (
    <>
      <div class="heading">
        <h1>Inbox</h1>
        <label class="search">
          <span class="visually-hidden">Search the inbox</span>
          <input
            ref={search}
            type="search"
            placeholder="Search: tool:refund agent:ada risk:high"
            value={query.value}
            onInput={(event) => ask(event.currentTarget.value)}
            onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
          />
        </label>
      </div>
      {problem.value !== undefined && (
        <Notice kind="error" title="The inbox could not be loaded" retry={load}>
          <p>{problem.value}</p>
        </Notice>
      )}
      <p role="status" class="fresh">
        {fresh > 0 && (
          <button type="button" onClick={reveal}>
            {fresh} new
          </button>
        )}
      </p>
      {!loaded.value && <p role="status">Loading…</p>}
      {empty && (
        <Notice kind="info" title={query.value === '' ? 'Nothing waits for a decision' : 'Nothing matches'}>
          <p>
            {query.value === ''
              ? 'When an agent makes a call that policy holds, it appears here at once.'
              : 'Other calls may be waiting. Clear the search to see all of them.'}
          </p>
        </Notice>
      )}
      <ul class="rows" aria-label="Calls that wait for a decision">
        {rows.value.map((row) => (
          <ApprovalRow
            key={row.approval.id}
            approval={row.approval}
            gone={row.gone}
            now={shell.now.value}
            selected={row.approval.id === inbox.value.selected}
            select={() => {
              inbox.value = { ...inbox.value, selected: row.approval.id };
            }}
          />
        ))}
      </ul>
      {more.value && (
        <p class="fine">More than {PAGE} calls are waiting. Decide some of these to see the others.</p>
      )}
    </>
  );
}
