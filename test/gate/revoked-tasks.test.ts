import { expect, onTestFinished, test } from 'vitest';
import type { DownstreamOutcome } from '../../src/downstream/catalog.ts';
import { createServerTasks, type FollowTasksDeps } from '../../src/gate/follow-tasks.ts';
import type { ServerTasks } from '../../src/gate/server-tasks.ts';
import type { Tracker } from '../../src/jobs/track.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { queryEntries } from '../../src/ledger/query.ts';
import { createSessionDirectory, type SessionDirectory } from '../../src/sessions/directory.ts';
import { openWorkroom, type Workroom } from '../jobs/workroom.ts';

const AWAY: DownstreamOutcome = { kind: 'not_sent', code: 'downstream_unavailable', reason: 'it is away' };

/** A session with a task at a server that is to be asked for it by one process, and then by the next one. */
async function setUp() {
  const room = await openWorkroom();
  const { database, ledger, now } = room.desk.office.deps;
  const server = { asked: [] as string[], isAway: false, status: 'working', cancels: true };
  const request = async ({ method }: { method: string }): Promise<DownstreamOutcome> => {
    if (server.isAway) return AWAY;
    server.asked.push(method);
    if (method === 'tasks/cancel' && !server.cancels)
      return { kind: 'error', raw: '{"code":-32601,"message":"Method not found"}' };
    if (method === 'tasks/cancel') server.status = 'cancelled';
    const task = { taskId: 'remote', status: server.status, pollIntervalMs: 200, result: { content: [] } };
    return { kind: 'result', raw: JSON.stringify(task), isError: false };
  };
  const reported: unknown[] = [];
  const process = (jobs: Tracker, { mayStillAct }: Pick<SessionDirectory, 'mayStillAct'>): ServerTasks => {
    const tasks = createServerTasks({
      downstreams: { request, catalog: () => ({ servers: [{ name: 'lab', era: 'modern' }] }) },
      jobs,
      mayStillAct,
      report: (error: unknown) => reported.push(error),
      now,
    } as unknown as FollowTasksDeps);
    onTestFinished(() => tasks.close());
    return tasks;
  };
  const thisProcess = (jobs = room.jobs): ServerTasks => process(jobs, room.desk.sessions);
  /** What the next process makes of it, which remembers nothing of this one. */
  async function nextStart(): Promise<Tracker> {
    const jobs = room.reopened();
    const sessions = createSessionDirectory({ workspace: 'default', database, ledger, now });
    await jobs.resume({ task: process(jobs, sessions).resume });
    return jobs;
  }
  const begin = () => room.begin({ source: 'task', remoteId: 'remote', tool: 'build', exposed: 'build' });
  const revoke = () =>
    room.desk.sessions.revoke({ id: room.desk.session.id, by: 'api_key:key_1', reason: 'over' });
  return { room, server, thisProcess, nextStart, begin, revoke, reported };
}

/** What the ledger says of the end of a job, without what differs by the job. */
async function endOnLedger(room: Workroom): Promise<unknown[]> {
  const { database } = room.desk.office.deps;
  const { entries } = await queryEntries(database, { type: '*', order: 'asc', limit: 200 });
  return entries
    .filter(({ type }) => type === 'call.outcome' || type === 'job.ended')
    .map(({ type, ref, body: { job: _job, ...body } }) => ({ type, principal: ref.principal, body }));
}

const CANCELLED = [
  {
    type: 'call.outcome',
    principal: undefined,
    body: { kind: 'unknown', reason: 'the server has cancelled the task' },
  },
  {
    type: 'job.ended',
    principal: undefined,
    body: {
      state: 'cancelled',
      reason: 'It was cancelled after it was sent; it may have run in part.',
    },
  },
];

test('a task is cancelled with its session by the process that follows it, durably first', async () => {
  const { room, server, thisProcess, begin, revoke } = await setUp();
  const tasks = thisProcess();
  room.desk.sessions.onEnded(tasks.endSession);
  const job = await begin();
  tasks.resume(job);
  await revoke();
  const ended = await room.jobs.wait({ id: job.id, timeoutMs: 10_000 });
  expect(ended).toMatchObject({ state: 'cancelled', cancelStanding: 'delivered' });
  expect(ended.cancelRequestedAt).toBeDefined();
  expect(server.asked).toEqual(['tasks/cancel', 'tasks/get']);
  expect(await endOnLedger(room)).toEqual(CANCELLED);
});

test('a task whose session was revoked before a crash is cancelled by the next start, with the same entries', async () => {
  const { room, server, nextStart, begin, revoke } = await setUp();
  const job = await begin();
  await revoke();
  const jobs = await nextStart();
  expect(await jobs.wait({ id: job.id, timeoutMs: 10_000 })).toMatchObject({ state: 'cancelled' });
  expect(server.asked[0]).toBe('tasks/cancel');
  expect(await endOnLedger(room)).toEqual(CANCELLED);
});

