import { describe, expect, it } from 'vitest';
import { expireOverdue, listApproved, reapOrphans } from '../../src/approvals/sweep.ts';
import { LIMITS } from '../../src/core/limits.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { ambiguousCommit } from '../../src/storage/database.ts';
import { allowing, HOLDER, openActionDesk } from './action-desk.ts';
import { holding } from './desk.ts';

const refusedAs = (text: string) => ({ code: 'conflict', message: expect.stringContaining(text) });

describe('taking up an action', () => {
  it('succeeds for one of many takers, and its claim and capability are one transaction', async () => {
    const desk = await openActionDesk();
    const id = await desk.approved();
    const taken = await Promise.allSettled(Array.from({ length: 200 }, () => desk.takeUp(id)));
    expect(taken.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
    expect(await desk.office.entries('approval.executing')).toMatchObject([
      { ref: { approval: id, principal: HOLDER }, body: { attempt: 1, owner: HOLDER } },
    ]);
    expect(await desk.office.entries('capability.exchanged')).toHaveLength(1);
    await expect(desk.takeUp(id)).rejects.toMatchObject(
      refusedAs('is executing. Its capability was exchanged'),
    );
  });

  it('is for the requester alone, and for actions alone', async () => {
    const desk = await openActionDesk();
    const id = await desk.approved();
    await expect(desk.takeUp(id, { holder: 'api_key:key_other' })).rejects.toMatchObject({
      code: 'forbidden',
    });
    const { approval } = await desk.hold();
    await desk.decide(desk.ada, approval.id, 'approve');
    await expect(desk.takeUp(approval.id, { holder: approval.requester })).rejects.toMatchObject({
      code: 'forbidden',
    });
    expect((await desk.get(approval.id)).state).toBe('approved');
  });

  it('says how the approval stands and what to do in every other state', async () => {
    const desk = await openActionDesk();
    const pending = (await desk.request()).approval.id;
    await expect(desk.takeUp(pending)).rejects.toMatchObject(
      refusedAs('is pending. Nobody has decided it yet'),
    );
    const denied = (await desk.request()).approval.id;
    await desk.decide(desk.ada, denied, 'deny');
    await expect(desk.takeUp(denied)).rejects.toMatchObject(
      refusedAs('is denied. It must not be carried out.'),
    );
    const id = await desk.approved();
    await desk.takeUp(id);
    await desk.report(id, 'succeeded');
    await expect(desk.takeUp(id)).rejects.toMatchObject(refusedAs('is succeeded.'));
  });

  it('is refused once the capability has run out, before and after the sweep has recorded it', async () => {
    const desk = await openActionDesk();
    const id = await desk.approved();
    desk.office.advance(300_000);
    await expect(desk.takeUp(id)).rejects.toMatchObject(refusedAs('is expired. Request a new approval.'));
    await expireOverdue(desk.byHand);
    expect(await desk.get(id)).toMatchObject({
      state: 'expired',
      stateReason: 'It was approved but its capability was not exchanged in time.',
    });
    await expect(desk.takeUp(id)).rejects.toMatchObject(refusedAs('is expired.'));
    expect(await desk.office.entries('capability.exchanged')).toEqual([]);
  });

  it('makes the approval void when policy denies the action by now', async () => {
    const desk = await openActionDesk();
    const id = await desk.approved();
    desk.world.verdict = { ...holding(), effect: 'deny', reason: 'Frozen for the holidays.' };
    await expect(desk.takeUp(id)).rejects.toMatchObject(refusedAs('Policy now denies this action: Frozen'));
    desk.world.verdict = holding();
    await expect(desk.takeUp(id)).rejects.toMatchObject(refusedAs('is void (Policy now denies'));
    expect(await desk.office.entries('approval.void')).toHaveLength(1);
  });

  it('makes the approval void when who approved it is no longer enrolled, or no longer enough', async () => {
    const desk = await openActionDesk();
    const grace = await desk.office.invite(desk.ada, 'Grace');
    const { approval } = await desk.request();
    await desk.decide(grace, approval.id, 'approve');
    await desk.office.remove(desk.ada, grace);
    await expect(desk.takeUp(approval.id)).rejects.toMatchObject(refusedAs('is void'));

    const other = await desk.approved();
    desk.world.verdict = holding({ quorum: 2 });
    await expect(desk.takeUp(other)).rejects.toMatchObject(refusedAs('is void'));
  });

  it('makes what policy alone had allowed void when policy holds it by now', async () => {
    const desk = await openActionDesk();
    desk.world.verdict = allowing();
    const { approval } = await desk.request();
    expect(approval.state).toBe('approved');
    desk.world.verdict = holding();
    await expect(desk.takeUp(approval.id)).rejects.toMatchObject(refusedAs('is void'));
    expect(await desk.office.entries('capability.exchanged')).toEqual([]);
  });

  it('makes the approval void when the stored action is not the one that was signed', async () => {
    const desk = await openActionDesk();
    const id = await desk.approved();
    const sql = `UPDATE approval SET call_text = replace(call_text, '"1.2"', '"6.6"') WHERE id = ? RETURNING id`;
    await desk.office.deps.ledger.commit({ guard: { sql, params: [id] }, entries: [] });
    await expect(desk.takeUp(id)).rejects.toMatchObject(refusedAs('not the one that was approved'));
    expect(await desk.office.entries('capability.exchanged')).toEqual([]);
  });

  it('makes the approval void when the re-check breaks', async () => {
    const desk = await openActionDesk();
    const id = await desk.approved();
    const recheck = async (): Promise<never> => {
      throw new Error('the disk is gone');
    };
    await expect(desk.takeUp(id, { recheck })).rejects.toMatchObject(refusedAs('The re-check failed'));
  });

  it.each(['lost', 'kept'] as const)('hands nothing out when COMMIT does not report (%s)', async (fate) => {
    const desk = await openActionDesk();
    const { ledger } = desk.office.deps;
    const id = await desk.approved();
    const shaky: Ledger = {
      commit: async (change) => {
        if (fate === 'kept') await ledger.commit(change);
        throw ambiguousCommit(new Error('input/output error'));
      },
    };
    await expect(desk.takeUp(id, { ledger: shaky })).rejects.toMatchObject({ code: 'ledger_unavailable' });
    expect((await desk.get(id)).state).toBe(fate === 'kept' ? 'executing' : 'approved');
    if (fate === 'lost') expect((await desk.takeUp(id)).state).toBe('executing');
    // What was claimed for nobody can still be reported by its requester, and never be claimed again.
    else await expect(desk.takeUp(id)).rejects.toMatchObject(refusedAs('is executing'));
    expect((await desk.report(id, 'failed')).state).toBe('failed');
  });
});

describe('an action under way', () => {
  it('is not the gateway’s to run: no replay takes it up', async () => {
    const desk = await openActionDesk();
    await desk.approved();
    expect(await listApproved(desk.replayDeps().database)).toEqual([]);
  });

  it('outlives a restart of the gateway and becomes unknown only with time', async () => {
    const desk = await openActionDesk();
    const id = await desk.approved();
    await desk.takeUp(id);
    await reapOrphans(desk.byHand, { all: true });
    expect((await desk.get(id)).state).toBe('executing');
    desk.office.advance(LIMITS.actionOutcomeMs - 1);
    await reapOrphans(desk.byHand, { all: false });
    expect((await desk.get(id)).state).toBe('executing');
    desk.office.advance(1);
    await reapOrphans(desk.byHand, { all: false });
    expect(await desk.get(id)).toMatchObject({
      state: 'unknown',
      stateReason: 'The requester never said what happened.',
    });
    await expect(desk.report(id, 'succeeded')).rejects.toMatchObject(refusedAs('is unknown, not executing'));
  });

  it('has one outcome, whatever is reported after it or beside it', async () => {
    const desk = await openActionDesk();
    const id = await desk.approved();
    await desk.takeUp(id);
    const reports = (['succeeded', 'failed', 'failed', 'succeeded'] as const).map((one) =>
      desk.report(id, one),
    );
    const settled = await Promise.allSettled(reports);
    expect(settled.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
    expect(await desk.office.entries('approval.outcome')).toMatchObject([{ ref: { principal: HOLDER } }]);
  });
});

it('a requester has a bounded number of actions waiting, and room again once one is decided', async () => {
  const desk = await openActionDesk();
  const first = await desk.request();
  const more = Array.from({ length: LIMITS.pendingPerRequester - 1 }, () => desk.request());
  await Promise.all(more);
  await expect(desk.request()).rejects.toMatchObject({ code: 'rate_limited' });
  expect((await desk.request({ requester: 'api_key:key_other' })).created).toBe(true);
  await desk.decide(desk.ada, first.approval.id, 'deny');
  expect((await desk.request()).created).toBe(true);
});
