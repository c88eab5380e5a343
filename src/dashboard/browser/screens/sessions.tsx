import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { sessionTrees } from '../../../sdk/session-tree.ts';
import type { Session } from '../../../sdk/sessions.ts';
import type { Me } from '../api.ts';
import { useGathered, useLive, useLoaded, useRepeated } from '../load.ts';
import {
  newestFirst,
  readSessionChoice,
  type SessionChoice,
  sessionAddress,
} from '../model/session-words.ts';
import { LiveStopped } from '../parts/fleet/live-stopped.tsx';
import { Mint } from '../parts/fleet/mint.tsx';
import { SessionPage } from '../parts/fleet/session-page.tsx';
import { SessionBranch } from '../parts/fleet/session-row.tsx';
import { UserFilter } from '../parts/fleet/user-filter.tsx';
import { Notice } from '../parts/notice.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import type { ScreenProps, Shell } from '../shell.ts';

const PAGE = 200;
/** Calls that are counted, and sessions that expire, come on no stream of sessions. */
const ASK_AGAIN_MS = 15_000;

/** Who may act, as trees of what was narrowed from what; or one of them. */
export function Sessions({ shell, me, id }: ScreenProps) {
  return id === undefined ? (
    <SessionList shell={shell} me={me} />
  ) : (
    <SessionPage key={id} shell={shell} me={me} id={id} />
  );
}

function Filters({ choice, choose }: { choice: SessionChoice; choose: (next: SessionChoice) => void }) {
  return (
    <form class="filters" onSubmit={(event) => event.preventDefault()}>
      <label>
        State
        <select
          value={choice.state ?? 'all'}
          onChange={(event) => {
            const { value } = event.currentTarget;
            choose({ ...choice, state: value === 'all' ? undefined : (value as Session['state']) });
          }}
        >
          <option value="active">Active</option>
          <option value="expired">Expired</option>
          <option value="revoked">Revoked</option>
          <option value="all">All</option>
        </select>
      </label>
      <UserFilter subject={choice.subject} choose={(subject) => choose({ ...choice, subject })} />
    </form>
  );
}

function SessionList({ shell, me }: { shell: Shell; me: Me }) {
  const choice = useSignal(readSessionChoice(location.search));
  const pages = useSignal(1);
  const minting = useSignal(false);
  const { sessions, logs } = shell.api.client;
  const { state, subject } = choice.value;

  const list = useLoaded(shell, undefined, async () => {
    const data: Session[] = [];
    const filter = { state, subject: subject === '' ? undefined : subject, limit: PAGE };
    let cursor: string | null = null;
    for (let page = 0; page < pages.value && (page === 0 || cursor !== null); page++) {
      const next = await sessions.list({ ...filter, cursor: cursor ?? undefined });
      data.push(...next.data);
      cursor = next.nextCursor;
    }
    return { data, more: cursor !== null };
  });
  const reload = useGathered(() => void list.again());
  const following = useLive(shell, JSON.stringify([choice.value, pages.value]), {
    load: list.again,
    open: (options) => logs.stream({ type: 'session.*' }, options),
    take: reload,
  });
  useEffect(() => {
    document.title = 'Sessions · Countersign';
  }, [shell]);
  useRepeated(ASK_AGAIN_MS, reload);

  const choose = (next: SessionChoice) => {
    choice.value = next;
    pages.value = 1;
    history.replaceState(null, '', sessionAddress(next));
  };
  const shown = list.value.value;
  const trees = newestFirst(sessionTrees(shown?.data ?? []));
  return (
    <>
      <div class="heading">
        <h1>Sessions</h1>
        <button
          type="button"
          class="primary"
          onClick={() => {
            minting.value = true;
          }}
        >
          New session
        </button>
      </div>
      <Filters choice={choice.value} choose={choose} />
      {list.problem.value !== undefined && (
        <Notice kind="error" title="The sessions could not be loaded" retry={list.again}>
          <p>{list.problem.value}</p>
        </Notice>
      )}
      <LiveStopped following={following} />
      {shown === undefined && list.problem.value === undefined && <Skeleton rows={4} />}
      {shown?.data.length === 0 && (
        <Notice
          kind="info"
          title={`${state === undefined ? 'No' : `No ${state}`} sessions ${subject === '' ? 'yet' : 'of this user'}`}
        >
          <p>
            An agent needs a session to connect. Make one with “New session”, by{' '}
            <code>countersign session mint</code>, or let a client connect by its plain address.
          </p>
        </Notice>
      )}
      <ul class="fleet" aria-label="Sessions">
        {trees.map((node) => (
          <SessionBranch key={node.session.id} node={node} me={me} now={shell.now.value} open={false} />
        ))}
      </ul>
      {shown?.more && (
        <button
          type="button"
          onClick={() => {
            pages.value += 1;
          }}
        >
          Show older
        </button>
      )}
      {minting.value && (
        <Mint
          shell={shell}
          close={(id) => {
            minting.value = false;
            if (id !== undefined) shell.go(`/sessions/${id}`);
          }}
        />
      )}
    </>
  );
}
