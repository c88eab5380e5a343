import { expect, it } from 'vitest';
import { claimApproval } from '../../src/approvals/transitions/store.ts';
import { openDesk } from './desk.ts';

const OTHERS = [
  'pending',
  'denied',
  'expired',
  'cancelled',
  'void',
  'executing',
  'succeeded',
  'failed',
  'unknown',
];

it('the guard of a claim takes an approved call once, and by itself refuses every other state, time and condition', async () => {
  const desk = await openDesk();
  await desk.office.bootstrap();
  const { approval } = await desk.hold();
  const { ledger } = desk.office.deps;
  const now = approval.requestedAt;
  const always = { sql: '1 = 1', params: [] };
  const never = { sql: '1 = 0', params: [] };
  const claim = (change: { now?: number; condition?: typeof always } = {}) =>
    ledger.commit({
      guard: claimApproval({
        id: approval.id,
        owner: 'own_1',
        until: now + 60_000,
        now,
        condition: always,
        ...change,
      }),
      entries: [],
    });
  const put = (state: string) =>
    ledger.commit({
      then: [{ sql: 'UPDATE approval SET state = ? WHERE id = ?', params: [state, approval.id] }],
      entries: [],
    });
  for (const state of OTHERS) {
    await put(state);
    expect([state, (await claim()).kind]).toEqual([state, 'refused']);
  }
  await put('approved');
  expect((await claim({ condition: never })).kind).toBe('refused');
  expect((await claim({ now: approval.expiresAt })).kind).toBe('refused');
  const raced = await Promise.all(Array.from({ length: 20 }, () => claim()));
  expect(raced.filter((one) => one.kind === 'applied')).toHaveLength(1);
});
