import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { isCountersignApiError } from '../../../../sdk/api-error.ts';
import { sessionTrees } from '../../../../sdk/session-tree.ts';
import type { Me } from '../../api.ts';
import { useGathered, useLive, useLoaded, useRepeated } from '../../load.ts';
import type { Shell } from '../../shell.ts';
import { ApprovalRow } from '../approval-row.tsx';
import { Notice } from '../notice.tsx';
import { Skeleton } from '../skeleton.tsx';
import { Entries } from './entries.tsx';
import { JobRow } from './job-row.tsx';
import { LiveStopped } from './live-stopped.tsx';
import { Revoke } from './revoke.tsx';
import { SessionFacts } from './session-facts.tsx';
import { SessionBranch } from './session-row.tsx';

const RECENT = 20;
const ASK_AGAIN_MS = 15_000;

/** All that is known of one session, live, and the way to end it. */
export function SessionPage({ shell, me, id }: { shell: Shell; me: Me; id: string }) {
  const revoking = useSignal(false);
  const { sessions, approvals, jobs, logs } = shell.api.client;
  const found = useLoaded(shell, undefined, async () => {
    const [session, tree, held, work, entries] = await Promise.all([
      sessions.get(id).catch((error: unknown) => {
        if (isCountersignApiError(error) && error.status === 404) return undefined;
        throw error;
      }),
      sessions.list({ tree: id, limit: 200 }),
      approvals.list({ session: id, limit: RECENT }),
      jobs.list({ session: id, limit: RECENT }),
      logs.query({ session: id, limit: RECENT }),
    ]);
    return { session, tree: tree.data, held, work, entries };
  });
  const reload = useGathered(() => void found.again());
  const following = useLive(shell, id, {
    load: found.again,
    open: (options) => logs.stream({ session: id }, options),
    take: reload,
  });
  // That it expires comes on no stream.
  useRepeated(ASK_AGAIN_MS, reload);
  useEffect(() => {
    document.title = `Session ${id} · Countersign`;
  }, [shell, id]);

  const now = shell.now.value;
  const shown = found.value.value;
  const session = shown?.session;
  const below = sessionTrees(shown?.tree ?? []).find((node) => node.session.id === id)?.children ?? [];
  return (
    <article>
      <p>
        <a href="/sessions">← Sessions</a>
      </p>
      <div class="heading">
        <h1>
          Session <code>{id}</code>
        </h1>
        {session?.state === 'active' && (
          <button
            type="button"
            class="danger"
            onClick={() => {
              revoking.value = true;
            }}
          >
            Revoke…
          </button>
        )}
      </div>
      {found.problem.value !== undefined && (
        <Notice kind="error" title="The session could not be loaded" retry={found.again}>
          <p>{found.problem.value}</p>
        </Notice>
      )}
      <LiveStopped following={following} />
      {shown === undefined && found.problem.value === undefined && <Skeleton rows={4} />}
      {shown !== undefined && session === undefined && (
        <Notice kind="error" title="There is no such session">
          <p>
            The link may be cut off. <a href="/sessions?state=all">See all sessions</a>.
          </p>
        </Notice>
      )}
      {shown !== undefined && session !== undefined && (
        <>
          <SessionFacts session={session} me={me} now={now} />
          {below.length > 0 && (
            <section aria-label="Narrowed from it">
              <h2>Narrowed from it</h2>
              <ul class="fleet">
                {below.map((node) => (
                  <SessionBranch key={node.session.id} node={node} me={me} now={now} open />
                ))}
              </ul>
            </section>
          )}
          <section aria-label="Held calls">
            <h2>Held calls</h2>
            {shown.held.data.length === 0 && <p class="fine">Policy has held none of its calls.</p>}
            <ul class="rows">
              {shown.held.data.map((approval) => (
                <ApprovalRow key={approval.id} approval={approval} now={now} />
              ))}
            </ul>
            {shown.held.hasMore && <p class="fine">The newest {RECENT} are shown.</p>}
          </section>
          <section aria-label="Jobs">
            <h2>Jobs</h2>
            {shown.work.data.length === 0 && <p class="fine">No call of it has outlasted its agent.</p>}
            <ul class="fleet">
              {shown.work.data.map((job) => (
                <JobRow key={job.id} job={job} now={now} />
              ))}
            </ul>
            {shown.work.hasMore && (
              <p>
                <a href={`/jobs?session=${id}`}>All jobs of this session</a>
              </p>
            )}
          </section>
          <section aria-label="On the ledger">
            <h2>On the ledger</h2>
            <Entries entries={shown.entries.data} now={now} label="Newest entries" />
            <p>
              <a href={`/logs?session=${id}`}>All entries of this session</a>
            </p>
          </section>
        </>
      )}
      {revoking.value && session !== undefined && (
        <Revoke
          shell={shell}
          session={session}
          close={(done) => {
            revoking.value = false;
            if (done) void found.again();
          }}
        />
      )}
    </article>
  );
}
