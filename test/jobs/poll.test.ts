import { describe, expect, it, onTestFinished } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { LIMITS } from '../../src/core/limits.ts';
import type { JobPair } from '../../src/jobs/pair.ts';
import { createPoller, type PollAnswer } from '../../src/jobs/poll.ts';
import { manualSchedule } from '../ledger/fixture.ts';
import { openWorkroom } from './workroom.ts';

const PAIR: JobPair = {
  server: 'lab',
  start: 'study',
  poll: 'study_status',
  cancel: 'study_stop',
  id: '/job/id',
  argument: 'job',
  state: '/state',
  ends: { completed: ['done'], failed: ['error'], cancelled: ['stopped'] },
  progress: '/at',
  total: '/of',
  message: '/doing',
  everyMs: 1_000,
};

const result = (structuredContent: JsonObject): string => JSON.stringify({ content: [], structuredContent });
const told = (structuredContent: JsonObject): PollAnswer => ({
  kind: 'result',
  raw: result(structuredContent),
  isError: false,
});
const STARTED = result({ job: { id: 'r7' } });

async function setUp(pair: Partial<JobPair> = {}) {
  const room = await openWorkroom();
  const timers = manualSchedule();
  const asked: { tool: string; args: JsonObject }[] = [];
  const answers: PollAnswer[] = [];
  const reported: unknown[] = [];
  const open = (jobs = room.jobs) =>
    createPoller({
      jobs,
      pairs: [{ ...PAIR, ...pair }],
      schedule: timers.schedule,
      now: room.find.now,
      report: (error) => reported.push(error),
      async ask(_job, tool, args) {
        asked.push({ tool, args });
        return answers.shift() ?? { kind: 'silent', reason: 'nothing was prepared.', unsent: false };
      },
    });
  const poller = open();
  onTestFinished(() => {
    poller.close();
    expect(reported).toEqual([]);
  });
  const answered = {
    session: room.desk.session,
    server: 'lab',
    tool: 'study',
    exposed: 'study',
    callId: 'req_1',
  };
  const begin = (raw = STARTED) => poller.begun({ ...answered, raw });
  /** Lets the timer fire, and resolves when the poll has been dealt with. */
  async function turn(...next: PollAnswer[]): Promise<void> {
    answers.push(...next);
    const before = asked.length;
    timers.fire();
    await expect
      .poll(() => asked.length > before && (timers.waiting().length > 0 || answers.length === 0))
      .toBe(true);
  }
  const job = async () => {
    const [id = ''] = await room.list();
    return room.jobs.get(id);
  };
  return { room, timers, asked, poller, open, begin, turn, job, answers, reported };
}

