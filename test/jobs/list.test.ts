import { describe, expect, it } from 'vitest';
import { replayApproval } from '../../src/approvals/replay.ts';
import { expireOverdue } from '../../src/approvals/sweep.ts';
import { listJobs } from '../../src/jobs/find.ts';
import { holding } from '../approvals/desk.ts';
import { openWorkroom, type Workroom } from './workroom.ts';

const jobOf = (approvalId: string): string => approvalId.replace('apr_', 'job_');

async function held(room: Workroom, to: string): Promise<string> {
  return (await room.desk.hold({ to })).approval.id;
}

describe('the job that an approval is', () => {
  it('waits, works and completes with it, and has its result', async () => {
    const room = await openWorkroom();
    const { desk } = room;
    const ann = await desk.office.bootstrap();
    const id = await held(room, 'a');
    const job = () => room.jobs.find(jobOf(id));
    expect(await job()).toMatchObject({ state: 'waiting', source: 'approval', approvalId: id, tool: 'pay' });
    await desk.decide(ann, id, 'approve');
    expect(await job()).toMatchObject({ state: 'working', endedAt: undefined });
    await replayApproval(desk.replayDeps(), id);
    const approval = await desk.get(id);
    expect(await job()).toMatchObject({
      state: 'completed',
      result: approval.result,
      endedAt: approval.outcomeAt,
      sessionId: approval.sessionId,
      subject: approval.subject,
    });
  });

  it('says why it failed where it was denied, ran out or was withdrawn', async () => {
    const room = await openWorkroom();
    const { desk } = room;
    const ann = await desk.office.bootstrap();
    const [denied, silently, withdrawn, late] = [
      await held(room, 'a'),
      await held(room, 'b'),
      await held(room, 'c'),
      await held(room, 'd'),
    ];
    await desk.decide(ann, denied, 'deny', 'too much');
    await desk.decide(ann, silently, 'deny');
    await room.jobs.requestCancel(jobOf(withdrawn), 'api_key:key_1');
    room.pass(600_000);
    // Before the sweep has recorded it and after.
    const [before] = [await room.jobs.find(jobOf(late))];
    await expireOverdue({ ...desk.byHand });
    const after = await room.jobs.find(jobOf(late));
    expect(await room.jobs.find(jobOf(denied))).toMatchObject({ state: 'failed', reason: 'too much' });
    expect(await room.jobs.find(jobOf(silently))).toMatchObject({
      state: 'failed',
      reason: 'It was denied.',
    });
    expect(await room.jobs.find(jobOf(withdrawn))).toMatchObject({
      state: 'cancelled',
      reason: 'Withdrawn.',
    });
    expect(before).toMatchObject({ state: 'failed', reason: 'It ran out before it could be sent.' });
    expect(after).toMatchObject({ state: 'failed', reason: 'Nobody decided in time.' });
  });

  it('cannot be ended by hand, and an action has none', async () => {
    const room = await openWorkroom();
    const id = await held(room, 'a');
    const settled = room.jobs.settle(jobOf(id), { state: 'completed' });
    await expect(settled).rejects.toMatchObject({ code: 'conflict' });
    await room.desk.office.deps.ledger.commit({
      guard: { sql: `UPDATE approval SET kind = 'action' WHERE id = ? RETURNING id`, params: [id] },
      entries: [],
    });
    expect(await room.jobs.find(jobOf(id))).toBeUndefined();
    expect(await room.list()).toEqual([]);
  });

  it('carries the redactions of its verdict', async () => {
    const room = await openWorkroom();
    const verdict = { ...holding(), redact: ['result:/iban'] };
    const { approval } = await room.desk.hold({ to: 'x' }, { verdict });
    expect(await room.jobs.find(jobOf(approval.id))).toMatchObject({ redact: ['result:/iban'] });
  });
});

describe('the list of jobs', () => {
  async function mixed(): Promise<{ room: Workroom; newestFirst: string[] }> {
    const room = await openWorkroom();
    const ids: string[] = [];
    for (let turn = 0; turn < 4; turn += 1) {
      ids.push((await room.begin()).id, jobOf(await held(room, `to-${turn}`)));
      if (turn % 2 === 1) room.pass(1_000);
    }
    const times = await listJobs(room.find, { limit: 50 });
    const newestFirst = [...times]
      .sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1))
      .map(({ id }) => id);
    expect([...ids].sort()).toEqual([...newestFirst].sort());
    return { room, newestFirst };
  }

  it('has both kinds in one order, and pages neither skip nor repeat any', async () => {
    const { room, newestFirst } = await mixed();
    expect(await room.list()).toEqual(newestFirst);
    const paged: string[] = [];
    for (;;) {
      const last = paged.at(-1);
      const job = last === undefined ? undefined : await room.jobs.get(last);
      const page = await room.list({
        limit: 3,
        ...(job === undefined ? {} : { before: { createdAt: job.createdAt, id: job.id } }),
      });
      paged.push(...page);
      if (page.length < 3) break;
    }
    expect(paged).toEqual(newestFirst);
  });

  it('finds by state, source, tool, session and time', async () => {
    const { room, newestFirst } = await mixed();
    const [first] = await room.list({ source: 'call' });
    await room.jobs.settle(first ?? '', { state: 'completed' });
    expect(await room.list({ state: 'completed' })).toEqual([first]);
    expect(await room.list({ state: 'waiting' })).toHaveLength(4);
    expect(await room.list({ state: 'working' })).toHaveLength(3);
    expect(await room.list({ tool: 'pay' })).toHaveLength(4);
    expect(await room.list({ server: 'lab', source: 'approval' })).toEqual([]);
    expect(await room.list({ session: 'ses_none' })).toEqual([]);
    const { createdAt } = await room.jobs.get(newestFirst[0] ?? '');
    expect(await room.list({ since: createdAt })).toHaveLength(4);
    room.pass(600_000);
    expect(await room.list({ state: 'waiting' })).toEqual([]);
    expect(await room.list({ state: 'failed' })).toHaveLength(4);
  });
});
