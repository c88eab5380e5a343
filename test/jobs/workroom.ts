import { onTestFinished } from 'vitest';
import { cancelApproval } from '../../src/approvals/settle-by-hand.ts';
import { createChangeSignal } from '../../src/approvals/wait.ts';
import { type FindDeps, listJobs } from '../../src/jobs/find.ts';
import type { Job } from '../../src/jobs/job.ts';
import { type EraseJobsDeps, eraseDueJobs, eraseEndedJobs } from '../../src/jobs/redaction/erase.ts';
import type { JobFilter } from '../../src/jobs/store.ts';
import { createJobs, type Tracker } from '../../src/jobs/track.ts';
import type { Entry } from '../../src/ledger/entry.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { queryEntries } from '../../src/ledger/query.ts';
import { redactedEntry } from '../../src/ledger/redact/erase.ts';
import { type Desk, openDesk } from '../approvals/desk.ts';

export const KEEP_MS = 60_000;

/** The jobs of one desk: its database, ledger and clock, and its approvals beside them. */
export interface Workroom {
  readonly desk: Desk;
  readonly jobs: Tracker;
  readonly find: FindDeps;
  /** Jobs as the next process finds them; `ledger` may be one with faults. */
  reopened(ledger?: Ledger): Tracker;
  begin(more?: Partial<Parameters<Tracker['create']>[0]>): Promise<Job>;
  list(filter?: Partial<JobFilter>): Promise<string[]>;
  /** The entries of jobs, oldest first. */
  entries(type?: string): Promise<readonly Entry[]>;
  erase(ids: readonly string[]): ReturnType<typeof eraseEndedJobs>;
  sweep(): Promise<number>;
  pass(ms: number): void;
}

export async function openWorkroom(): Promise<Workroom> {
  const desk = await openDesk();
  const { database, ledger, now, newId, random } = desk.office.deps;
  const find: FindDeps = { database, workspace: 'default', now, key: new Uint8Array(32).fill(9) };
  const signal = createChangeSignal();
  const reported: unknown[] = [];
  const reopened = (writing: Ledger = ledger): Tracker =>
    createJobs({
      ...find,
      ledger: writing,
      newId,
      random,
      keepMs: KEEP_MS,
      signal,
      withdraw: ({ approvalId: id, by }) => cancelApproval(desk.byHand, { id, by, reason: 'Withdrawn.' }),
      report: (error) => reported.push(error),
    });
  const jobs = reopened();
  const erasing: EraseJobsDeps = { database, ledger, now, redactedEntry };
  onTestFinished(() => {
    if (reported.length > 0) throw reported[0];
  });
  return {
    desk,
    jobs,
    find,
    reopened,
    begin: (more = {}) =>
      jobs.create({
        source: 'call',
        session: desk.session,
        server: 'lab',
        tool: 'study',
        exposed: 'study',
        callId: 'req_1',
        ...more,
      }),
    list: async (filter = {}) => (await listJobs(find, { limit: 50, ...filter })).map(({ id }) => id),
    entries: async (type = 'job.*') =>
      (await queryEntries(database, { type, order: 'asc', limit: 200 })).entries,
    erase: (ids) => eraseEndedJobs(erasing, ids, { reason: 'requested', principal: 'api_key:key_1' }),
    sweep: () => eraseDueJobs(erasing),
    pass: (ms) => desk.office.advance(ms),
  };
}
