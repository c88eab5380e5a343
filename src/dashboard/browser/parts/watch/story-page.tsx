import { useEffect } from 'preact/hooks';
import type { LogEntry } from '../../../../sdk/log-entry.ts';
import { type TimelineItem, timelineOf } from '../../../../sdk/timeline.ts';
import { useGathered, useLive, useLoaded } from '../../load.ts';
import { loadNames, type Names } from '../../load-names.ts';
import { entryWords } from '../../model/entry-words.ts';
import { entryNotes } from '../../model/log-pages.ts';
import type { Shell } from '../../shell.ts';
import { Exact } from '../exact.tsx';
import { LiveStopped } from '../fleet/live-stopped.tsx';
import { Moment } from '../fleet/moment.tsx';
import { Lasting } from '../lasting.tsx';
import { Notice } from '../notice.tsx';
import { Skeleton } from '../skeleton.tsx';
import { TextOf } from '../text-of.tsx';
import { VerdictBadge } from './log-rows.tsx';

const MOST = 200;

function scopeOf(id: string): { approval: string } | { call: string } {
  return id.startsWith('apr_') ? { approval: id } : { call: id };
}

function Facts({ item, names }: { item: TimelineItem; names: Names | undefined }) {
  return (
    <section class="card facts" aria-label="In short">
      <dl>
        <div>
          <dt>What</dt>
          <dd>
            <TextOf text={item.action ?? item.type} />
          </dd>
        </div>
        {item.verdict !== null && (
          <div>
            <dt>Policy found</dt>
            <dd>
              <VerdictBadge verdict={item.verdict} />{' '}
              {item.rule === null ? 'by default' : <TextOf text={item.rule} />}
              {item.risk !== null && (
                <>
                  , risk <TextOf text={item.risk} />
                </>
              )}
            </dd>
          </div>
        )}
        {item.decisions.map((decision) => (
          <div key={decision.at + decision.by}>
            <dt>{decision.decision === 'approve' ? 'Approved by' : 'Denied by'}</dt>
            <dd>
              <span title={decision.by}>
                <TextOf text={names?.get(decision.by) ?? decision.by} />
              </span>
              , <Exact at={decision.at} />
              {decision.breakGlass && ', breaking the glass'}
              {decision.reason !== null && (
                <>
                  : <TextOf text={decision.reason} />
                </>
              )}
            </dd>
          </div>
        ))}
        {item.waitedMs !== null && (
          <div>
            <dt>Waited</dt>
            <dd>
              <Lasting ms={item.waitedMs} fine />
            </dd>
          </div>
        )}
        {item.tookMs !== null && (
          <div>
            <dt>The server took</dt>
            <dd>
              <Lasting ms={item.tookMs} fine />
            </dd>
          </div>
        )}
        <div>
          <dt>How it ended</dt>
          <dd>
            <strong>{item.outcome === null ? 'not yet' : <TextOf text={item.outcome} />}</strong>
            {item.reason !== null && (
              <>
                {' '}
                (<TextOf text={item.reason} />)
              </>
            )}
          </dd>
        </div>
      </dl>
    </section>
  );
}

function Step({ entry, from, now }: { entry: LogEntry; from: number; now: number }) {
  return (
    <li>
      <a href={`/logs/${entry.seq}`} aria-label={`Entry ${entry.seq}`}>
        {entry.seq}
      </a>
      <span>
        {entryWords(entry)}{' '}
        <code>
          <TextOf text={entry.type} />
        </code>
        {entryNotes(entry).map((note) => (
          <span key={note} class="note">
            <TextOf text={note} />
          </span>
        ))}
      </span>
      <span class="fine">
        <Lasting ms={Math.max(0, Date.parse(entry.ts) - from)} before="+" fine />,{' '}
        <Moment at={entry.ts} now={now} />
      </span>
    </li>
  );
}

/** Everything that the ledger tells of one call or approval, in the order in which it happened, and as it goes on. */
export function StoryPage({ shell, id }: { shell: Shell; id: string }) {
  const { logs } = shell.api.client;
  const found = useLoaded(shell, undefined, () => logs.query({ ...scopeOf(id), order: 'asc', limit: MOST }));
  const names = useLoaded(shell, 'names', () => loadNames(shell));
  const reload = useGathered(() => void found.again());
  const following = useLive(shell, id, {
    load: found.again,
    open: (options) => logs.stream(scopeOf(id), options),
    take: reload,
  });
  useEffect(() => {
    document.title = `${id} · Countersign`;
  }, [id]);
  const entries = found.value.value?.data;
  const [item] = timelineOf(entries ?? []);
  const from = Date.parse(entries?.[0]?.ts ?? '');
  return (
    <>
      <p>
        <a href="/logs">← Logs</a>
      </p>
      <h1>What happened to {id}</h1>
      {found.problem.value !== undefined && (
        <Notice kind="error" title="The entries could not be loaded" retry={found.again}>
          <p>{found.problem.value}</p>
        </Notice>
      )}
      <LiveStopped following={following} />
      {entries === undefined && found.problem.value === undefined && <Skeleton rows={3} />}
      {entries?.length === 0 && (
        <Notice kind="info" title="The log tells nothing of it">
          <p>
            Look whether the id is whole: calls begin with <code>req_</code>, approvals with <code>apr_</code>
            .
          </p>
        </Notice>
      )}
      {item !== undefined && entries !== undefined && (
        <>
          {id.startsWith('apr_') && (
            <p>
              <a href={`/approvals/${id}`}>Open the approval</a>
            </p>
          )}
          <Facts item={item} names={names.value.value} />
          <section class="card" aria-labelledby="steps">
            <h2 id="steps">Step by step</h2>
            <ol class="entries" aria-label="Steps">
              {entries.map((entry) => (
                <Step key={entry.seq} entry={entry} from={from} now={shell.now.value} />
              ))}
            </ol>
            {found.value.value?.hasMore && <p>The first {MOST} entries are shown.</p>}
          </section>
        </>
      )}
    </>
  );
}
