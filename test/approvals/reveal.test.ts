import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openLibsql } from '../../src/storage/libsql.ts';
import { connectV1 } from '../support/agents.ts';
import { type Approver, enrol } from '../support/approver.ts';
import { type Fault, faultyDatabase } from '../support/faulty-database.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

const POLICY = `version: 1
defaults: { effect: hold }
rules:
  - id: payments
    match: { tools: ["oracle/pay"] }
    effect: hold
    approval: { groups: [finance], escalate: [{ after: 30m, groups: [cto] }], expires: 1h }
    redact: ["/to"]
`;
const SECRET = 'very-secret-payee';

const state: { fault: Fault; before: () => Promise<void> } = { fault: 'ok', before: async () => undefined };
let gateway: TestGateway;
let admin: Approver;
let ann: Approver;

beforeEach(async () => {
  Object.assign(state, { fault: 'ok', before: async () => undefined });
  gateway = await startTestGateway({
    policy: POLICY,
    openDatabase: (file) => {
      const database = openLibsql({ file });
      const faulty = faultyDatabase(database, { apply: () => state.fault });
      return {
        ...faulty,
        async query(statement) {
          const rows = await faulty.query(statement);
          // Between looking whether it was told before and telling it.
          if (statement.sql.includes('FROM reveal WHERE')) await state.before();
          return rows;
        },
      };
    },
  });
  admin = await enrol(gateway.app.origin, gateway.app.enrolUrl ?? '');
  ann = await admin.invite('Ann', ['finance', 'break-glass']);
});
afterEach(() => gateway.close());

async function freeze(): Promise<string> {
  const client = await connectV1(gateway.app.session.mcp);
  const held: any = await client.callTool({ name: 'pay', arguments: { amount_cents: 1, to: SECRET } });
  await client.close();
  return held.structuredContent.approval_id;
}
const reveal = (who: Approver, id: string) =>
  who.fetch('POST', `/v1/approvals/${id}/reveal`, { what: 'arguments' });
const told = async (id: string) =>
  (await gateway.api('GET', `/v1/logs?approval=${id}&type=approval.revealed`)).body.data.length;

describe('while the ledger cannot be written', () => {
  test.each(['lost', 'commit_lost', 'commit_kept'] as const)('nothing is revealed (%s)', async (fault) => {
    const id = await freeze();
    state.fault = fault;
    const refused = await reveal(ann, id);
    state.fault = 'ok';
    expect(refused.status).toBe(503);
    expect(JSON.stringify(refused.body)).not.toContain(SECRET);
    expect((await reveal(ann, id)).body.call.text).toContain(SECRET);
    expect(await told(id)).toBe(1);
  });
});

/** Once: does something between the check and the entry. */
function meanwhile(act: () => Promise<unknown>): void {
  state.before = async () => {
    state.before = async () => undefined;
    await act();
  };
}

describe('what changes between the check and the entry', () => {
  test('a person who is removed meanwhile sees nothing', async () => {
    const id = await freeze();
    meanwhile(() => admin.perform('approver.remove', { person: ann.id }));
    const refused = await reveal(ann, id);
    expect([refused.status, JSON.stringify(refused.body).includes(SECRET)]).toEqual([409, false]);
    expect(await told(id)).toBe(0);
  });

  test('a call that is withdrawn meanwhile is not shown', async () => {
    const id = await freeze();
    meanwhile(() => gateway.api('POST', `/v1/approvals/${id}/cancel`, {}));
    expect((await reveal(ann, id)).status).toBe(409);
    expect(await told(id)).toBe(0);
  });

  test('one who decides meanwhile still sees what they have decided', async () => {
    const id = await freeze();
    meanwhile(() => ann.decide(id, 'deny', 'no'));
    expect((await reveal(ann, id)).status).toBe(200);
    expect(await told(id)).toBe(1);
  });

  test('the same person asking twice at once is told of once', async () => {
    const id = await freeze();
    meanwhile(() => reveal(ann, id));
    expect((await reveal(ann, id)).status).toBe(200);
    expect(await told(id)).toBe(1);
  });
});

test('those of a later escalation see nothing before it is due, and who may break the glass does', async () => {
  const id = await freeze();
  const [cto, glass] = [await admin.invite('Cleo', ['cto']), await admin.invite('Gil', ['break-glass'])];
  expect((await reveal(cto, id)).status).toBe(403);
  expect((await reveal(glass, id)).status).toBe(200);
});
