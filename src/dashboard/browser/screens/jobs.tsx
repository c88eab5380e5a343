import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Job, JobState } from '../../../sdk/jobs.ts';
import { useLive, useLoaded } from '../load.ts';
import {
  JOB_WORDS,
  type JobChoice,
  jobAddress,
  readJobChoice,
  scopeOfChoice,
  withJob,
} from '../model/job-words.ts';
import { JobPage } from '../parts/fleet/job-page.tsx';
import { JobRow } from '../parts/fleet/job-row.tsx';
import { LiveStopped } from '../parts/fleet/live-stopped.tsx';
import { UserFilter } from '../parts/fleet/user-filter.tsx';
import { Notice } from '../parts/notice.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import type { ScreenProps, Shell } from '../shell.ts';

const PAGE = 50;

/** Work that outlasts its call, as it goes on; or one piece of it. */
export function Jobs({ shell, id }: ScreenProps) {
  return id === undefined ? <JobList shell={shell} /> : <JobPage key={id} shell={shell} id={id} />;
}

function Filters({ choice, choose }: { choice: JobChoice; choose: (next: JobChoice) => void }) {
  return (
    <form class="filters" onSubmit={(event) => event.preventDefault()}>
      <label>
        State
        <select
          value={choice.state ?? ''}
          onChange={(event) => {
            const { value } = event.currentTarget;
            choose({ ...choice, state: value === '' ? undefined : (value as JobState) });
          }}
        >
          <option value="">All</option>
          {Object.entries(JOB_WORDS).map(([state, words]) => (
            <option key={state} value={state}>
              {words}
            </option>
          ))}
        </select>
      </label>
      <UserFilter subject={choice.subject} choose={(subject) => choose({ ...choice, subject })} />
      {choice.session !== '' && (
        <p class="fine">
          Only of <code>{choice.session}</code>{' '}
          <button type="button" class="quiet" onClick={() => choose({ ...choice, session: '' })}>
            Show those of all sessions
          </button>
        </p>
      )}
    </form>
  );
}

function JobList({ shell }: { shell: Shell }) {
  const choice = useSignal(readJobChoice(location.search));
  const jobs = useSignal<readonly Job[] | undefined>(undefined);
  const cursor = useSignal<string | null>(null);
  const resource = shell.api.client.jobs;
  const key = jobAddress(choice.value);
  const scope = scopeOfChoice(choice.value);

  const page = (from: string | undefined) =>
    resource.list({ ...scope, state: choice.value.state, limit: PAGE, cursor: from });
  const list = useLoaded(shell, undefined, async () => {
    const found = await page(undefined);
    jobs.value = found.data;
    cursor.value = found.nextCursor;
    return found;
  });
  const older = useSignal<string | undefined>(undefined);
  const showOlder = async () => {
    try {
      const found = await page(cursor.value ?? undefined);
      const known = new Set((jobs.value ?? []).map(({ id }) => id));
      jobs.value = [...(jobs.value ?? []), ...found.data.filter(({ id }) => !known.has(id))];
      cursor.value = found.nextCursor;
      older.value = undefined;
    } catch (error) {
      older.value = shell.failed(error);
    }
  };
  const following = useLive(shell, key, {
    load: list.again,
    open: (options) => resource.events(scope, options),
    take: ({ job }) => {
      if (jobs.value !== undefined) jobs.value = withJob(jobs.value, job, choice.value);
    },
  });
  useEffect(() => {
    document.title = 'Jobs · Countersign';
  }, [shell]);

  const choose = (next: JobChoice) => {
    choice.value = next;
    jobs.value = undefined;
    history.replaceState(null, '', jobAddress(next));
  };
  const shown = jobs.value;
  const narrowed = key !== '/jobs';
  return (
    <>
      <h1>Jobs</h1>
      <Filters choice={choice.value} choose={choose} />
      {(list.problem.value ?? older.value) !== undefined && (
        <Notice kind="error" title="The jobs could not be loaded" retry={list.again}>
          <p>{list.problem.value ?? older.value}</p>
        </Notice>
      )}
      <LiveStopped following={following} />
      {shown === undefined && list.problem.value === undefined && <Skeleton rows={4} />}
      {shown?.length === 0 && (
        <Notice kind="info" title={narrowed ? 'No such jobs' : 'No jobs yet'}>
          <p>
            {narrowed
              ? 'Others may be there. Choose another state, or clear the user.'
              : 'A call becomes a job when it waits for a person or outlasts its agent. It appears here at once.'}
          </p>
        </Notice>
      )}
      <ul class="fleet" aria-label="Jobs">
        {(shown ?? []).map((job) => (
          <JobRow key={job.id} job={job} now={shell.now.value} />
        ))}
      </ul>
      {cursor.value !== null && (
        <button type="button" onClick={showOlder}>
          Show older
        </button>
      )}
    </>
  );
}
