import { describe, expect, it } from 'vitest';
import { replayApproval } from '../../src/approvals/replay.ts';
import { parseStatement } from '../../src/approvals/statement.ts';
import type { Enrolled } from '../principals/support/office.ts';
import { type Desk, holding, openDesk } from './desk.ts';

const BOARD_ONLY = holding({ groups: ['board'], quorum: 3 });

/** Ada, who is of the first group only, and two people who may break the glass. */
async function fireBrigade(): Promise<{ desk: Desk; ada: Enrolled; bob: Enrolled; cleo: Enrolled }> {
  const desk = await openDesk();
  const ada = await desk.office.bootstrap();
  const groups = ['break-glass'];
  const bob = await desk.office.invite(ada, 'Bob', { groups });
  const cleo = await desk.office.invite(ada, 'Cleo', { groups });
  return { desk, ada, bob, cleo };
}

function sql(desk: Desk, text: string, ...params: string[]): Promise<unknown> {
  return desk.office.deps.ledger.commit({ then: [{ sql: text, params }], entries: [] });
}

describe('breaking the glass', () => {
  it('takes two people whatever the rule asks for, releases a short right, and is loud', async () => {
    const { desk, bob, cleo } = await fireBrigade();
    const { approval } = await desk.hold({}, { verdict: BOARD_ONLY });
    expect((await desk.breakGlass(bob, approval.id, 'Fire on deck 3.')).state).toBe('pending');
    const approved = await desk.breakGlass(cleo, approval.id);
    expect(approved.state).toBe('approved');
    expect(approved.expiresAt - Number(approved.decidedAt)).toBe(60_000);

    const entries = (await desk.office.entries('')).filter((entry) => entry.ref.approval === approval.id);
    const tail = entries.slice(-6).map(({ type, body }) => [type, body]);
    expect(tail).toEqual([
      ['approval.decided', expect.objectContaining({ decision: 'approve', break_glass: true })],
      ['break_glass.invoked', { reason: 'Fire on deck 3.', approvals: 1, needed: 2 }],
      ['approval.decided', expect.objectContaining({ decision: 'approve', break_glass: true })],
      ['break_glass.invoked', { reason: 'The desk is on fire.', approvals: 2, needed: 2 }],
      ['approval.approved', { basis: 'break_glass', expires_at: approved.expiresAt }],
      ['capability.issued', expect.objectContaining({ basis: 'decision', expires_at: approved.expiresAt })],
    ]);
    expect(desk.alarms).toEqual([
      {
        approval: approval.id,
        approver: `person:${bob.person.id}`,
        reason: 'Fire on deck 3.',
        approvals: 1,
        needed: 2,
      },
      expect.objectContaining({ approver: `person:${cleo.person.id}`, approvals: 2 }),
    ]);
    desk.world.verdict = BOARD_ONLY;
    await replayApproval(desk.replayDeps(), approval.id);
    expect(desk.dispatched).toHaveLength(1);
  });

  it('signs that it is so, why, and how short the right lasts', async () => {
    const { desk, bob } = await fireBrigade();
    const { approval } = await desk.hold({}, { verdict: BOARD_ONLY });
    const { text } = await desk.offer(bob, approval.id, 'approve', ' Fire. ', true);
    expect(parseStatement(text)).toMatchObject({
      breakGlass: true,
      reason: 'Fire.',
      decision: 'approve',
      scope: { ttl: 60 },
    });
  });

  it('takes a reason, an approval, and a member of its group', async () => {
    const { desk, ada, bob } = await fireBrigade();
    const { approval } = await desk.hold({}, { verdict: BOARD_ONLY });
    for (const reason of [undefined, '', '  '])
      await expect(desk.offer(bob, approval.id, 'approve', reason, true)).rejects.toMatchObject({
        code: 'invalid_request',
        fields: [{ field: 'reason' }],
      });
    await expect(desk.offer(bob, approval.id, 'deny', 'Fire.', true)).rejects.toMatchObject({
      code: 'invalid_request',
      fields: [{ field: 'break_glass' }],
    });
    await expect(desk.breakGlass(ada, approval.id)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(desk.offer(bob, approval.id, 'approve')).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('takes a passkey that is bound to one device', async () => {
    const { desk, bob } = await fireBrigade();
    const { approval } = await desk.hold({}, { verdict: BOARD_ONLY });
    const synced = desk.office.newDevice({ backupEligible: true });
    await desk.office.addPasskey(bob, synced);
    const offered = await desk.offer(bob, approval.id, 'approve', 'Fire.', true);
    const refused = desk.submit(bob, approval.id, offered, { device: synced });
    await expect(refused).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('bound to one device'),
    });
    expect(desk.alarms).toEqual([]);
    expect((await desk.submit(bob, approval.id, offered)).state).toBe('pending');
  });

  it('is never for the person whose agent asks, though the rule would let them decide', async () => {
    const { desk, ada, bob } = await fireBrigade();
    const session = await desk.mint({ subject: bob.person.id });
    const dora = await desk.office.invite(ada, 'Dora', { groups: ['break-glass'], subject: 'agent-of-dora' });
    const hers = await desk.mint({ subject: 'agent-of-dora' });
    const verdict = holding({ excludeRequester: false });
    const { approval } = await desk.hold({}, { verdict, session });
    await expect(desk.breakGlass(bob, approval.id)).rejects.toMatchObject({ code: 'forbidden' });
    const other = await desk.hold({}, { verdict, session: hers });
    await expect(desk.breakGlass(dora, other.approval.id)).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('does not count towards the quorum, nor the quorum towards it', async () => {
    const { desk, ada, bob, cleo } = await fireBrigade();
    const { approval } = await desk.hold({}, { verdict: holding({ quorum: 2 }) });
    await desk.breakGlass(bob, approval.id);
    expect((await desk.decide(ada, approval.id, 'approve')).state).toBe('pending');
    expect((await desk.decide(cleo, approval.id, 'approve')).state).toBe('approved');
    const [approved] = await desk.office.entries('approval.approved');
    expect(approved?.body).toMatchObject({ basis: 'decision' });
    expect((await desk.get(approval.id)).expiresAt - desk.office.deps.now()).toBe(300_000);
  });

  it('counts a person once: not again with another key, nor in the ordinary way', async () => {
    const { desk, bob } = await fireBrigade();
    const { approval } = await desk.hold({}, { verdict: holding({ quorum: 2 }) });
    const spare = await desk.secondDevice(bob);
    const [one, two] = [
      await desk.offer(bob, approval.id, 'approve', 'Fire.', true),
      await desk.offer(bob, approval.id, 'approve', 'Fire.', true),
    ];
    await desk.submit(bob, approval.id, one);
    await expect(desk.submit(bob, approval.id, two, { device: spare })).rejects.toMatchObject({
      code: 'conflict',
    });
    await expect(desk.decide(bob, approval.id, 'approve')).rejects.toMatchObject({ code: 'conflict' });
    expect((await desk.get(approval.id)).state).toBe('pending');
  });

  it('is ended by one denial of an entitled person', async () => {
    const { desk, ada, bob, cleo } = await fireBrigade();
    const { approval } = await desk.hold({}, { verdict: holding({ groups: ['finance'], quorum: 2 }) });
    await desk.breakGlass(bob, approval.id);
    expect((await desk.decide(ada, approval.id, 'deny')).state).toBe('denied');
    await expect(desk.breakGlass(cleo, approval.id)).rejects.toMatchObject({ code: 'conflict' });
  });
});

describe('a call for which the glass was broken is void when meanwhile', () => {
  it.each<[string, (desk: Desk, people: { ada: Enrolled; bob: Enrolled }) => Promise<unknown>, RegExp]>([
    ['one of them was removed', (desk, { ada, bob }) => desk.office.remove(ada, bob), /no longer enrolled/],
    [
      'one of them has left the group',
      (desk, { bob }) => sql(desk, `UPDATE person SET groups = '[]' WHERE id = ?`, bob.person.id),
      /group break-glass/,
    ],
    [
      'the key that one of them used was removed',
      (desk, { bob }) => sql(desk, 'UPDATE passkey SET removed_at = 1 WHERE person_id = ?', bob.person.id),
      /passkey that they used/,
    ],
    [
      'policy denies it',
      async (desk) =>
        Object.assign(desk.world, { verdict: { ...holding(), effect: 'deny', reason: 'Closed.' } }),
      /Closed/,
    ],
  ])('%s', async (_, change, reason) => {
    const { desk, ada, bob, cleo } = await fireBrigade();
    const { approval } = await desk.hold({}, { verdict: BOARD_ONLY });
    await desk.breakGlass(bob, approval.id);
    await desk.breakGlass(cleo, approval.id);
    await change(desk, { ada, bob });
    await replayApproval(desk.replayDeps(), approval.id);
    expect(desk.dispatched).toEqual([]);
    expect(await desk.get(approval.id)).toMatchObject({
      state: 'void',
      stateReason: expect.stringMatching(reason),
    });
  });
});
