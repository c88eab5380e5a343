import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyIndependently } from '../evidence/independent/verify.ts';
import { refusal } from '../evidence/support/verify.ts';
import { exportOf } from '../stories/journey.ts';
import type { Approver } from '../support/approver.ts';
import { type Office, openOffice } from './support/office.ts';

const POLICY = `version: 1
defaults: { effect: hold }
rules:
  - id: large
    match: { tools: ["oracle/pay"] }
    when: args.amount_cents > 1000000
    effect: hold
    risk: critical
  - id: other
    match: { tools: ["oracle/pay"] }
    when: args.to == "other"
    effect: hold
    risk: high
  - id: payments
    match: { tools: ["oracle/pay"] }
    effect: hold
    risk: high
`;

let office: Office;
let ada: Approver;

beforeAll(async () => {
  office = await openOffice({ policy: POLICY });
  ada = office.person;
});
afterAll(() => office.close());

async function freeze(count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let made = 0; made < count; made += 1) ids.push(await office.freeze());
  return ids;
}

async function offer(approvals: readonly string[], decision = 'approve', by = ada): Promise<any> {
  return by.fetch('POST', '/v1/approval-batches/statement', { approvals, decision });
}

/** Signs what was offered and hands it in, with what `change` makes of it. */
async function hand(offered: any, change: (body: any) => object = (body) => body, by = ada): Promise<any> {
  const statements = offered.statements.map(({ approval, statement_id }: any) => ({
    approval,
    statement_id,
  }));
  const assertion = by.device.get({ challenge: offered.challenge });
  const body = change({ batch: offered.batch, statements, assertion });
  return by.fetch('POST', '/v1/approval-batches/decide', body);
}

const settled = async (id: string): Promise<string> =>
  (await office.ask('GET', `/v1/approvals/${id}/wait?timeout_ms=15000`)).body.state;

/** Both verifiers, which share no code, take the whole ledger as good. */
async function expectEvidence(): Promise<void> {
  const { vkey } = (await office.ask('GET', '/v1/logs/verify')).body;
  const exported = await exportOf(office.gateway);
  expect(await refusal(exported, { vkey })).toBe('');
  expect(verifyIndependently(exported, vkey)).toMatchObject({ ok: true });
}

it('one assertion approves many calls, each by its own statement, and anybody can verify it offline', async () => {
  const ids = await freeze(3);
  const offered = (await offer(ids)).body;
  expect(offered.statements.map((one: any) => one.approval)).toEqual(ids);
  const { status, body } = await hand(offered);
  expect(status).toBe(200);
  expect(body.outcomes).toEqual(ids.map((approval) => ({ approval, state: 'approved', problem: null })));
  expect(await Promise.all(ids.map(settled))).toEqual(['succeeded', 'succeeded', 'succeeded']);
  await expectEvidence();
});

it('one that was decided meanwhile does not keep back the others', async () => {
  const ids = await freeze(3);
  const offered = (await offer(ids, 'deny')).body;
  await office.ask('POST', `/v1/approvals/${ids[0]}/cancel`, { body: {} });
  const { outcomes } = (await hand(offered)).body;
  expect(outcomes.map((one: any) => one.state ?? one.problem.code)).toEqual(['conflict', 'denied', 'denied']);
  await expectEvidence();
});

describe('nothing is decided', () => {
  it('twice by one batch', async () => {
    const ids = await freeze(2);
    const offered = (await offer(ids, 'deny')).body;
    const first: { body?: object } = {};
    const keep = (body: object) => {
      first.body = body;
      return body;
    };
    expect((await hand(offered, keep)).status).toBe(200);
    const again = await ada.fetch('POST', '/v1/approval-batches/decide', first.body);
    expect(again.status).toBe(403);
  });

  it('by a batch that does not list the statement', async () => {
    const [one = '', two = ''] = await freeze(2);
    const both = (await offer([one, two])).body;
    const alone = (await offer([one])).body;
    const { body } = await hand(alone, (given) => ({
      ...given,
      statements: both.statements.map(({ approval, statement_id }: any) => ({ approval, statement_id })),
    }));
    expect(body.outcomes.map((outcome: any) => outcome.problem?.code)).toEqual(['forbidden', 'forbidden']);
    expect((await office.ask('GET', `/v1/approvals/${two}`)).body.state).toBe('pending');
  });

  it('by an assertion over something else', async () => {
    const ids = await freeze(2);
    const offered = (await offer(ids)).body;
    const assertion = ada.device.get({
      challenge: (await ada.statement(ids[0] ?? '', 'approve')).body.challenge,
    });
    expect((await hand(offered, (given) => ({ ...given, assertion }))).status).toBe(401);
  });

  it('by statements that were offered to somebody else', async () => {
    const ids = await freeze(2);
    const bob = await ada.invite('Bob');
    const { status, body } = await hand((await offer(ids)).body, undefined, bob);
    expect(status).toBe(200);
    expect(body.outcomes.map((one: any) => one.problem?.code)).toEqual(['forbidden', 'forbidden']);
  });

  it.each([
    ['that are critical', { amount_cents: 2_000_000, to: 'c_1' }, /none that is critical/],
    ['that another rule holds', { amount_cents: 3, to: 'other' }, /calls of one tool that one rule holds/],
  ])('about calls %s', async (_what, args, expected) => {
    const odd = await office.freeze(args);
    const ids = args.to === 'other' ? [...(await freeze(1)), odd] : [odd];
    const { status, body } = await offer(ids);
    expect([status, body.detail]).toEqual([400, expect.stringMatching(expected)]);
  });

  it('about a critical call that is put into a batch which was offered for others', async () => {
    const critical = await office.freeze({ amount_cents: 3_000_000, to: 'c_1' });
    const { statement_id } = (await ada.statement(critical, 'approve')).body;
    const offered = (await offer(await freeze(1))).body;
    const statements = [{ approval: critical, statement_id }];
    expect((await hand(offered, (given) => ({ ...given, statements }))).status).toBe(400);
    expect((await office.ask('GET', `/v1/approvals/${critical}`)).body.state).toBe('pending');
  });

  it('about one call named twice, or about more than fifty', async () => {
    const [id = ''] = await freeze(1);
    expect((await offer([id, id])).body.detail).toMatch(/each id once/);
    expect((await offer(Array.from({ length: 51 }, () => id))).status).toBe(400);
  });
});
