import type { Job, JobScope, JobState } from '../../../sdk/jobs.ts';
import type { LogEntry } from '../../../sdk/log-entry.ts';

export const JOB_WORDS: Readonly<Record<JobState, string>> = {
  waiting: 'waits for a person',
  working: 'working',
  input_required: 'wants an answer',
  completed: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
  unknown: 'outcome unknown',
};

export const SOURCE_WORDS: Readonly<Record<Job['source'], string>> = {
  call: 'a call that outlasted its agent',
  approval: 'a call that a person decides',
  task: 'a task of the server’s own',
  poll: 'work that the server is asked about',
};

const STOP_WORDS: Readonly<Record<NonNullable<Job['cancelStanding']>, string>> = {
  undelivered: 'Told to stop, not heard yet',
  delivered: 'Told to stop',
  refused: 'Cannot be stopped',
};

/** What came of the wish that it stops; undefined while nobody had it. */
export function stopWords(job: Pick<Job, 'cancelRequestedAt' | 'cancelStanding'>): string | undefined {
  if (job.cancelRequestedAt === null) return undefined;
  return STOP_WORDS[job.cancelStanding ?? 'delivered'];
}

/** Which jobs the list shows. */
export interface JobChoice {
  readonly state: JobState | undefined;
  readonly subject: string;
  /** A session's id, from a link. */
  readonly session: string;
}

/** The choice that an address makes. */
export function readJobChoice(query: string): JobChoice {
  const given = new URLSearchParams(query);
  const state = Object.keys(JOB_WORDS).find((one) => one === given.get('state'));
  return {
    state: state as JobState | undefined,
    subject: given.get('subject') ?? '',
    session: given.get('session') ?? '',
  };
}

/** The address of a choice. */
export function jobAddress({ state, subject, session }: JobChoice): string {
  const query = new URLSearchParams();
  if (state !== undefined) query.set('state', state);
  if (subject !== '') query.set('subject', subject);
  if (session !== '') query.set('session', session);
  return query.size === 0 ? '/jobs' : `/jobs?${query}`;
}

/** The part of a choice that the stream of events takes. */
export function scopeOfChoice({ subject, session }: JobChoice): JobScope {
  return {
    subject: subject === '' ? undefined : subject,
    session: session === '' ? undefined : session,
  };
}

/**
 * The list after something happened to a job: it stays in its place, a new one comes first. One that is no longer in
 * the chosen state stays too, so that nothing jumps away under the eyes; it is gone when the list is loaded anew.
 */
export function withJob(jobs: readonly Job[], job: Job, choice: JobChoice): readonly Job[] {
  if (jobs.some(({ id }) => id === job.id)) return jobs.map((one) => (one.id === job.id ? job : one));
  return choice.state === undefined || choice.state === job.state ? [job, ...jobs] : jobs;
}

/** How much of it is done, from 0 to 1; undefined when nobody says how much there is. */
export function fractionOf({ progress }: Pick<Job, 'progress'>): number | undefined {
  if (progress === null || progress.total === null || !(progress.total > 0)) return undefined;
  return Math.min(1, Math.max(0, progress.progress / progress.total));
}

/** `3 of 8`, `12`; undefined when there is no progress to tell of. */
export function progressText({ progress }: Pick<Job, 'progress'>): string | undefined {
  if (progress === null) return undefined;
  return progress.total === null ? `${progress.progress}` : `${progress.progress} of ${progress.total}`;
}

/** What the ledger says of one job, in its order, each entry once. Entries that name another job are left out. */
export function timelineOf(entries: readonly LogEntry[], jobId: string): LogEntry[] {
  const own = entries.filter(({ body }) => body.job === undefined || body.job === jobId);
  return [...new Map(own.map((entry) => [entry.seq, entry])).values()].sort((a, b) => a.seq - b.seq);
}