describe('work that a tool begins', () => {
  it('is a job from its answer on, asked about until it is done, with the last answer as its result', async () => {
    const { begin, turn, job, asked, room, timers } = await setUp();
    await begin();
    expect(await job()).toMatchObject({
      source: 'poll',
      state: 'working',
      callId: 'req_1',
      remoteId: '"r7"',
    });
    await turn(told({ state: 'running', at: 1, of: 3, doing: 'reading' }));
    expect((await job()).progress).toEqual({ progress: 1, total: 3, message: 'reading' });
    const done = told({ state: 'Done', report: 'here' });
    const { id } = await job();
    const ended = room.jobs.wait({ id, timeoutMs: 60_000 });
    await turn(done);
    expect(await ended).toMatchObject({
      state: 'completed',
      result: { kind: 'result', text: result({ state: 'Done', report: 'here' }) },
    });
    expect(asked).toEqual(Array(2).fill({ tool: 'study_status', args: { job: 'r7' } }));
    expect(timers.waiting()).toEqual([]);
  });

  it('is one job however often its tool answers with the same name', async () => {
    const { begin, room } = await setUp();
    await begin();
    await begin();
    await begin(result({ job: { id: 'r8' } }));
    expect(await room.list()).toHaveLength(2);
  });

  it('is none where the answer names nothing', async () => {
    const { begin, room } = await setUp();
    await begin(result({ job: {} }));
    await begin('{"content":[{"type":"text","text":"r7"}]}');
    await begin(result({ job: { id: 'x'.repeat(LIMITS.jobRemoteIdCharacters) } }));
    expect(await room.list()).toEqual([]);
  });

  it.each([
    ['failed', 'error', 'The server says that the work has failed.'],
    ['cancelled', 'stopped', 'The server says that the work has been cancelled.'],
  ])('that is %s says so', async (state, word, reason) => {
    const { begin, turn, job, room } = await setUp();
    await begin();
    const ended = room.jobs.wait({ id: (await job()).id, timeoutMs: 60_000 });
    await turn(told({ state: word }));
    expect(await ended).toMatchObject({ state, reason });
  });

  it('is asked about less and less often, up to a bound', async () => {
    const { begin, turn, timers } = await setUp();
    await begin();
    const delays: (number | undefined)[] = [];
    for (let round = 0; round < 15; round += 1) {
      delays.push(timers.waiting()[0]);
      await turn(told({ state: 'running' }));
    }
    expect(delays.slice(0, 4)).toEqual([1_000, 1_500, 2_250, 3_375]);
    expect(delays.at(-1)).toBe(LIMITS.jobPollMaxMs);
  });
});

describe('asking about work', () => {
  it('is given up after many failures in a row, and not before', async () => {
    const { begin, turn, job, room } = await setUp();
    await begin();
    const silent: PollAnswer = { kind: 'silent', reason: 'the server is down.', unsent: true };
    for (let round = 1; round < LIMITS.jobPollFailures; round += 1) await turn(silent);
    await turn(told({ state: 'running' }));
    const odd: PollAnswer[] = [told({}), { ...told({ state: 'done' }), isError: true } as PollAnswer, silent];
    for (let round = 1; round < LIMITS.jobPollFailures; round += 1) await turn(odd[round % 3] as PollAnswer);
    expect(await job()).toMatchObject({ state: 'working' });
    const ended = room.jobs.wait({ id: (await job()).id, timeoutMs: 60_000 });
    await turn(silent);
    expect(await ended).toMatchObject({
      state: 'unknown',
      reason: expect.stringMatching(/10 times in a row.*the server is down/),
    });
  });

  it('ends at once where the session may not ask any more', async () => {
    const { begin, turn, job, room } = await setUp();
    await begin();
    const ended = room.jobs.wait({ id: (await job()).id, timeoutMs: 60_000 });
    await turn({ kind: 'refused', reason: 'There is no such session.' });
    expect(await ended).toMatchObject({ state: 'unknown', reason: 'There is no such session.' });
  });

  it('ends after a day', async () => {
    const { begin, turn, job, room } = await setUp();
    await begin();
    room.pass(LIMITS.jobPollTotalMs + 1);
    const ended = room.jobs.wait({ id: (await job()).id, timeoutMs: 60_000 });
    await turn(told({ state: 'running' }));
    expect(await ended).toMatchObject({ state: 'unknown', reason: expect.stringMatching(/after a day/) });
  });

  it('goes on in the next process, and stops when this one closes', async () => {
    const { begin, job, room, poller, open, timers, asked, answers } = await setUp();
    await begin();
    poller.close();
    await expect.poll(() => timers.waiting()).toEqual([]);
    expect(asked).toEqual([]);
    expect(await job()).toMatchObject({ state: 'working' });
    const jobs = room.reopened();
    await jobs.resume({ poll: open(jobs).follow });
    answers.push(told({ state: 'done' }));
    timers.fire();
    const { id } = await job();
    expect(await jobs.wait({ id, timeoutMs: 60_000 })).toMatchObject({ state: 'completed' });
  });

  it('is not taken up again where the configuration says no more how', async () => {
    const { begin, job, room, poller, reported } = await setUp();
    await begin();
    poller.close();
    const jobs = room.reopened();
    const { now } = room.find;
    const empty = createPoller({
      jobs,
      pairs: [],
      schedule: manualSchedule().schedule,
      now,
      report: (error) => reported.push(error),
      ask: async () => ({ kind: 'silent', reason: 'nobody is to be asked.', unsent: true }),
    });
    await jobs.resume({ poll: empty.follow });
    const { id } = await job();
    expect(await jobs.wait({ id, timeoutMs: 60_000 })).toMatchObject({ state: 'unknown' });
  });
});

