import { describe, expect, it, onTestFinished } from 'vitest';
import { commitment } from '../../src/core/digest.ts';
import { LIMITS } from '../../src/core/limits.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { KEEP_MS, openWorkroom } from './workroom.ts';

const RESULT = { kind: 'result', text: '{"content":[{"type":"text","text":"secret-of-the-lab"}]}' } as const;

describe('a job', () => {
  it('is durable and on the ledger before its id is known', async () => {
    const room = await openWorkroom();
    const job = await room.begin();
    expect(job).toMatchObject({
      state: 'working',
      source: 'call',
      server: 'lab',
      tool: 'study',
      callId: 'req_1',
    });
    expect(await room.reopened().find(job.id)).toEqual(job);
    const [entry] = await room.entries();
    expect(entry).toMatchObject({
      type: 'job.created',
      ref: { session: job.sessionId, subject: job.subject, call: 'req_1', action: 'lab/study' },
      body: { job: job.id, source: 'call' },
    });
  });

  it('is not made where the ledger cannot be written', async () => {
    const room = await openWorkroom();
    const broken: Ledger = { commit: async () => Promise.reject(new Error('disk full')) };
    const { session } = room.desk;
    const input = { source: 'call', session, server: 'lab', tool: 'study', exposed: 'study' } as const;
    await expect(room.reopened(broken).create(input)).rejects.toThrow('disk full');
    expect(await room.list()).toEqual([]);
  });

  it('ends once: of many ends the first counts, and the others are refused', async () => {
    const room = await openWorkroom();
    const { id } = await room.begin();
    const ends = await Promise.allSettled([
      room.jobs.settle(id, { state: 'completed', result: RESULT }),
      room.jobs.settle(id, { state: 'failed', reason: 'no' }),
      room.reopened().settle(id, { state: 'unknown', reason: 'no' }),
    ]);
    expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
    const late = room.jobs.settle(id, { state: 'failed' });
    await expect(late).rejects.toMatchObject({ code: 'conflict' });
    expect(await room.entries('job.ended')).toHaveLength(1);
    expect(await room.jobs.find(id)).toMatchObject({ state: 'completed', result: RESULT });
  });

  it('has ended once although its COMMIT was reported as failed', async () => {
    const room = await openWorkroom();
    const { id } = await room.begin();
    const { ledger } = room.desk.office.deps;
    let commits = 0;
    const doubtful: Ledger = {
      async commit(change) {
        const applied = await ledger.commit(change);
        commits += 1;
        if (commits === 1) throw new Error('the answer was lost');
        return applied;
      },
    };
    const ended = await room.reopened(doubtful).settle(id, { state: 'completed', result: RESULT });
    expect(ended).toMatchObject({ state: 'completed', result: RESULT });
    expect(await room.entries('job.ended')).toHaveLength(1);
  });

  it('commits to its result on the ledger, and keeps it sealed', async () => {
    const room = await openWorkroom();
    const { id } = await room.begin();
    await room.jobs.settle(id, { state: 'completed', result: RESULT });
    const sql = 'SELECT * FROM job WHERE id = ?';
    const [row] = await room.find.database.query({ sql, params: [id] });
    expect(JSON.stringify(row)).not.toContain('secret-of-the-lab');
    const [entry] = await room.entries('job.ended');
    const salt = Buffer.from(String(row?.result_salt), 'hex');
    expect(entry?.body).toMatchObject({ state: 'completed', result: commitment(salt, RESULT.text) });
    expect(JSON.stringify(entry)).not.toContain('secret-of-the-lab');
  });

  it('shows no result that was sealed for another job', async () => {
    const room = await openWorkroom();
    const [one, other] = [await room.begin(), await room.begin()];
    for (const { id } of [one, other]) await room.jobs.settle(id, { state: 'completed', result: RESULT });
    const guard = {
      sql: `UPDATE job SET result_sealed = (SELECT result_sealed FROM job WHERE id = ?) WHERE id = ? RETURNING id`,
      params: [other.id, one.id],
    };
    await room.desk.office.deps.ledger.commit({ guard, entries: [] });
    expect((await room.jobs.find(other.id))?.result).toEqual(RESULT);
    expect((await room.jobs.find(one.id))?.result).toBeUndefined();
  });

  it('is refused to a session that has too much work under way', async () => {
    const room = await openWorkroom();
    await Promise.all(Array.from({ length: LIMITS.jobsPerSession }, () => room.begin()));
    await expect(room.begin()).rejects.toMatchObject({ code: 'rate_limited' });
    const [first] = await room.list({ limit: 1 });
    await room.jobs.settle(first ?? '', { state: 'completed' });
    expect(await room.begin()).toMatchObject({ state: 'working' });
  });
});

describe('progress', () => {
  it('only grows, and is there at once', async () => {
    const room = await openWorkroom();
    const { id } = await room.begin();
    const changes: number[] = [];
    onTestFinished(room.jobs.onChange(id, () => changes.push(changes.length)));
    room.jobs.progressed(id, { progress: 2, total: 5, message: 'reading' });
    room.jobs.progressed(id, { progress: 1, total: 5 });
    room.jobs.progressed(id, { progress: 'many' });
    const told = { progress: 2, total: 5, message: 'reading' };
    expect(await room.jobs.find(id)).toMatchObject({ progress: told });
    expect(changes).toHaveLength(1);
  });

  it('is saved, so that the next process knows it and takes nothing less for news', async () => {
    const room = await openWorkroom();
    const { id } = await room.begin({ source: 'poll', remoteId: '"r1"' });
    room.jobs.progressed(id, { progress: 3 });
    await room.jobs.flush();
    const next = room.reopened();
    expect(await next.find(id)).toMatchObject({ progress: { progress: 3 } });
    await next.resume({ poll: () => undefined });
    next.progressed(id, { progress: 1 });
    expect(await next.find(id)).toMatchObject({ progress: { progress: 3 } });
  });

  it('does not come after the end', async () => {
    const room = await openWorkroom();
    const { id } = await room.begin();
    room.jobs.progressed(id, { progress: 1 });
    await room.jobs.settle(id, { state: 'completed' });
    room.jobs.progressed(id, { progress: 9 });
    await room.jobs.flush();
    expect(await room.jobs.find(id)).toMatchObject({ state: 'completed', progress: { progress: 1 } });
  });
});