test('a task of a session narrowed from one that was revoked before a crash is cancelled too', async () => {
  const { room, server, nextStart, revoke } = await setUp();
  const child = await room.desk.mint();
  await room.desk.office.deps.ledger.commit({
    then: [
      {
        sql: 'UPDATE session SET parent_id = ? WHERE id = ?',
        params: [room.desk.session.id, child.id],
      },
    ],
    entries: [],
  });
  const job = await room.begin({ source: 'task', remoteId: 'remote', session: child });
  await revoke();
  const jobs = await nextStart();
  expect(await jobs.wait({ id: job.id, timeoutMs: 10_000 })).toMatchObject({ state: 'cancelled' });
  expect(server.asked[0]).toBe('tasks/cancel');
});

test('a cancellation that could not be delivered shows as such and is tried again, by the next start too', async () => {
  const { room, server, thisProcess, nextStart, begin, revoke } = await setUp();
  server.isAway = true;
  const first = thisProcess();
  room.desk.sessions.onEnded(first.endSession);
  const job = await begin();
  first.resume(job);
  await revoke();
  await expect.poll(async () => (await room.jobs.get(job.id)).cancelStanding).toBe('undelivered');
  await first.close();
  const jobs = await nextStart();
  expect(await jobs.get(job.id)).toMatchObject({ state: 'working', cancelStanding: 'undelivered' });
  server.isAway = false;
  expect(await jobs.wait({ id: job.id, timeoutMs: 20_000 })).toMatchObject({
    state: 'cancelled',
    cancelStanding: 'delivered',
  });
});

test('a task of a session that is revoked while its job is written down, or read, is cancelled', async () => {
  const { room, server, thisProcess, begin, revoke } = await setUp();
  const tasks = thisProcess();
  room.desk.sessions.onEnded(tasks.endSession);
  const job = await begin();
  await revoke();
  tasks.resume(job);
  expect(await room.jobs.wait({ id: job.id, timeoutMs: 10_000 })).toMatchObject({ state: 'cancelled' });
  expect(server.asked[0]).toBe('tasks/cancel');
});

test('a server hears that a session was revoked although that could not be written down', async () => {
  const { room, server, thisProcess, begin, reported } = await setUp();
  const broken: Ledger = { commit: async () => Promise.reject(new Error('no disk')) };
  const tasks = thisProcess(room.reopened(broken));
  const job = await begin();
  tasks.resume(job);
  tasks.endSession(room.desk.session.id);
  await expect.poll(() => server.asked).toContain('tasks/cancel');
  expect(reported).toContainEqual(new Error('no disk'));
});

test('a server that cannot cancel is followed to the end that it tells, and shows as refusing', async () => {
  const { room, server, thisProcess, begin, revoke } = await setUp();
  server.cancels = false;
  const tasks = thisProcess();
  room.desk.sessions.onEnded(tasks.endSession);
  const job = await begin();
  tasks.resume(job);
  await revoke();
  await expect.poll(async () => (await room.jobs.get(job.id)).cancelStanding).toBe('refused');
  server.status = 'completed';
  expect(await room.jobs.wait({ id: job.id, timeoutMs: 20_000 })).toMatchObject({ state: 'completed' });
});

test('an end that could not be recorded before a stop is recorded once, with its outcome, by the next start', async () => {
  const { room, server, thisProcess, nextStart, begin, reported } = await setUp();
  const { ledger } = room.desk.office.deps;
  const faults = { on: true };
  const broken: Ledger = {
    commit: (change) => {
      const ends = change.entries.some(({ type }) => type === 'job.ended');
      return faults.on && ends ? Promise.reject(new Error('no disk')) : ledger.commit(change);
    },
  };
  const first = thisProcess(room.reopened(broken));
  const job = await begin();
  server.status = 'completed';
  first.resume(job);
  await expect.poll(() => reported).toContainEqual(new Error('no disk'));
  await first.close();
  const jobs = await nextStart();
  expect(await jobs.wait({ id: job.id, timeoutMs: 10_000 })).toMatchObject({ state: 'completed' });
  const ends = await endOnLedger(room);
  expect(ends).toMatchObject([{ type: 'call.outcome' }, { type: 'job.ended', body: { state: 'completed' } }]);
});

test('a task goes on after a start whose session has run out, as it does without one', async () => {
  const { room, server, nextStart, begin } = await setUp();
  const job = await begin();
  room.pass(3_600_001);
  server.status = 'completed';
  const jobs = await nextStart();
  expect(await jobs.wait({ id: job.id, timeoutMs: 10_000 })).toMatchObject({ state: 'completed' });
  expect(server.asked).not.toContain('tasks/cancel');
});