describe('cancelling work that a tool began', () => {
  it('calls the tool that stops it and lets the server say what came of it', async () => {
    const { begin, job, room, asked, answers } = await setUp();
    await begin();
    answers.push(told({}), told({ state: 'stopped' }));
    const { id } = await job();
    await room.jobs.requestCancel(id, 'api_key:key_1');
    expect(await room.jobs.wait({ id, timeoutMs: 60_000 })).toMatchObject({ state: 'cancelled' });
    expect(asked.map(({ tool }) => tool)).toEqual(['study_stop', 'study_status']);
  });

  it('tells a server again that was certainly not reached, until it has heard, and shows how that stands', async () => {
    const { begin, job, room, asked, turn, answers } = await setUp();
    const away: PollAnswer = { kind: 'silent', reason: 'it is away.', unsent: true };
    await begin();
    const { id } = await job();
    answers.push(away, away);
    await room.jobs.requestCancel(id, 'api_key:key_1');
    await expect.poll(() => asked.length).toBe(2);
    expect((await job()).cancelStanding).toBe('undelivered');
    await turn(told({}), told({ state: 'stopping' }));
    expect((await job()).cancelStanding).toBe('delivered');
    await turn(told({ state: 'stopped' }));
    expect(await room.jobs.wait({ id, timeoutMs: 60_000 })).toMatchObject({ state: 'cancelled' });
    expect(asked.map(({ tool }) => tool)).toEqual([
      ...['study_stop', 'study_status', 'study_stop', 'study_status'],
      'study_status',
    ]);
  });

  it('does not tell a server again that may have heard', async () => {
    const { begin, job, room, asked, turn, answers } = await setUp();
    await begin();
    const { id } = await job();
    answers.push({ kind: 'silent', reason: 'no answer.', unsent: false }, told({ state: 'running' }));
    await room.jobs.requestCancel(id, 'api_key:key_1');
    await expect.poll(() => asked.length).toBe(2);
    expect((await job()).cancelStanding).toBe('delivered');
    await turn(told({ state: 'stopped' }));
    expect(await room.jobs.wait({ id, timeoutMs: 60_000 })).toMatchObject({ state: 'cancelled' });
    expect(asked.filter(({ tool }) => tool === 'study_stop')).toHaveLength(1);
  });

  it('shows that its server refuses to stop it', async () => {
    const { begin, job, room, asked, answers } = await setUp();
    await begin();
    const { id } = await job();
    answers.push({ kind: 'result', raw: result({}), isError: true }, told({ state: 'running' }));
    await room.jobs.requestCancel(id, 'api_key:key_1');
    await expect.poll(() => asked.length).toBe(2);
    expect(await job()).toMatchObject({ state: 'working', cancelStanding: 'refused' });
  });

  it('leaves it alone, and says so, where no tool stops it', async () => {
    const { begin, job, room, asked } = await setUp({ cancel: undefined });
    await begin();
    const { id } = await job();
    await room.jobs.requestCancel(id, 'api_key:key_1');
    const ended = await room.jobs.wait({ id, timeoutMs: 60_000 });
    expect(ended).toMatchObject({ state: 'cancelled', reason: expect.stringMatching(/was not told/) });
    expect(asked).toEqual([]);
  });
});
