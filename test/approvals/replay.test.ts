import { describe, expect, it } from 'vitest';
import { type ReplayDeps, replayApproval } from '../../src/approvals/replay.ts';
import { createReplayRunner } from '../../src/approvals/runner.ts';
import { cancelApproval, resolveApproval } from '../../src/approvals/settle-by-hand.ts';
import { listApproved, reapOrphans } from '../../src/approvals/sweep.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { type Desk, openDesk } from './desk.ts';

async function approved(args = { amount_cents: 7500 }): Promise<{ desk: Desk; id: string }> {
  const desk = await openDesk();
  const ada = await desk.office.bootstrap();
  const { approval } = await desk.hold(args);
  await desk.decide(ada, approval.id, 'approve');
  return { desk, id: approval.id };
}

const typesOf = async (desk: Desk): Promise<string[]> =>
  (await desk.office.entries('approval.')).map((entry) => entry.type);

describe('the replay of an approved call', () => {
  it('sends the frozen bytes after the claim is on the ledger, and keeps the answer', async () => {
    const { desk, id } = await approved();
    desk.world.answer = async () => {
      expect((await desk.get(id)).state).toBe('executing');
      expect((await typesOf(desk)).at(-1)).toBe('approval.executing');
      return { kind: 'result', raw: '{"content":[],"x":1}', isError: false };
    };
    await replayApproval(desk.replayDeps(), id);
    expect(desk.dispatched).toEqual(['{"arguments":{"amount_cents":7500},"name":"pay"}']);
    expect(await desk.get(id)).toMatchObject({
      state: 'succeeded',
      attempt: 1,
      leaseOwner: undefined,
      result: { kind: 'result', text: '{"content":[],"x":1}' },
    });
    expect(await typesOf(desk)).toEqual([
      'approval.requested',
      'approval.decided',
      'approval.approved',
      'approval.executing',
      'approval.outcome',
    ]);
  });

  it('claimed by two owners at once is sent once', async () => {
    const { desk, id } = await approved();
    await Promise.all(['own_a', 'own_b', 'own_c'].map((owner) => replayApproval(desk.replayDeps(owner), id)));
    expect(desk.dispatched).toHaveLength(1);
    expect((await desk.get(id)).attempt).toBe(1);
  });

  it('never runs what is pending, denied, cancelled or settled', async () => {
    const desk = await openDesk();
    const ada = await desk.office.bootstrap();
    const ids: string[] = [];
    for (const n of [1, 2, 3]) ids.push((await desk.hold({ n })).approval.id);
    await desk.decide(ada, ids[1] as string, 'deny');
    await cancelApproval(desk.byHand, { id: ids[2] as string, by: 'key:test', reason: 'no' });
    for (const id of [...ids, 'apr_none']) await replayApproval(desk.replayDeps(), id);
    expect(desk.dispatched).toEqual([]);
  });

  it('does not run after its expiry, and is recorded as expired by the sweep alone', async () => {
    const { desk, id } = await approved();
    desk.office.advance(600_000);
    await replayApproval(desk.replayDeps(), id);
    expect(desk.dispatched).toEqual([]);
    expect((await desk.get(id)).state).toBe('approved');
  });

  it('is fenced: an answer after the lease has ended changes nothing and is recorded as late', async () => {
    const { desk, id } = await approved();
    desk.world.answer = async () => {
      desk.office.advance(LIMITS.replayLeaseMs);
      expect(await reapOrphans(desk.byHand, { all: false })).toBe(1);
      return { kind: 'result', raw: '{}', isError: false };
    };
    await replayApproval(desk.replayDeps(), id);
    expect(await desk.get(id)).toMatchObject({ state: 'unknown', result: { kind: 'note' } });
    expect((await typesOf(desk)).slice(-2)).toEqual(['approval.outcome', 'approval.late_result']);
  });

  it('keeps its lease while it is under way', async () => {
    const { desk, id } = await approved();
    desk.world.answer = async () => {
      desk.office.advance(LIMITS.replayLeaseMs - 1);
      expect(await reapOrphans(desk.byHand, { all: false })).toBe(0);
      return { kind: 'error', raw: '{"code":-1,"message":"no"}' };
    };
    await replayApproval(desk.replayDeps(), id);
    expect(await desk.get(id)).toMatchObject({ state: 'failed', result: { kind: 'error' } });
  });

  it('whose downstream throws is unknown at once', async () => {
    const { desk, id } = await approved();
    desk.world.answer = () => Promise.reject(new Error('a bug'));
    await replayApproval(desk.replayDeps(), id);
    expect((await desk.get(id)).state).toBe('unknown');
    await replayApproval(desk.replayDeps(), id);
    expect(desk.dispatched).toHaveLength(1);
  });

  it('sends nothing when the session is revoked between claim and dispatch', async () => {
    const { desk, id } = await approved();
    await replayApproval({ ...desk.replayDeps(), stillAllowed: () => false }, id);
    expect(desk.dispatched).toEqual([]);
    expect(await desk.get(id)).toMatchObject({ state: 'failed', result: { kind: 'note' } });
  });

  it('cannot be claimed once a revocation has committed, even after the re-check found it alive', async () => {
    const { desk, id } = await approved();
    const deps = desk.replayDeps();
    const late: ReplayDeps = {
      ...deps,
      stillAllowed: () => true,
      recheck: async (approval) => {
        const found = await deps.recheck(approval);
        await desk.sessions.revoke({ id: desk.session.id, by: 'key:test', reason: 'over' });
        return found;
      },
    };
    await replayApproval(late, id);
    expect(desk.dispatched).toEqual([]);
    expect((await desk.get(id)).state).toBe('void');
    expect(await typesOf(desk)).not.toContain('approval.executing');
  });

  it('is void when a re-check cannot be made', async () => {
    const { desk, id } = await approved();
    await replayApproval(
      { ...desk.replayDeps(), recheck: () => Promise.reject(new Error('no catalogue')) },
      id,
    );
    expect(await desk.get(id)).toMatchObject({
      state: 'void',
      stateReason: 'The re-check failed: no catalogue',
    });
  });

  it('is void when the stored bytes are no longer the ones that were signed', async () => {
    const { desk, id } = await approved();
    const sql = `UPDATE approval SET call_text = replace(call_text, '7500', '9500') WHERE id = ?`;
    await desk.office.deps.ledger.commit({ then: [{ sql, params: [id] }], entries: [] });
    await replayApproval(desk.replayDeps(), id);
    expect(desk.dispatched).toEqual([]);
    expect((await desk.get(id)).state).toBe('void');
  });
});

