import { isJobEnded, type Job } from '../../../../sdk/jobs.ts';
import { fractionOf, JOB_WORDS, progressText, stopWords } from '../../model/job-words.ts';
import { TextOf } from '../text-of.tsx';
import { Badge } from './badge.tsx';
import { Moment } from './moment.tsx';

/** How far the work is, as its server tells it: a bar where there is a whole, and its own words marked as such. */
export function JobProgress({ job }: { job: Job }) {
  const fraction = fractionOf(job);
  const text = progressText(job);
  if (text === undefined) return null;
  const message = job.progress?.message ?? null;
  return (
    <span class="progress-of">
      {fraction !== undefined && <progress class="bar-of" aria-label="Progress" max={1} value={fraction} />}{' '}
      {text}
      {message !== null && (
        <>
          {' · '}
          <TextOf text={message} />
        </>
      )}
    </span>
  );
}

/** One line of a list of jobs, a link to its page. */
export function JobRow({ job, now }: { job: Job; now: number }) {
  const ended = isJobEnded(job);
  const stop = stopWords(job);
  return (
    <li>
      <a href={`/jobs/${job.id}`}>
        <span class="first">
          <Badge state={job.state} words={JOB_WORDS[job.state]} />{' '}
          <strong>
            <TextOf text={`${job.server}/${job.tool}`} />
          </strong>
        </span>
        {!ended && <JobProgress job={job} />}
        <span class="meta">
          <code>{job.id}</code>
          <span>
            for <TextOf text={job.subject} />
          </span>
          {stop !== undefined && !ended && <strong>{stop}</strong>}
          <span>
            {ended ? 'ended ' : 'began '}
            <Moment at={job.endedAt ?? job.createdAt} now={now} />
          </span>
          {job.reason !== null && (
            <span class="cut">
              <TextOf text={job.reason} />
            </span>
          )}
        </span>
      </a>
    </li>
  );
}
