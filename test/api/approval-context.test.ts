import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Office, openOffice } from './support/office.ts';

const POLICY = `version: 1
defaults: { effect: hold }
rules:
  - id: payments
    match: { tools: ["oracle/pay"] }
    when: args.amount_cents > 5 && session.subject != "nobody"
    effect: hold
    risk: high
    reason: Money leaves the company.
    redact: ["/to"]
`;

let office: Office;

beforeAll(async () => {
  office = await openOffice({ policy: POLICY });
});
afterAll(() => office.close());

const as = (who: 'person' | 'reader' | 'requester') => ({
  as: who === 'person' ? office.person.cookie : office.keys[who],
});
const settled = (id: string) => office.ask('GET', `/v1/approvals/${id}/wait?timeout_ms=15000`);

it('the last approved call of the same tool and subject is told, without what policy hides', async () => {
  const first = await office.freeze({ amount_cents: 10, to: 'ann' });
  const previous = async (id: string, who: 'person' | 'reader' | 'requester' = 'person') =>
    (await office.ask('GET', `/v1/approvals/${id}/previous`, as(who))).body.approval;
  expect(await previous(first)).toBeUndefined();
  await office.person.decide(first, 'approve');
  await settled(first);
  const denied = await office.freeze({ amount_cents: 11, to: 'ann' });
  await office.person.decide(denied, 'deny');
  const next = await office.freeze({ amount_cents: 12, to: 'bob' });
  for (const who of ['person', 'reader', 'requester'] as const) {
    const shown = await previous(next, who);
    expect(shown).toMatchObject({ id: first, hidden: ['/to'], call_salt: null });
    expect(shown.call).not.toContain('ann');
  }
  expect(await previous(first)).toBeUndefined();
});

it('the trace tells each part of the rule’s condition with its value, and hides what policy redacts', async () => {
  const id = await office.freeze({ amount_cents: 20, to: 'carol' });
  const { status, body } = await office.ask('GET', `/v1/approvals/${id}/trace`, as('person'));
  expect([status, body.same_policy, body.effect]).toEqual([200, true, 'hold']);
  const [rule] = body.rules;
  expect(rule).toMatchObject({ rule: 'payments', line: 4, outcome: 'matched', effect: 'hold' });
  expect(rule.steps).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ expression: 'args.amount_cents', value: '20' }),
      expect.objectContaining({ expression: 'session.subject', value: '"default"' }),
    ]),
  );
  expect((await office.ask('GET', `/v1/approvals/${id}/trace`, as('requester'))).status).toBe(403);
  expect((await office.ask('GET', '/v1/approvals/apr_none/trace', as('person'))).status).toBe(404);
});
