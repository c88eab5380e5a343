import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { isCountersignApiError } from '../../../../sdk/api-error.ts';
import { isJobEnded, type JobDetail } from '../../../../sdk/jobs.ts';
import { useGathered, useLive, useLoaded } from '../../load.ts';
import { stopWords, timelineOf } from '../../model/job-words.ts';
import type { Shell } from '../../shell.ts';
import { Notice } from '../notice.tsx';
import { Skeleton } from '../skeleton.tsx';
import { Confirm } from './confirm.tsx';
import { Entries } from './entries.tsx';
import { JobFacts } from './job-facts.tsx';
import { LiveStopped } from './live-stopped.tsx';
import { Lines } from './tool-diff.tsx';

const ENTRIES = 200;

async function load(shell: Shell, id: string) {
  const { jobs, logs } = shell.api.client;
  const job = await jobs.get(id).catch((error: unknown) => {
    if (isCountersignApiError(error) && error.status === 404) return undefined;
    throw error;
  });
  if (job === undefined) return { job, timeline: [] };
  const { call, approval, session } = job;
  const page = { order: 'asc', limit: ENTRIES } as const;
  const asked = [
    ...(call === null ? [] : [logs.query({ ...page, call })]),
    ...(approval === null ? [] : [logs.query({ ...page, approval })]),
    ...(call !== null || approval !== null || session === null
      ? []
      : [logs.query({ ...page, session, type: 'job.*' })]),
  ];
  const entries = (await Promise.all(asked)).flatMap(({ data }) => data);
  return { job, timeline: timelineOf(entries, id) };
}

/** The server's JSON with a line for each member; our own notes as they are. */
function readable({ kind, text }: NonNullable<JobDetail['result']>): string {
  return kind === 'note' ? text : JSON.stringify(JSON.parse(text), null, 2);
}

function Result({ job }: { job: JobDetail }) {
  const { result } = job;
  if (result === null) return null;
  return (
    <section class="card" aria-labelledby="job-result">
      <h2 id="job-result">
        {result.kind === 'error' ? 'The server’s error' : 'Result'}{' '}
        {result.kind !== 'note' && <span class="untrusted">written by the server</span>}
      </h2>
      <pre class="result">
        <Lines text={readable(result)} />
      </pre>
    </section>
  );
}

/** One piece of work: how far it is, what happened to it, and the way to end it. */
export function JobPage({ shell, id }: { shell: Shell; id: string }) {
  const cancelling = useSignal(false);
  const { jobs } = shell.api.client;
  const found = useLoaded(shell, undefined, () => load(shell, id));
  const reload = useGathered(() => void found.again());
  const following = useLive(shell, id, {
    load: found.again,
    open: (options) => jobs.events({ session: found.value.value?.job?.session ?? undefined }, options),
    take: ({ job }) => {
      if (job.id === id) reload();
    },
  });
  useEffect(() => {
    document.title = `Job ${id} · Countersign`;
  }, [id]);

  const now = shell.now.value;
  const shown = found.value.value;
  const job = shown?.job;
  const canCancel = job !== undefined && !isJobEnded(job);
  return (
    <article>
      <p>
        <a href="/jobs">← Jobs</a>
      </p>
      <div class="heading">
        <h1>
          Job <code>{id}</code>
        </h1>
        {canCancel && (
          <button
            type="button"
            class="danger"
            disabled={job.cancelRequestedAt !== null}
            onClick={() => {
              cancelling.value = true;
            }}
          >
            {stopWords(job) ?? 'Cancel…'}
          </button>
        )}
      </div>
      {found.problem.value !== undefined && (
        <Notice kind="error" title="The job could not be loaded" retry={found.again}>
          <p>{found.problem.value}</p>
        </Notice>
      )}
      <LiveStopped following={following} />
      {shown === undefined && found.problem.value === undefined && <Skeleton rows={4} />}
      {shown !== undefined && job === undefined && (
        <Notice kind="error" title="There is no such job">
          <p>
            The link may be cut off, or the job was kept for its time and is erased.{' '}
            <a href="/jobs">See all jobs</a>.
          </p>
        </Notice>
      )}
      {shown !== undefined && job !== undefined && (
        <>
          <JobFacts job={job} now={now} />
          <Result job={job} />
          <section aria-labelledby="job-timeline">
            <h2 id="job-timeline">Timeline</h2>
            <Entries entries={shown.timeline} now={now} label="What happened, oldest first" />
            {job.session !== null && (
              <p>
                <a href={`/logs?session=${job.session}`}>All entries of its session</a>
              </p>
            )}
          </section>
        </>
      )}
      {cancelling.value && canCancel && (
        <Confirm
          shell={shell}
          title="Cancel this job?"
          action="Cancel the job"
          danger
          act={() => jobs.cancel(id)}
          close={(done) => {
            cancelling.value = false;
            if (done) void found.again();
          }}
        >
          <p>
            {job.state === 'waiting'
              ? 'The call that waits for a decision is withdrawn. Nothing is sent.'
              : 'The server is told to stop. It may be too late: what it has done by then stays done.'}
          </p>
        </Confirm>
      )}
    </article>
  );
}
