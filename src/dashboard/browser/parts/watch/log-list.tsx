import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { LogEntry } from '../../../../sdk/log-entry.ts';
import { useLive, useLoaded } from '../../load.ts';
import { exportAddress, filterOf, type LogChoice } from '../../model/log-choice.ts';
import { FOLLOWED, withNewer } from '../../model/log-pages.ts';
import type { Shell } from '../../shell.ts';
import { LiveStopped } from '../fleet/live-stopped.tsx';
import { Notice } from '../notice.tsx';
import { Skeleton } from '../skeleton.tsx';
import { LogRows } from './log-rows.tsx';

const PAGE = 100;
const FORMATS = { ndjson: 'NDJSON', csv: 'CSV', cef: 'CEF' } as const;

interface FollowProps {
  readonly shell: Shell;
  readonly choice: LogChoice;
  readonly load: () => Promise<void>;
  readonly take: (entry: LogEntry) => void;
}

function Follow({ shell, choice, load, take }: FollowProps) {
  const following = useLive(shell, 'follow', {
    load,
    open: (options) => shell.api.client.logs.stream(filterOf(choice), options),
    take,
  });
  return <LiveStopped following={following} />;
}

/** Links, not requests of this page: the browser writes the file as it comes, however long it is. */
function Export({ choice }: { choice: LogChoice }) {
  return (
    <details class="export">
      <summary>Export</summary>
      <p>
        What is chosen, oldest first:{' '}
        {Object.entries(FORMATS).map(([format, label]) => (
          <a
            key={format}
            class="plain"
            target="_self"
            href={exportAddress(choice, format as keyof typeof FORMATS)}
            download={`countersign-logs.${format}`}
          >
            {label}
          </a>
        ))}
      </p>
      <p>
        To be verified without this gateway:{' '}
        <a
          class="plain"
          target="_self"
          href={exportAddress(choice, 'evidence')}
          download="countersign-evidence.ndjson"
        >
          the whole ledger
        </a>
        , then <code>countersign verify</code>. It holds no arguments.
      </p>
    </details>
  );
}

/** One page of what is chosen; or, while it follows, the newest as they come. Must be given the choice as its `key`. */
export function LogList({ shell, choice }: { shell: Shell; choice: LogChoice }) {
  const trail = useSignal<readonly string[]>([]);
  const following = useSignal(false);
  const entries = useSignal<readonly LogEntry[] | undefined>(undefined);
  const older = useSignal<string | null>(null);
  const { logs } = shell.api.client;

  const list = useLoaded(shell, JSON.stringify(trail.value), async () => {
    const cursor = trail.value.at(-1);
    const page = await logs.query({ ...filterOf(choice), limit: PAGE, cursor });
    entries.value = page.data;
    older.value = page.nextCursor;
    return page;
  });
  useEffect(() => {
    document.title = 'Logs · Countersign';
  }, [shell]);

  const toggle = () => {
    trail.value = [];
    following.value = !following.value;
    // What fell off the end while it followed is there again, and so is the way to what is older.
    if (!following.value) void list.again();
  };
  const turn = (next: readonly string[]) => {
    trail.value = next;
    window.scrollTo(0, 0);
  };
  const shown = entries.value;
  const cursor = older.value;
  return (
    <>
      <div class="log-bar">
        <button
          type="button"
          aria-pressed={following.value}
          disabled={choice.until !== undefined || shown === undefined}
          onClick={toggle}
        >
          {following.value ? 'Stop following' : 'Follow live'}
        </button>
        {following.value && (
          <span class="live live" role="status">
            Following; the newest {FOLLOWED} are kept here
          </span>
        )}
        <Export choice={choice} />
      </div>
      {list.problem.value !== undefined && (
        <Notice kind="error" title="The log could not be loaded" retry={list.again}>
          <p>{list.problem.value}</p>
        </Notice>
      )}
      {following.value && (
        <Follow
          shell={shell}
          choice={choice}
          load={list.again}
          take={(entry) => {
            entries.value = withNewer(entries.value ?? [], entry);
          }}
        />
      )}
      {shown === undefined && list.problem.value === undefined && <Skeleton rows={6} />}
      {shown?.length === 0 && (
        <Notice kind="info" title="No entries like this">
          <p>
            Nothing on the ledger fits what is chosen. Let go of a part of it above, or{' '}
            <a href="/logs">show everything</a>.
          </p>
        </Notice>
      )}
      <LogRows entries={shown ?? []} now={shell.now.value} />
      {!following.value && (
        <nav class="pages" aria-label="Pages">
          {trail.value.length > 0 && (
            <button type="button" onClick={() => turn(trail.value.slice(0, -1))}>
              Newer
            </button>
          )}
          {cursor !== null && (
            <button type="button" onClick={() => turn([...trail.value, cursor])}>
              Older
            </button>
          )}
        </nav>
      )}
    </>
  );
}
