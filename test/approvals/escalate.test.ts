import { expect, it } from 'vitest';
import { escalateDue } from '../../src/approvals/escalate.ts';
import { replayApproval } from '../../src/approvals/replay.ts';
import { expireOverdue } from '../../src/approvals/sweep.ts';
import { type Desk, holding, openDesk } from './desk.ts';

const ESCALATING = holding({
  groups: ['finance'],
  escalations: [
    { afterMs: 60_000, groups: ['cto'] },
    { afterMs: 120_000, groups: ['ceo'] },
  ],
});

async function office(): Promise<{ desk: Desk; cto: Awaited<ReturnType<Desk['office']['bootstrap']>> }> {
  const desk = await openDesk();
  const ada = await desk.office.bootstrap();
  return { desk, cto: await desk.office.invite(ada, 'Carl', { groups: ['cto'] }) };
}

const escalated = async (desk: Desk) =>
  (await desk.office.entries('approval.escalated')).map((entry) => entry.body);

it('who may decide grows with time, whether or not a sweep has noticed', async () => {
  const { desk, cto } = await office();
  const { approval } = await desk.hold({}, { verdict: ESCALATING });
  desk.office.advance(59_999);
  await expect(desk.decide(cto, approval.id, 'approve')).rejects.toMatchObject({ code: 'forbidden' });
  desk.office.advance(1);
  expect((await desk.decide(cto, approval.id, 'approve')).state).toBe('approved');
  desk.world.verdict = ESCALATING;
  await replayApproval(desk.replayDeps(), approval.id);
  expect(desk.dispatched).toHaveLength(1);
});

it('each escalation is recorded once, when it is due, and whoever listens is told', async () => {
  const { desk } = await office();
  const { approval } = await desk.hold({}, { verdict: ESCALATING });
  expect(await escalateDue(desk.byHand)).toBe(0);
  desk.office.advance(60_000);
  await Promise.all([escalateDue(desk.byHand), escalateDue(desk.byHand)]);
  expect(await escalateDue(desk.byHand)).toBe(0);
  expect(await escalated(desk)).toEqual([{ after_ms: 60_000, groups: ['cto'] }]);
  expect(desk.changed).toEqual([approval.id]);
  expect((await desk.get(approval.id)).escalatedAt).toBe(approval.requestedAt + 60_000);
  desk.office.advance(60_000);
  await escalateDue(desk.byHand);
  expect(await escalated(desk)).toEqual([
    { after_ms: 60_000, groups: ['cto'] },
    { after_ms: 120_000, groups: ['ceo'] },
  ]);
});

it('escalations that became due while nobody looked are all recorded at once', async () => {
  const { desk } = await office();
  await desk.hold({}, { verdict: ESCALATING });
  desk.office.advance(500_000);
  expect(await escalateDue(desk.byHand)).toBe(1);
  expect(await escalated(desk)).toHaveLength(2);
  expect(await escalateDue(desk.byHand)).toBe(0);
});

it('what is decided, expired or has no escalation is left alone', async () => {
  const { desk, cto } = await office();
  const ada = await desk.office.invite(cto, 'Ada', { groups: ['finance'] });
  const decided = await desk.hold({ n: 1 }, { verdict: ESCALATING });
  await desk.decide(ada, decided.approval.id, 'deny');
  await desk.hold({ n: 2 }, { verdict: holding({ groups: ['finance'] }) });
  const short = { ...ESCALATING, approval: { ...ESCALATING.approval!, expiresMs: 60_000 } };
  await desk.hold({ n: 3 }, { verdict: short });
  desk.office.advance(60_000);
  expect(await escalateDue(desk.byHand)).toBe(0);
  expect(await escalated(desk)).toEqual([]);
});

it('a statement that was offered before an escalation still decides after it', async () => {
  const { desk, cto } = await office();
  const ada = await desk.office.invite(cto, 'Ada', { groups: ['finance'] });
  const { approval } = await desk.hold({}, { verdict: ESCALATING });
  const offered = await desk.offer(ada, approval.id, 'approve');
  desk.office.advance(60_000);
  await escalateDue(desk.byHand);
  expect((await desk.submit(ada, approval.id, offered)).state).toBe('approved');
});

it('what nobody decided says so when it expires, and what too few approved says that', async () => {
  const { desk, cto } = await office();
  const nobody = await desk.hold({ n: 1 }, { verdict: ESCALATING });
  const few = await desk.hold({ n: 2 }, { verdict: holding({ quorum: 2 }) });
  await desk.decide(cto, few.approval.id, 'approve');
  desk.office.advance(600_000);
  await expireOverdue(desk.byHand);
  const reasonOf = async (id: string) => (await desk.get(id)).stateReason;
  expect(await reasonOf(nobody.approval.id)).toBe('Nobody decided in time.');
  expect(await reasonOf(few.approval.id)).toBe('Too few people approved in time.');
});