describe('cancelling', () => {
  it('tells whoever does the work, once, and says on the ledger who wanted it', async () => {
    const room = await openWorkroom();
    const { id } = await room.begin();
    const heard: string[] = [];
    room.jobs.onCancel(id, () => heard.push('first'));
    expect(await room.jobs.requestCancel(id, 'api_key:key_1')).toMatchObject({ state: 'working' });
    await room.jobs.requestCancel(id, 'api_key:key_2');
    await new Promise<void>((resolve) => room.jobs.onCancel(id, resolve));
    expect(heard).toEqual(['first']);
    await room.jobs.settle(id, { state: 'cancelled' });
    const [entry] = await room.entries('job.ended');
    expect(entry?.ref.principal).toBe('api_key:key_1');
    const again = room.jobs.requestCancel(id, 'api_key:key_1');
    await expect(again).rejects.toMatchObject({ code: 'conflict' });
  });

  it('withdraws what still waits for a person', async () => {
    const room = await openWorkroom();
    const { approval } = await room.desk.hold({ to: 'x' });
    const id = approval.id.replace('apr_', 'job_');
    const job = await room.jobs.requestCancel(id, 'api_key:key_1');
    expect(job).toMatchObject({ state: 'cancelled', reason: 'Withdrawn.' });
    expect(await room.desk.get(approval.id)).toMatchObject({ state: 'cancelled' });
  });

  it('of a job that nobody knows is refused', async () => {
    const room = await openWorkroom();
    for (const id of ['job_none', 'apr_none', "job_' OR 1=1"])
      await expect(room.jobs.requestCancel(id, 'x')).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('waiting', () => {
  it('ends with the job, and with the time when that is over first', async () => {
    const room = await openWorkroom();
    const { id } = await room.begin();
    expect(await room.jobs.wait({ id, timeoutMs: 0 })).toMatchObject({ state: 'working' });
    const waiting = room.jobs.wait({ id, timeoutMs: 60_000 });
    await room.jobs.move(id, 'input_required');
    await room.jobs.settle(id, { state: 'failed', reason: 'no' });
    expect(await waiting).toMatchObject({ state: 'failed', reason: 'no' });
    await expect(room.jobs.move(id, 'working')).rejects.toMatchObject({ code: 'conflict' });
  });
});

describe('after a restart', () => {
  it('a call that was under way is unknown, and what servers do is followed again', async () => {
    const room = await openWorkroom();
    const call = await room.begin();
    const poll = await room.begin({ source: 'poll', remoteId: '"r1"' });
    const task = await room.begin({ source: 'task', remoteId: 't1' });
    await room.jobs.requestCancel(poll.id, 'api_key:key_1');
    const next = room.reopened();
    const followed: (string | undefined)[] = [];
    let heard: Promise<void> = Promise.resolve();
    await next.resume({
      poll: (job) => {
        followed.push(job.remoteId);
        heard = new Promise((resolve) => next.onCancel(job.id, resolve));
      },
    });
    await heard;
    expect(followed).toEqual(['"r1"']);
    expect(await next.find(call.id)).toMatchObject({
      state: 'unknown',
      reason: expect.stringMatching(/nothing is retried/),
    });
    expect(await next.find(task.id)).toMatchObject({
      state: 'unknown',
      reason: expect.stringMatching(/Nobody can follow/),
    });
    expect((await room.entries('job.ended')).map(({ body }) => body.state)).toEqual(['unknown', 'unknown']);
  });
});

describe('what is kept', () => {
  it('is removed when its time is over, or sooner where policy says so', async () => {
    const room = await openWorkroom();
    const [short, long, open] = [
      await room.begin({ retainMs: 1_000 }),
      await room.begin(),
      await room.begin(),
    ];
    for (const { id } of [short, long]) await room.jobs.settle(id, { state: 'completed', result: RESULT });
    room.pass(1_000);
    expect(await room.sweep()).toBe(1);
    expect(await room.jobs.find(short.id)).toBeUndefined();
    room.pass(KEEP_MS);
    expect(await room.sweep()).toBe(1);
    expect(await room.list()).toEqual([open.id]);
    const entries = await room.entries('payload.redacted');
    expect(entries.map(({ body }) => body)).toEqual([
      { ids: [short.id], reason: 'retention' },
      { ids: [long.id], reason: 'retention' },
    ]);
  });

  it('is erased on demand once the work has ended, and the job stays', async () => {
    const room = await openWorkroom();
    const { id } = await room.begin({ remoteId: '"r1"' });
    room.jobs.progressed(id, { progress: 1, message: 'secret-of-the-lab' });
    expect(await room.erase([id])).toEqual({ erased: [], open: [id], already: [] });
    await room.jobs.settle(id, { state: 'completed', result: RESULT });
    expect(await room.erase([id])).toEqual({ erased: [id], open: [], already: [] });
    expect(await room.erase([id])).toEqual({ erased: [], open: [], already: [id] });
    const job = await room.jobs.find(id);
    expect(job).toMatchObject({
      state: 'completed',
      result: undefined,
      progress: undefined,
      remoteId: undefined,
    });
  });
});
