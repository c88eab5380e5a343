import { describe, expect, it } from 'vitest';
import {
  fractionOf,
  jobAddress,
  progressText,
  readJobChoice,
  stopWords,
  timelineOf,
  withJob,
} from '../../src/dashboard/browser/model/job-words.ts';
import {
  callsText,
  countBelow,
  mintInputFrom,
  newestFirst,
  readSessionChoice,
  sessionAddress,
} from '../../src/dashboard/browser/model/session-words.ts';
import type { Job } from '../../src/sdk/jobs.ts';
import type { LogEntry } from '../../src/sdk/log-entry.ts';
import { sessionTrees } from '../../src/sdk/session-tree.ts';
import type { Session } from '../../src/sdk/sessions.ts';

function session(id: string, parent: string | null, minute: number): Session {
  const createdAt = `2026-01-01T00:${String(minute).padStart(2, '0')}:00Z`;
  return { id, parent, createdAt, depth: parent === null ? 0 : 1 } as Session;
}

function job(id: string, state: Job['state']): Job {
  return { id, state, progress: null } as Job;
}

describe('sessions on the page', () => {
  const all = [
    session('ses_old', null, 1),
    session('ses_child', 'ses_old', 2),
    session('ses_grandchild', 'ses_child', 3),
    session('ses_second', 'ses_old', 4),
    session('ses_orphan', 'ses_elsewhere', 5),
    session('ses_new', null, 6),
  ];

  it('stand under the one that they were narrowed from, the newest tree first', () => {
    const trees = newestFirst(sessionTrees([...all].reverse()));
    expect(trees.map((node) => node.session.id)).toEqual(['ses_new', 'ses_orphan', 'ses_old']);
    const old = trees[2];
    expect(old?.children.map((node) => node.session.id)).toEqual(['ses_child', 'ses_second']);
    expect(old && countBelow(old)).toBe(3);
  });

  it('are those in force unless the address says otherwise, and the address brings the choice back', () => {
    expect(readSessionChoice('')).toEqual({ state: 'active', subject: '' });
    expect(readSessionChoice('?state=all&subject=a%26b')).toEqual({ state: undefined, subject: 'a&b' });
    expect(readSessionChoice('?state=nonsense').state).toBe('active');
    for (const choice of [
      { state: undefined, subject: 'a&b' },
      { state: 'revoked', subject: '' },
      { state: 'active', subject: '' },
    ] as const) {
      const address = sessionAddress(choice);
      expect(readSessionChoice(address.slice('/sessions'.length))).toEqual(choice);
    }
  });

  it('are asked for with exactly what the form says', () => {
    const filled = { lifetime: '3600000', labels: 'team=growth env=dev', cap: ' 12 ' };
    const form = (more: Partial<typeof filled> = {}) => {
      const data = new FormData();
      for (const [name, value] of Object.entries({ ...filled, ...more })) data.set(name, value);
      return data;
    };
    expect(mintInputFrom(['oracle/*'], form())).toEqual({
      tools: ['oracle/*'],
      ttlMs: 3_600_000,
      labels: { team: 'growth', env: 'dev' },
      callCap: 12,
    });
    expect(mintInputFrom(['*'], form({ cap: '' })).callCap).toBeUndefined();
    for (const cap of ['0', '-1', '1.5', '1e3', 'many', '99999999999999999999'])
      expect(() => mintInputFrom(['*'], form({ cap })), cap).toThrow(/^Calls at most: expected/);
    expect(() => mintInputFrom(['*'], form({ labels: 'growth' }))).toThrow(/name=value/);
  });

  it('count their calls against their cap', () => {
    expect(callsText({ calls: 1, callCap: null })).toBe('1 call');
    expect(callsText({ calls: 0, callCap: null })).toBe('0 calls');
    expect(callsText({ calls: 1, callCap: 1 })).toBe('1 of 1 calls');
  });
});

describe('jobs on the page', () => {
  const everything = { state: undefined, subject: '', session: '' };

  it('keep their place when something happens to them, and new ones come first', () => {
    const jobs = [job('job_b', 'working'), job('job_a', 'working')];
    const after = withJob(jobs, job('job_a', 'completed'), everything);
    expect(after.map(({ id, state }) => `${id} ${state}`)).toEqual(['job_b working', 'job_a completed']);
    expect(withJob(jobs, job('job_c', 'working'), everything)[0]?.id).toBe('job_c');
  });

  it('of a chosen state take in no others, but one that was shown stays where it was', () => {
    const working = { ...everything, state: 'working' } as const;
    expect(withJob([], job('job_a', 'waiting'), working)).toEqual([]);
    expect(withJob([job('job_a', 'working')], job('job_a', 'failed'), working)).toEqual([
      job('job_a', 'failed'),
    ]);
  });

  it('are chosen by an address, which brings the choice back', () => {
    const choice = { state: 'input_required', subject: 'ann', session: 'ses_1' } as const;
    expect(readJobChoice(jobAddress(choice).slice('/jobs'.length))).toEqual(choice);
    expect(jobAddress(everything)).toBe('/jobs');
    expect(readJobChoice('?state=done')).toEqual(everything);
  });

  it('have a bar only where their server says how much there is, and never beyond its ends', () => {
    const at = (progress: number, total: number | null) => ({ progress: { progress, total, message: null } });
    expect(fractionOf(at(1, 4))).toBe(0.25);
    expect(fractionOf(at(9, 4))).toBe(1);
    expect(fractionOf(at(-1, 4))).toBe(0);
    expect(fractionOf(at(3, null))).toBeUndefined();
    expect(fractionOf(at(3, 0))).toBeUndefined();
    expect(progressText(at(3, null))).toBe('3');
    expect(progressText(at(3, 8))).toBe('3 of 8');
    expect(progressText({ progress: null })).toBeUndefined();
  });

  it('have a timeline of their own entries, each once and in the order of the ledger', () => {
    const entry = (seq: number, body: object) => ({ seq, body }) as LogEntry;
    const found = timelineOf(
      [entry(9, { job: 'job_1' }), entry(3, {}), entry(9, { job: 'job_1' }), entry(5, { job: 'job_2' })],
      'job_1',
    );
    expect(found.map(({ seq }) => seq)).toEqual([3, 9]);
  });
});

it('a job says whether its server has heard that it is to stop', () => {
  const at = '2026-01-01T00:00:00Z';
  expect(stopWords({ cancelRequestedAt: null, cancelStanding: null })).toBeUndefined();
  expect(stopWords({ cancelRequestedAt: at, cancelStanding: null })).toBe('Told to stop');
  expect(stopWords({ cancelRequestedAt: at, cancelStanding: 'delivered' })).toBe('Told to stop');
  expect(stopWords({ cancelRequestedAt: at, cancelStanding: 'undelivered' })).toBe(
    'Told to stop, not heard yet',
  );
  expect(stopWords({ cancelRequestedAt: at, cancelStanding: 'refused' })).toBe('Cannot be stopped');
});
