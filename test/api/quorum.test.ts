import { expect, it, onTestFinished } from 'vitest';
import type { AppEvent } from '../../src/app/options.ts';
import { buildBatch } from '../../src/approvals/batch-statement.ts';
import { statementChallenge } from '../../src/core/digest.ts';
import { connectV2 } from '../support/agents.ts';
import { type Approver, enrol } from '../support/approver.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

const policyWith = (approval: string): string => `version: 1
defaults: { effect: hold }
rules:
  - id: payments
    match: { tools: ["oracle/pay"] }
    effect: hold
    approval: { ${approval} }
`;

interface Shop {
  readonly gateway: TestGateway;
  readonly events: AppEvent[];
  readonly ada: Approver;
  /** Has a payment frozen and gives the id of its approval. */
  hold(): Promise<string>;
  get(id: string): Promise<any>;
}

async function openShop(approval: string): Promise<Shop> {
  const events: AppEvent[] = [];
  const gateway = await startTestGateway({
    policy: policyWith(approval),
    onEvent: (event) => events.push(event),
  });
  onTestFinished(() => gateway.close());
  const ada = await enrol(gateway.app.origin, gateway.app.enrolUrl ?? '');
  const agent = await connectV2(gateway.app.session.mcp, 'auto');
  onTestFinished(() => agent.close());
  return {
    gateway,
    events,
    ada,
    async hold() {
      const held: any = await agent.callTool({ name: 'pay', arguments: { amount_cents: 7500, to: 'c_1' } });
      return held.structuredContent.approval_id;
    },
    get: async (id) => (await gateway.api('GET', `/v1/approvals/${id}`)).body,
  };
}

async function breakGlass(who: Approver, id: string, reason: string | undefined) {
  const asked = { decision: 'approve', break_glass: true, ...(reason === undefined ? {} : { reason }) };
  const offered = await who.fetch('POST', `/v1/approvals/${id}/statement`, asked);
  if (offered.status !== 200) return offered;
  const assertion = who.device.get({ challenge: offered.body.challenge });
  const { statement_id } = offered.body;
  return who.fetch('POST', `/v1/approvals/${id}/decide`, { statement_id, assertion });
}

it('two people break the glass for what nobody who should decide can, and everybody can read who and why', async () => {
  const { gateway, events, ada, hold, get } = await openShop('groups: [board], quorum: 3');
  const bob = await ada.invite('Bob', ['break-glass']);
  const cleo = await ada.invite('Cleo', ['break-glass']);
  const id = await hold();
  expect((await bob.decide(id, 'approve')).status).toBe(403);
  expect(await breakGlass(ada, id, 'Fire.')).toMatchObject({ status: 403 });
  expect(await breakGlass(bob, id, undefined)).toMatchObject({
    status: 400,
    body: { fields: [{ field: 'reason' }] },
  });
  expect((await breakGlass(bob, id, 'Fire on deck 3.')).status).toBe(200);
  expect(await get(id)).toMatchObject({
    state: 'pending',
    quorum: { needed: 3, approvals: [] },
    break_glass: { needed: 2, approvals: [{ name: 'Bob' }], reasons: ['Fire on deck 3.'] },
  });
  expect((await breakGlass(bob, id, 'Again.')).status).toBe(409);
  expect((await breakGlass(cleo, id, 'I see it too.')).status).toBe(200);
  const settled = await gateway.api('GET', `/v1/approvals/${id}/wait`);
  expect(settled.body).toMatchObject({
    state: 'succeeded',
    break_glass: { approvals: [{ name: 'Bob' }, { name: 'Cleo' }] },
  });
  expect(gateway.received()).toHaveLength(1);
  const loud = events.filter((one) => one.event === 'break_glass.invoked');
  expect(loud).toMatchObject([
    { approval: id, approver: `person:${bob.id}`, reason: 'Fire on deck 3.', approvals: 1, needed: 2 },
    { approval: id, approver: `person:${cleo.id}`, approvals: 2 },
  ]);
  const { body } = await gateway.api('GET', `/v1/logs?type=break_glass.invoked`);
  expect(body.data).toHaveLength(2);
});

it('an escalation shows when it is due, is on the ledger, and lets its group decide', async () => {
  const { gateway, ada, hold, get } = await openShop(
    'groups: [finance], escalate: { after: 300ms, groups: [cto] }',
  );
  const carl = await ada.invite('Carl', ['cto']);
  const id = await hold();
  await expect
    .poll(async () => (await get(id)).escalations)
    .toEqual([{ after_ms: 300, groups: ['cto'], due: true }]);
  const recorded = async () =>
    (await gateway.api('GET', `/v1/logs?approval=${id}&type=approval.escalated`)).body.data.length;
  await expect.poll(recorded, { timeout: 5_000 }).toBe(1);
  expect((await carl.decide(id, 'approve')).status).toBe(200);
  expect((await gateway.api('GET', `/v1/approvals/${id}/wait`)).body.state).toBe('succeeded');
  expect(gateway.received()).toHaveLength(1);
});

it('terms on the passkey are shown to whoever must meet them, and a refusal names the one that is not met', async () => {
  const { ada, hold, get } = await openShop('authenticator: { backup_eligible: false, attestation: [tpm] }');
  const id = await hold();
  expect((await get(id)).authenticator).toEqual({ backup_eligible: false, attestation: ['tpm'] });
  const refused = await ada.decide(id, 'approve');
  expect(refused.status).toBe(403);
  expect(refused.body.detail).toContain('attestation of the format tpm');
  expect((await get(id)).state).toBe('pending');
});

it('the glass is broken for one call at a time: no batch signs for it, and the ledger stays verifiable', async () => {
  const { gateway, ada, hold } = await openShop('groups: [board], quorum: 3');
  const bob = await ada.invite('Bob', ['break-glass']);
  const id = await hold();
  const asked = { decision: 'approve', break_glass: true, reason: 'Fire on deck 3.' };
  const offered = await bob.fetch('POST', `/v1/approvals/${id}/statement`, asked);
  expect(offered.status).toBe(200);
  const statement: string = offered.body.statement;
  const { log } = JSON.parse(statement) as { log: string };
  const batch = buildBatch({ log, approver: `person:${bob.id}`, statements: [statement] });
  const challenge = Buffer.from(statementChallenge(batch)).toString('base64url');
  const handed = await bob.fetch('POST', '/v1/approval-batches/decide', {
    batch,
    statements: [{ approval: id, statement_id: offered.body.statement_id }],
    assertion: bob.device.get({ challenge }),
  });
  expect(JSON.stringify(handed.body)).toContain('broken by itself');
  expect((await gateway.api('GET', '/v1/logs?type=break_glass.invoked')).body.data).toEqual([]);
});
