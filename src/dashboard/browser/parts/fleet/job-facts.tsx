import type { Job } from '../../../../sdk/jobs.ts';
import { JOB_WORDS, SOURCE_WORDS } from '../../model/job-words.ts';
import { Exact } from '../exact.tsx';
import { TextOf } from '../text-of.tsx';
import { Badge } from './badge.tsx';
import { JobProgress } from './job-row.tsx';
import { Moment } from './moment.tsx';
import { Fact, SessionLinkTo } from './session-facts.tsx';

/** What a job is, how it stands, and whose it is. */
export function JobFacts({ job, now }: { job: Job; now: number }) {
  return (
    <section class="card facts" aria-label="The job">
      <dl>
        <Fact name="State">
          <Badge state={job.state} words={JOB_WORDS[job.state]} />{' '}
          {job.reason !== null && <TextOf text={job.reason} />}
        </Fact>
        {job.progress !== null && (
          <Fact name="Progress">
            <JobProgress job={job} /> <span class="untrusted">told by the server</span>
          </Fact>
        )}
        <Fact name="Tool">
          <code>
            <TextOf text={`${job.server}/${job.tool}`} />
          </code>
        </Fact>
        <Fact name="It is">{SOURCE_WORDS[job.source]}</Fact>
        <Fact name="For">
          <code>
            <TextOf text={job.subject} />
          </code>
          {job.session !== null && (
            <>
              {' in '}
              <SessionLinkTo id={job.session} />
            </>
          )}
        </Fact>
        {job.approval !== null && (
          <Fact name="Decision">
            <a href={`/approvals/${job.approval}`}>
              <code>{job.approval}</code>
            </a>
          </Fact>
        )}
        <Fact name="Began">
          <Moment at={job.createdAt} now={now} /> (<Exact at={job.createdAt} />)
        </Fact>
        {job.endedAt !== null && (
          <Fact name="Ended">
            <Moment at={job.endedAt} now={now} /> (<Exact at={job.endedAt} />)
          </Fact>
        )}
        {job.keepUntil !== null && (
          <Fact name="Erased">
            <Moment at={job.keepUntil} now={now} /> (<Exact at={job.keepUntil} />)
          </Fact>
        )}
      </dl>
    </section>
  );
}
