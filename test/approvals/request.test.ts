import { describe, expect, it } from 'vitest';
import { cancelApproval } from '../../src/approvals/settle-by-hand.ts';
import { expireOverdue } from '../../src/approvals/sweep.ts';
import { commitment } from '../../src/core/digest.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { holding, openDesk } from './desk.ts';

describe('freezing a call', () => {
  it('commits the call, its view and its terms to the ledger in the same transaction', async () => {
    const desk = await openDesk();
    const { approval, created } = await desk.hold({ b: 1, a: [2] });
    expect(created).toBe(true);
    expect(approval.call.text).toBe('{"arguments":{"a":[2],"b":1},"server":"bank","tool":"pay"}');
    const { salt, commit } = approval.action;
    expect(commitment(Buffer.from(salt, 'hex'), approval.call.text)).toBe(commit);
    expect(await desk.get(approval.id)).toMatchObject(approval);
    expect(await desk.office.entries('approval.')).toMatchObject([
      {
        type: 'approval.requested',
        ref: { approval: approval.id, session: desk.session.id, action: 'bank/pay' },
        body: { action: commit, view: approval.view.commit, instance: approval.instance, quorum: 1 },
      },
    ]);
  });

  it('makes one approval of a hundred identical calls at once', async () => {
    const desk = await openDesk();
    const held = await Promise.all(Array.from({ length: 100 }, () => desk.hold({ amount_cents: 1 })));
    expect(new Set(held.map((one) => one.approval.id)).size).toBe(1);
    expect(held.filter((one) => one.created)).toHaveLength(1);
    expect(await desk.office.entries('approval.requested')).toHaveLength(1);
    expect((await desk.sessions.get(desk.session.id))?.calls).toBe(1);
  });

  it('sees the same call in another order of its keys', async () => {
    const desk = await openDesk();
    const first = await desk.hold({ a: 1, b: 2 });
    expect((await desk.hold({ b: 2, a: 1 })).approval.id).toBe(first.approval.id);
  });

  it('tells equal calls apart by the agent’s idempotency key', async () => {
    const desk = await openDesk();
    const ids = new Set<string>();
    for (const key of [undefined, 'one', 'two', 'one']) {
      const held = await desk.hold({ a: 1 }, key === undefined ? {} : { key });
      ids.add(held.approval.id);
    }
    expect(ids.size).toBe(3);
  });

  it('refuses an idempotency key that already stands for other arguments', async () => {
    const desk = await openDesk();
    await desk.hold({ a: 1 }, { key: 'one' });
    await expect(desk.hold({ a: 2 }, { key: 'one' })).rejects.toMatchObject({ code: 'idempotency_mismatch' });
    const raced = await Promise.allSettled([
      desk.hold({ a: 1 }, { key: 'two' }),
      desk.hold({ a: 2 }, { key: 'two' }),
    ]);
    expect(raced.map((one) => one.status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('does not let one session meet the approvals of another', async () => {
    const desk = await openDesk();
    const other = await desk.mint();
    const mine = await desk.hold({ a: 1 }, { key: 'one' });
    const theirs = await desk.hold({ a: 1 }, { key: 'one', session: other });
    expect(theirs.approval.id).not.toBe(mine.approval.id);
  });

  it('asks anew once the earlier approval has run out, even before the sweep has seen it', async () => {
    const desk = await openDesk();
    const first = await desk.hold({ a: 1 });
    desk.office.advance(600_000);
    const second = await desk.hold({ a: 1 });
    expect(second.created).toBe(true);
    expect((await desk.get(first.approval.id)).state).toBe('expired');
    expect((await desk.office.entries('approval.')).map((entry) => entry.type)).toEqual([
      'approval.requested',
      'approval.expired',
      'approval.requested',
    ]);
  });
});

describe('a session that asks too much', () => {
  it('has no more calls waiting than the cap, however many it sends at once', async () => {
    const desk = await openDesk();
    const cap = LIMITS.pendingPerSession;
    const held = await Promise.allSettled(Array.from({ length: cap + 20 }, (_, n) => desk.hold({ n })));
    const refused = held.filter((one) => one.status === 'rejected');
    expect(refused).toHaveLength(20);
    expect(refused[0]?.reason).toMatchObject({ code: 'rate_limited' });
    const { approval } = await desk.hold({ n: 0 });
    await cancelApproval(desk.byHand, { id: approval.id, by: 'key:test', reason: 'room' });
    expect((await desk.hold({ n: 'next' })).created).toBe(true);
  });

  it('cannot freeze more calls than its call cap, but still finds those it has', async () => {
    const desk = await openDesk();
    const session = await desk.mint({ callCap: 2 });
    const held = await Promise.allSettled([1, 2, 3].map((n) => desk.hold({ n }, { session })));
    expect(held.map((one) => one.status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    await expect(desk.hold({ n: 3 }, { session })).rejects.toMatchObject({ code: 'forbidden' });
    expect((await desk.hold({ n: 1 }, { session })).created).toBe(false);
  });

  it('cannot freeze anything once it was revoked or has expired', async () => {
    const desk = await openDesk();
    const revoked = await desk.mint();
    await desk.sessions.revoke({ id: revoked.id, by: 'key:test', reason: 'over' });
    await expect(desk.hold({}, { session: revoked })).rejects.toMatchObject({ code: 'not_found' });
    const short = await desk.mint({ ttlMs: 1_000 });
    desk.office.advance(1_000);
    await expect(desk.hold({}, { session: short })).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('expiry', () => {
  it('is recorded once, for pending and for approved calls, and only when it is due', async () => {
    const desk = await openDesk();
    const deps = desk.byHand;
    const ada = await desk.office.bootstrap();
    const pending = await desk.hold({ n: 1 });
    const approved = await desk.hold({ n: 2 });
    await desk.hold({ n: 3 }, { verdict: holding({ expiresMs: 700_000 }) });
    await desk.decide(ada, approved.approval.id, 'approve');
    expect(await expireOverdue(deps)).toBe(0);
    desk.office.advance(600_000);
    expect(await Promise.all([expireOverdue(deps), expireOverdue(deps)])).toContain(2);
    expect((await desk.get(pending.approval.id)).stateReason).toBe('Nobody decided in time.');
    expect((await desk.get(approved.approval.id)).state).toBe('expired');
    expect(await desk.office.entries('approval.expired')).toHaveLength(2);
  });
});
