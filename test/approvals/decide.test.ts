import { describe, expect, it } from 'vitest';
import { replayApproval } from '../../src/approvals/replay.ts';
import { parseStatement } from '../../src/approvals/statement.ts';
import { expireOverdue } from '../../src/approvals/sweep.ts';
import { type Desk, holding, openDesk } from './desk.ts';

const codeOf = (settled: PromiseSettledResult<unknown>): string =>
  settled.status === 'fulfilled' ? 'won' : String((settled.reason as { code?: string }).code);

async function withAda(): Promise<{ desk: Desk; ada: Awaited<ReturnType<Desk['office']['bootstrap']>> }> {
  const desk = await openDesk();
  return { desk, ada: await desk.office.bootstrap() };
}

describe('a decision', () => {
  it('approve and deny raced a thousand times have one winner each', { timeout: 60_000 }, async () => {
    const { desk, ada } = await withAda();
    const bob = await desk.office.invite(ada, 'Bob');
    const won = { approve: 0, deny: 0 };
    for (let n = 0; n < 1_000; n += 1) {
      const { approval } = await desk.hold({ n });
      const offers = [
        [ada, await desk.offer(ada, approval.id, 'approve')],
        [bob, await desk.offer(bob, approval.id, 'deny')],
      ] as const;
      const inTurn = n % 2 === 0 ? offers : offers.toReversed();
      const outcomes = await Promise.allSettled(
        inTurn.map(([who, offered]) => desk.submit(who, approval.id, offered)),
      );
      expect(outcomes.map(codeOf).sort()).toEqual(['conflict', 'won']);
      const { state } = await desk.get(approval.id);
      won[state === 'approved' ? 'approve' : 'deny'] += 1;
    }
    expect(won.approve + won.deny).toBe(1_000);
    expect(Math.min(won.approve, won.deny)).toBeGreaterThan(0);
    expect(await desk.office.entries('approval.decided')).toHaveLength(1_000);
  });

  it('is bound to what was frozen, and the statement says so', async () => {
    const { desk, ada } = await withAda();
    const { approval } = await desk.hold();
    const offered = await desk.offer(ada, approval.id, 'deny', '  not today ');
    expect(parseStatement(offered.text)).toMatchObject({
      approval: approval.id,
      instance: approval.instance,
      decision: 'deny',
      reason: 'not today',
      actionCommit: approval.action.commit,
      viewCommit: approval.view.commit,
      toolHash: approval.toolHash,
      policyVersion: approval.policyVersion,
      approver: `person:${ada.person.id}`,
    });
    const denied = await desk.submit(ada, approval.id, offered);
    expect(await desk.get(approval.id)).toEqual(denied);
    expect(denied).toMatchObject({ state: 'denied', decisionReason: 'not today' });
  });

  it('made twice by one person at once counts once, and its call is sent once', async () => {
    const { desk, ada } = await withAda();
    const { approval } = await desk.hold();
    const offers = [
      await desk.offer(ada, approval.id, 'approve'),
      await desk.offer(ada, approval.id, 'approve'),
    ];
    const outcomes = await Promise.allSettled(offers.map((one) => desk.submit(ada, approval.id, one)));
    expect(outcomes.map(codeOf).sort()).toEqual(['conflict', 'won']);
    await Promise.all([1, 2, 3].map((n) => replayApproval(desk.replayDeps(`own_${n}`), approval.id)));
    await replayApproval(desk.replayDeps(), approval.id);
    expect(desk.dispatched).toHaveLength(1);
  });

  it('is refused as a conflict once the call has expired, whether or not that was recorded', async () => {
    const { desk, ada } = await withAda();
    const { approval } = await desk.hold({}, { verdict: holding({ expiresMs: 60_000 }) });
    const offered = await desk.offer(ada, approval.id, 'approve');
    desk.office.advance(60_000);
    await expect(desk.submit(ada, approval.id, offered)).rejects.toMatchObject({ code: 'conflict' });
    await expect(desk.offer(ada, approval.id, 'deny')).rejects.toMatchObject({ code: 'conflict' });
    await expireOverdue(desk.byHand);
    await expect(desk.submit(ada, approval.id, offered)).rejects.toMatchObject({ code: 'conflict' });
    expect(await desk.office.entries('approval.decided')).toEqual([]);
  });

  it('raced with expiry has one winner, whichever comes first', async () => {
    const { desk, ada } = await withAda();
    for (let n = 0; n < 20; n += 1) {
      const { approval } = await desk.hold({ n }, { verdict: holding({ expiresMs: 60_000 }) });
      const offered = await desk.offer(ada, approval.id, 'approve');
      desk.office.advance(59_999);
      const decided = desk.submit(ada, approval.id, offered);
      await Promise.resolve();
      desk.office.advance(1);
      const swept = expireOverdue(desk.byHand);
      const outcome = await Promise.allSettled([decided, swept]);
      await expireOverdue(desk.byHand);
      const entries = (await desk.office.entries('approval.')).filter(
        (one) => one.ref.approval === approval.id,
      );
      const decisions = entries.filter((one) => one.type === 'approval.decided').length;
      expect(decisions).toBe(codeOf(outcome[0]) === 'won' ? 1 : 0);
      expect((await desk.get(approval.id)).state).toBe('expired');
      expect(entries.filter((one) => one.type === 'approval.expired')).toHaveLength(1);
    }
  });
});