describe('a dispatch whose process has gone', () => {
  it('becomes unknown, is never sent again, and takes an operator’s word for what happened', async () => {
    const { desk, id } = await approved();
    desk.world.answer = () => new Promise(() => undefined);
    void replayApproval(desk.replayDeps('own_dead'), id);
    await expect.poll(() => desk.dispatched.length).toBe(1);
    expect(await reapOrphans(desk.byHand, { all: true })).toBe(1);
    expect((await desk.get(id)).state).toBe('unknown');
    await replayApproval(desk.replayDeps('own_next'), id);
    expect(desk.dispatched).toHaveLength(1);

    for (const note of ['', '  ', 'x'.repeat(2_001)])
      await expect(
        resolveApproval(desk.byHand, { id, as: 'succeeded', note, by: 'key:test' }),
      ).rejects.toMatchObject({ code: 'invalid_request' });
    const by = 'person:per_1';
    await resolveApproval(desk.byHand, { id, as: 'succeeded', note: ' The bank says so. ', by });
    expect(await desk.get(id)).toMatchObject({ state: 'succeeded', stateReason: 'The bank says so.' });
    await expect(resolveApproval(desk.byHand, { id, as: 'failed', note: 'no', by })).rejects.toMatchObject({
      code: 'conflict',
    });
    expect((await desk.office.entries('approval.resolved'))[0]).toMatchObject({ ref: { principal: by } });
    await replayApproval(desk.replayDeps('own_next'), id);
    expect(desk.dispatched).toHaveLength(1);
  });
});

describe('cancelling', () => {
  it('withdraws a call that waits, once, and nothing else', async () => {
    const { desk, id } = await approved();
    const cancel = (which: string) =>
      cancelApproval(desk.byHand, { id: which, by: 'key:test', reason: 'not wanted' });
    await expect(cancel(id)).rejects.toMatchObject({ code: 'conflict' });
    await expect(cancel('apr_none')).rejects.toMatchObject({ code: 'not_found' });
    const { approval } = await desk.hold({ n: 2 });
    expect(await cancel(approval.id)).toMatchObject({ state: 'cancelled', stateReason: 'not wanted' });
    await expect(cancel(approval.id)).rejects.toMatchObject({ code: 'conflict' });
    const late = await desk.hold({ n: 3 });
    desk.office.advance(600_000);
    await expect(cancel(late.approval.id)).rejects.toMatchObject({ code: 'conflict' });
    expect(await desk.office.entries('approval.cancelled')).toHaveLength(1);
  });
});

describe('the runner', () => {
  it('runs what is approved once, however often it is told, and stops when it is asked to', async () => {
    const { desk, id } = await approved();
    const reports: unknown[] = [];
    const runner = createReplayRunner(desk.replayDeps(), (fields) => reports.push(fields));
    runner.run(id);
    runner.run(id);
    await runner.resume();
    await runner.idle();
    expect(desk.dispatched).toHaveLength(1);
    expect(reports).toEqual([]);
  });

  it('starts nothing after a stop, so that the next start finds it approved', async () => {
    const { desk, id } = await approved();
    const stopped = createReplayRunner(desk.replayDeps(), () => undefined);
    await stopped.idle();
    stopped.run(id);
    await stopped.resume();
    await stopped.idle();
    expect(await listApproved(desk.replayDeps().database)).toEqual([id]);
    const next = createReplayRunner(desk.replayDeps('own_next'), () => undefined);
    await next.resume();
    await next.idle();
    expect(desk.dispatched).toHaveLength(1);
  });

  it('reports what ended early and tries it again when it looks for approved calls', async () => {
    const { desk, id } = await approved();
    const reports: unknown[] = [];
    const deps = desk.replayDeps();
    const faults = [new Error('the disk is gone')];
    const shaky: ReplayDeps = {
      ...deps,
      ledger: {
        commit: (change) => {
          const fault = faults.shift();
          return fault === undefined ? deps.ledger.commit(change) : Promise.reject(fault);
        },
      },
    };
    const runner = createReplayRunner(shaky, (fields) => reports.push(fields));
    runner.run(id);
    await expect.poll(() => reports.length).toBe(1);
    expect(desk.dispatched).toEqual([]);
    await expect.poll(() => runner.resume().then(() => desk.dispatched.length)).toBe(1);
    await runner.idle();
  });
});
