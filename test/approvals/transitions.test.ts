import { expect, it } from 'vitest';
import {
  decideApproval,
  expireApproval,
  settleApproval,
  stepApproval,
} from '../../src/approvals/transitions/store.ts';
import type { Statement } from '../../src/storage/database.ts';
import { type Desk, openDesk } from './desk.ts';

/** Each guard must hold alone, whatever the code before it has looked at. */
async function refuses(desk: Desk, guard: Statement): Promise<void> {
  const applied = await desk.office.deps.ledger.commit({ guard, entries: [] });
  expect(applied.kind).toBe('refused');
}

async function offered() {
  const desk = await openDesk();
  const ada = await desk.office.bootstrap();
  const { approval } = await desk.hold();
  const statement = await desk.offer(ada, approval.id, 'approve');
  const change = {
    id: approval.id,
    rev: approval.rev,
    state: 'approved' as const,
    at: approval.requestedAt,
    expiresAt: approval.expiresAt,
    by: `person:${ada.person.id}`,
    reason: undefined,
    statementId: statement.id,
    conditions: [{ sql: 'EXISTS (SELECT 1)', params: [] }],
  };
  return { desk, ada, approval, statement, change };
}

it('the guard of a decision refuses by itself what is late, stale, unproven or signed for something else', async () => {
  const { desk, ada, approval, statement, change } = await offered();
  const other = await desk.offer(ada, (await desk.hold({ n: 2 })).approval.id, 'approve');
  const never = { sql: 'EXISTS (SELECT 1 WHERE 1 = 0)', params: [] };
  await refuses(desk, decideApproval({ ...change, at: approval.expiresAt }));
  await refuses(desk, decideApproval({ ...change, at: statement.expiresAt }));
  await refuses(desk, decideApproval({ ...change, rev: approval.rev + 1 }));
  await refuses(desk, decideApproval({ ...change, conditions: [...change.conditions, never] }));
  await refuses(desk, decideApproval({ ...change, statementId: other.id }));
  await refuses(desk, decideApproval({ ...change, statementId: 'stm_none' }));
  const used = { sql: 'UPDATE statement SET used_at = 1 WHERE id = ?', params: [statement.id] };
  await desk.office.deps.ledger.commit({ then: [used], entries: [] });
  await refuses(desk, decideApproval(change));
});

it('the guard of a decision refuses an approval that has run out, even by a statement that has not', async () => {
  const { desk, approval, statement, change } = await offered();
  const longer = {
    sql: 'UPDATE statement SET expires_at = ? WHERE id = ?',
    params: [approval.expiresAt * 2, statement.id],
  };
  await desk.office.deps.ledger.commit({ then: [longer], entries: [] });
  await refuses(desk, decideApproval({ ...change, at: approval.expiresAt }));
});

it('the guard of a decision refuses whatever is no longer pending, and a second decision of one approver', async () => {
  const { desk, ada, approval, change } = await offered();
  const again = await desk.offer(ada, approval.id, 'deny');
  await desk.decide(ada, approval.id, 'approve');
  const now = await desk.get(approval.id);
  await refuses(
    desk,
    decideApproval({ ...change, rev: now.rev, statementId: again.id, by: 'person:per_other' }),
  );
  const pending = { sql: `UPDATE approval SET state = 'pending' WHERE id = ?`, params: [approval.id] };
  await desk.office.deps.ledger.commit({ then: [pending], entries: [] });
  await refuses(desk, decideApproval({ ...change, rev: now.rev, statementId: again.id }));
});

it('expiry, outcome and hand-made steps change nothing but the state that they are for', async () => {
  const { desk, approval } = await offered();
  const { id } = approval;
  const at = approval.requestedAt;
  await refuses(desk, expireApproval(id, approval.expiresAt - 1));
  await refuses(desk, stepApproval({ id, from: 'unknown', to: 'succeeded', reason: 'no', at }));
  await refuses(desk, stepApproval({ id, from: 'approved', to: 'void', reason: 'no', at }));
  const outcome = {
    id,
    owner: 'own_a',
    attempt: 0,
    state: 'succeeded' as const,
    result: { kind: 'result' as const, text: '{}' },
    reason: undefined,
    at,
  };
  await refuses(desk, settleApproval(outcome));
  const lease = `UPDATE approval SET state = 'executing', attempt = 1, lease_owner = 'own_a', lease_until = 9 WHERE id = ?`;
  await desk.office.deps.ledger.commit({ then: [{ sql: lease, params: [id] }], entries: [] });
  await refuses(desk, settleApproval(outcome));
  await refuses(desk, settleApproval({ ...outcome, attempt: 1, owner: 'own_b' }));
  await refuses(desk, expireApproval(id, approval.expiresAt));
  const settled = await desk.office.deps.ledger.commit({
    guard: settleApproval({ ...outcome, attempt: 1 }),
    entries: [],
  });
  expect(settled.kind).toBe('applied');
});