describe('a statement', () => {
  it('serves no other approval, no other person, and no second decision', async () => {
    const { desk, ada } = await withAda();
    const bob = await desk.office.invite(ada, 'Bob');
    const verdict = holding({ quorum: 3 });
    const [x, y] = [await desk.hold({ n: 1 }, { verdict }), await desk.hold({ n: 2 }, { verdict })];
    const offered = await desk.offer(ada, x.approval.id, 'approve');
    await expect(desk.submit(ada, y.approval.id, offered)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(desk.submit(bob, x.approval.id, offered)).rejects.toMatchObject({ code: 'forbidden' });
    await desk.submit(ada, x.approval.id, offered);
    await expect(desk.submit(ada, x.approval.id, offered)).rejects.toMatchObject({ code: 'conflict' });
    expect((await desk.get(x.approval.id)).state).toBe('pending');
  });

  it('signed as a denial cannot be sent in as an approval', async () => {
    const { desk, ada } = await withAda();
    const { approval } = await desk.hold();
    const deny = await desk.offer(ada, approval.id, 'deny');
    const approve = await desk.offer(ada, approval.id, 'approve');
    const swapped = { id: approve.id, challenge: deny.challenge };
    await expect(desk.submit(ada, approval.id, swapped)).rejects.toMatchObject({ code: 'unauthenticated' });
    expect((await desk.get(approval.id)).state).toBe('pending');
  });

  it('decides nothing after its own short life', async () => {
    const { desk, ada } = await withAda();
    const { approval } = await desk.hold();
    const offered = await desk.offer(ada, approval.id, 'approve');
    desk.office.advance(300_000);
    await expect(desk.submit(ada, approval.id, offered)).rejects.toMatchObject({ code: 'expired' });
    expect((await desk.decide(ada, approval.id, 'approve')).state).toBe('approved');
  });

  it('is not offered with a reason that is too long or cannot be stored', async () => {
    const { desk, ada } = await withAda();
    const { approval } = await desk.hold();
    for (const reason of ['x'.repeat(2_001), 'a\0b', '\ud800']) {
      await expect(desk.offer(ada, approval.id, 'deny', reason)).rejects.toMatchObject({
        code: 'invalid_request',
        fields: [{ field: 'reason' }],
      });
    }
    expect(parseStatement((await desk.offer(ada, approval.id, 'deny', '  ')).text).reason).toBeUndefined();
  });

  it('is not offered for an approval that nobody knows', async () => {
    const { desk, ada } = await withAda();
    await expect(desk.offer(ada, 'apr_none', 'approve')).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('a quorum of two', () => {
  it('takes two people; the second decision releases the call', async () => {
    const { desk, ada } = await withAda();
    const bob = await desk.office.invite(ada, 'Bob');
    const { approval } = await desk.hold({}, { verdict: holding({ quorum: 2 }) });
    expect((await desk.decide(ada, approval.id, 'approve')).state).toBe('pending');
    await replayApproval(desk.replayDeps(), approval.id);
    expect(desk.dispatched).toEqual([]);
    await expect(desk.offer(ada, approval.id, 'approve')).rejects.toMatchObject({ code: 'conflict' });
    expect((await desk.decide(bob, approval.id, 'approve')).state).toBe('approved');
    await replayApproval(desk.replayDeps(), approval.id);
    expect(desk.dispatched).toHaveLength(1);
  });

  it('is reached when both sign at the same moment', async () => {
    const { desk, ada } = await withAda();
    const bob = await desk.office.invite(ada, 'Bob');
    const { approval } = await desk.hold({}, { verdict: holding({ quorum: 2 }) });
    const [a, b] = [
      await desk.offer(ada, approval.id, 'approve'),
      await desk.offer(bob, approval.id, 'approve'),
    ];
    await Promise.all([desk.submit(ada, approval.id, a), desk.submit(bob, approval.id, b)]);
    expect((await desk.get(approval.id)).state).toBe('approved');
    expect(await desk.office.entries('approval.approved')).toHaveLength(1);
  });

  it('counts two passkeys of one person once', async () => {
    const { desk, ada } = await withAda();
    const { approval } = await desk.hold({}, { verdict: holding({ quorum: 2 }) });
    const second = await desk.secondDevice(ada);
    const offers = [
      await desk.offer(ada, approval.id, 'approve'),
      await desk.offer(ada, approval.id, 'approve'),
    ];
    const outcomes = await Promise.allSettled([
      desk.submit(ada, approval.id, offers[0]!),
      desk.submit(ada, approval.id, offers[1]!, { device: second }),
    ]);
    expect(outcomes.map(codeOf).sort()).toEqual(['conflict', 'won']);
    expect((await desk.get(approval.id)).state).toBe('pending');
  });

  it('is ended by one denial', async () => {
    const { desk, ada } = await withAda();
    const bob = await desk.office.invite(ada, 'Bob');
    const { approval } = await desk.hold({}, { verdict: holding({ quorum: 2 }) });
    await desk.decide(ada, approval.id, 'approve');
    expect((await desk.decide(bob, approval.id, 'deny')).state).toBe('denied');
  });
});
