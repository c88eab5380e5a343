import { expect, it } from 'vitest';
import { replayApproval } from '../../src/approvals/replay.ts';
import type { Verdict } from '../../src/policy/verdict.ts';
import type { Enrolled } from '../principals/support/office.ts';
import { catalogOf, type Desk, holding, openDesk, PAY } from './desk.ts';

type Change = (desk: Desk, people: { ada: Enrolled; bob: Enrolled }) => unknown;

function sql(desk: Desk, text: string, ...params: string[]): Promise<unknown> {
  return desk.office.deps.ledger.commit({ then: [{ sql: text, params }], entries: [] });
}

const denying: Verdict = { ...holding(), effect: 'deny', reason: 'Payments are closed.' };

const CHANGES: readonly (readonly [string, Change, RegExp])[] = [
  [
    'the session is revoked',
    (desk) => desk.sessions.revoke({ id: desk.session.id, by: 'key:test', reason: 'over' }),
    /session was revoked/,
  ],
  [
    'the session runs out',
    (desk) => sql(desk, 'UPDATE session SET expires_at = 1 WHERE id = ?', desk.session.id),
    /session was revoked or has expired/,
  ],
  [
    'the scope of the session no longer covers the tool',
    (desk) => sql(desk, 'UPDATE session SET scope = ? WHERE id = ?', '["bank/read_*"]', desk.session.id),
    /scope/,
  ],
  ['the tool is gone', (desk) => Object.assign(desk.world, { catalog: catalogOf() }), /no longer offered/],
  [
    'another server has taken the name',
    (desk) => Object.assign(desk.world, { catalog: catalogOf({ ...PAY, server: 'other' }) }),
    /no longer offered/,
  ],
  [
    'the definition of the tool has changed',
    (desk) => Object.assign(desk.world, { catalog: catalogOf({ ...PAY, hash: 'sha256:new' }) }),
    /definition has changed/,
  ],
  [
    'the tool is quarantined',
    (desk) => Object.assign(desk.world, { catalog: catalogOf({ ...PAY, state: 'quarantined' }) }),
    /definition has changed/,
  ],
  [
    'the definition of the tool was refused',
    (desk) => {
      const refusal = { by: 'person:per_9', at: 0, reason: 'no' };
      Object.assign(desk.world, { catalog: catalogOf({ ...PAY, state: 'refused', refusal }) });
    },
    /was refused by person:per_9 at 1970-01-01T00:00:00.000Z: no\./,
  ],
  ['policy denies', (desk) => Object.assign(desk.world, { verdict: denying }), /Payments are closed/],
  [
    'policy cannot be evaluated',
    (desk) => {
      Object.defineProperty(desk.world, 'verdict', {
        get: () => {
          throw new Error('bad condition');
        },
      });
    },
    /could not be evaluated/,
  ],
  [
    'policy asks for more people',
    (desk) => Object.assign(desk.world, { verdict: holding({ quorum: 2 }) }),
    /2 approvals/,
  ],
  [
    'policy asks for another group',
    (desk) => Object.assign(desk.world, { verdict: holding({ groups: ['board'] }) }),
    /Only these groups/,
  ],
  [
    'it turns out that the approver minted the session',
    (desk, { ada }) => sql(desk, 'UPDATE session SET minted_by = ?', `person:${ada.person.id}`),
    /You minted this session; another person must decide it/,
  ],
  [
    'nobody can tell who minted the session',
    (desk) => sql(desk, "UPDATE session SET minted_by = 'api_key:key_gone'"),
    /cannot tell who made the session or the key that asks/,
  ],
  ['the approver was removed', (desk, { ada, bob }) => desk.office.remove(bob, ada), /no longer enrolled/],
  [
    'the passkey that the approver used was removed, though they have another',
    async (desk, { ada }) => {
      await desk.office.addPasskey(ada);
      const gone = 'UPDATE passkey SET removed_at = 1 WHERE credential_id = ?';
      await sql(desk, gone, ada.device.credentialId);
    },
    /passkey that they used, is no longer enrolled/,
  ],
  [
    'policy asks for a passkey that is attested',
    (desk) => Object.assign(desk.world, { verdict: holding({ authenticator: { attestation: ['tpm'] } }) }),
    /attestation of the format tpm/,
  ],
  [
    'the approver has left the group that the rule named at the time of the call',
    (desk, { ada }) => sql(desk, `UPDATE person SET groups = '[]' WHERE id = ?`, ada.person.id),
    /Only these groups/,
  ],
];

it.each(CHANGES)(
  'an approved call is void, and nothing is sent, when meanwhile %s',
  async (_, change, reason) => {
    const desk = await openDesk();
    const ada = await desk.office.bootstrap();
    const bob = await desk.office.invite(ada, 'Bob');
    const { approval } = await desk.hold({}, { verdict: holding({ groups: ['finance'] }) });
    await desk.decide(ada, approval.id, 'approve');
    await change(desk, { ada, bob });
    await replayApproval(desk.replayDeps(), approval.id);
    expect(desk.dispatched).toEqual([]);
    const found = await desk.get(approval.id);
    expect(found.state).toBe('void');
    expect(found.stateReason).toMatch(reason);
    expect((await desk.office.entries('approval.void'))[0]?.body.reason).toBe(found.stateReason);
  },
);

it('an approved call still runs when policy now allows it, or holds it on the same terms', async () => {
  const desk = await openDesk();
  const ada = await desk.office.bootstrap();
  for (const effect of ['allow', 'hold'] as const) {
    const { approval } = await desk.hold({ effect }, { verdict: holding() });
    await desk.decide(ada, approval.id, 'approve');
    const { approval: _, ...rest } = holding();
    desk.world.verdict = effect === 'allow' ? { ...rest, effect } : holding();
    await replayApproval(desk.replayDeps(), approval.id);
    expect((await desk.get(approval.id)).state).toBe('succeeded');
  }
});

it('a call that automation approved is void when policy now asks for a person', async () => {
  const desk = await openDesk();
  const ada = await desk.office.bootstrap();
  const { approval } = await desk.hold({}, { verdict: holding({ approver: 'automation' }) });
  await desk.decide(ada, approval.id, 'approve');
  const account = 'service_account:svc_1';
  const proof = JSON.stringify({ kind: 'service_account', service_account: 'svc_1' });
  await sql(desk, 'UPDATE decision SET approver = ?, proof = ?', account, proof);
  await sql(
    desk,
    `INSERT INTO service_account (id, workspace, name, groups, public_key, created_by, created_at)
     VALUES ('svc_1', 'default', 'bot', '[]', '{}', 'test', 1)`,
  );
  desk.world.verdict = holding({ approver: 'person', passkey: false });
  await replayApproval(desk.replayDeps(), approval.id);
  expect(desk.dispatched).toEqual([]);
  expect((await desk.get(approval.id)).stateReason).toMatch(/only people/);
});
