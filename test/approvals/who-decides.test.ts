import { describe, expect, it } from 'vitest';
import { cancelApproval } from '../../src/approvals/settle-by-hand.ts';
import { selectApproval } from '../../src/approvals/store.ts';
import type { Enrolled } from '../principals/support/office.ts';
import { type Desk, holding, openDesk } from './desk.ts';

function sql(desk: Desk, text: string, ...params: string[]): Promise<unknown> {
  return desk.office.deps.ledger.commit({ then: [{ sql: text, params }], entries: [] });
}

async function withAda(): Promise<{ desk: Desk; ada: Awaited<ReturnType<Desk['office']['bootstrap']>> }> {
  const desk = await openDesk();
  return { desk, ada: await desk.office.bootstrap() };
}

describe('who may decide', () => {
  it('is only the groups that the rule names', async () => {
    const { desk, ada } = await withAda();
    const { approval } = await desk.hold({}, { verdict: holding({ groups: ['board'] }) });
    await expect(desk.offer(ada, approval.id, 'deny')).rejects.toMatchObject({ code: 'forbidden' });
    const other = await desk.hold({ n: 2 }, { verdict: holding({ groups: ['board', 'finance'] }) });
    expect((await desk.decide(ada, other.approval.id, 'approve')).state).toBe('approved');
  });

  it('is not the person whose agent asks, unless the rule lets them', async () => {
    const { desk, ada } = await withAda();
    const bob = await desk.office.invite(ada, 'Bob', { subject: 'agent-of-bob' });
    const pairs = [
      [ada, ada.person.id],
      [ada, `person:${ada.person.id}`],
      [bob, 'agent-of-bob'],
    ] as const;
    for (const [who, subject] of pairs) {
      const session = await desk.mint({ subject });
      const { approval } = await desk.hold({}, { session });
      await expect(desk.offer(who, approval.id, 'approve')).rejects.toMatchObject({ code: 'forbidden' });
      const open = await desk.hold({ n: 2 }, { session, verdict: holding({ excludeRequester: false }) });
      expect((await desk.decide(who, open.approval.id, 'approve')).state).toBe('approved');
    }
  });

  it('is nobody of another workspace, for whom the approval does not exist', async () => {
    const { desk, ada } = await withAda();
    const { approval } = await desk.hold();
    const offered = await desk.offer(ada, approval.id, 'approve');
    await sql(desk, `UPDATE approval SET workspace = 'elsewhere' WHERE id = ?`, approval.id);
    await expect(desk.offer(ada, approval.id, 'approve')).rejects.toMatchObject({ code: 'not_found' });
    await expect(desk.submit(ada, approval.id, offered)).rejects.toMatchObject({ code: 'not_found' });
    const withdrawn = cancelApproval(desk.byHand, { id: approval.id, by: 'api_key:key_1', reason: 'No.' });
    await expect(withdrawn).rejects.toMatchObject({ code: 'not_found' });
    const rows = await desk.office.deps.database.query(selectApproval(approval.id));
    expect(rows[0]?.state).toBe('pending');
  });

  it('is nobody who was removed after the statement was offered', async () => {
    const { desk, ada } = await withAda();
    const bob = await desk.office.invite(ada, 'Bob');
    const { approval } = await desk.hold();
    const offered = await desk.offer(bob, approval.id, 'approve');
    await desk.office.remove(ada, bob);
    await expect(desk.submit(bob, approval.id, offered)).rejects.toMatchObject({ code: 'forbidden' });
    expect((await desk.get(approval.id)).state).toBe('pending');
  });

  it('is nobody whose removal commits while the signature is being checked', async () => {
    const { desk, ada } = await withAda();
    const bob = await desk.office.invite(ada, 'Bob');
    const { approval } = await desk.hold();
    const offered = await desk.offer(bob, approval.id, 'approve');
    const meanwhile = () => desk.office.remove(ada, bob);
    const decided = desk.submit(bob, approval.id, offered, { meanwhile });
    await expect(decided).rejects.toMatchObject({ code: 'conflict' });
    expect((await desk.get(approval.id)).state).toBe('pending');
  });
});

describe('between the page and the decision', () => {
  it.each<[string, (desk: Desk, people: { ada: Enrolled; bob: Enrolled }) => Promise<unknown>]>([
    ['the person was removed', (desk, { ada, bob }) => desk.office.remove(ada, bob)],
    [
      'the key was removed',
      (desk, { bob }) =>
        sql(desk, 'UPDATE passkey SET removed_at = 1 WHERE credential_id = ?', bob.device.credentialId),
    ],
    [
      'the person left the group',
      (desk, { bob }) => sql(desk, `UPDATE person SET groups = '[]' WHERE id = ?`, bob.person.id),
    ],
    [
      'the key was used elsewhere',
      (desk, { bob }) =>
        sql(desk, 'UPDATE passkey SET counter = 999 WHERE credential_id = ?', bob.device.credentialId),
    ],
  ])('%s: nothing is decided, even if that commits after the signature was checked', async (_, change) => {
    const { desk, ada } = await withAda();
    const bob = await desk.office.invite(ada, 'Bob');
    const { approval } = await desk.hold({}, { verdict: holding({ groups: ['finance'] }) });
    const offered = await desk.offer(bob, approval.id, 'approve');
    const meanwhile = () => change(desk, { ada, bob });
    await expect(desk.submit(bob, approval.id, offered, { meanwhile })).rejects.toMatchObject({
      code: 'conflict',
    });
    expect((await desk.get(approval.id)).state).toBe('pending');
    expect(await desk.office.entries('approval.decided')).toEqual([]);
  });
});

describe('terms on the passkey', () => {
  const aaguid = 'cb69481e-8ff7-4039-93ec-0a2729a154a8';

  it('are checked on the assertion and its enrolment, and the refusal says which is not met', async () => {
    const { desk, ada } = await withAda();
    const synced = desk.office.newDevice({ backupEligible: true });
    const model = desk.office.newDevice({ aaguid: aaguid.replaceAll('-', '') });
    await desk.office.addPasskey(ada, synced);
    await desk.office.addPasskey(ada, model);
    const verdict = holding({ authenticator: { backupEligible: false, aaguids: [aaguid] } });
    const { approval } = await desk.hold({}, { verdict });
    const offered = await desk.offer(ada, approval.id, 'approve');
    await expect(desk.submit(ada, approval.id, offered, { device: synced })).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('bound to one device'),
    });
    await expect(desk.submit(ada, approval.id, offered)).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('certain models'),
    });
    expect(await desk.office.entries('approval.decided')).toEqual([]);
    expect((await desk.submit(ada, approval.id, offered, { device: model })).state).toBe('approved');
  });
});
