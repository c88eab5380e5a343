import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256Hex } from '../../src/core/digest.ts';
import { verifyIndependently } from '../evidence/independent/verify.ts';
import { refusal } from '../evidence/support/verify.ts';
import type { Approver } from '../support/approver.ts';
import { type Office, openOffice } from './support/office.ts';

const POLICY = `version: 1
defaults: { effect: hold }
rules:
  - id: payments
    match: { tools: ["oracle/pay"] }
    effect: hold
    approval: { quorum: 2, groups: [finance] }
    redact: ["/to", "/card/number", "/absent", "result:/content"]
  - id: plain
    match: { tools: ["oracle/echo"] }
    effect: hold
`;
const SECRET = 'very-secret-payee';

let office: Office;
let ann: Approver;
let bob: Approver;
let visitor: Approver;

beforeAll(async () => {
  office = await openOffice({ policy: POLICY });
  ann = await office.person.invite('Ann', ['finance']);
  bob = await office.person.invite('Bob', ['finance']);
  visitor = await office.person.invite('Val', ['guests']);
});
afterAll(() => office.close());

const counter = { amount: 0 };
function freeze(): Promise<string> {
  counter.amount += 1;
  return office.freeze({ amount_cents: counter.amount, to: SECRET });
}
const reveal = (who: Approver, id: string, what = 'arguments') =>
  office.ask('POST', `/v1/approvals/${id}/reveal`, { as: who.cookie, body: { what } });
const told = async (id: string) => {
  const { body } = await office.ask('GET', `/v1/logs?approval=${id}&type=approval.revealed&order=asc`);
  return body.data.map((entry: any) => [entry.ref.principal, entry.body]);
};
const commitOf = (salt: string, text: string) =>
  createHmac('sha256', Buffer.from(salt, 'hex')).update(`countersign/commit/v1\n${text}`).digest('hex');

describe('what policy hides of a call', () => {
  it('is in no answer to anybody, and neither is what would let it be guessed', async () => {
    const id = await freeze();
    const exact = (await reveal(ann, id)).body.call;
    const paths = ['', `/${id}`, `/${id}/previous`, `/${id}/trace`, `/${id}/wait?timeout_ms=0`];
    for (const as of [ann.cookie, visitor.cookie, office.keys.operator, office.keys.reader]) {
      for (const path of paths) {
        const { status, text } = await office.ask('GET', `/v1/approvals${path}`, { as });
        expect(status).toBeLessThan(300);
        for (const hidden of [SECRET, exact.salt, exact.digest]) expect(text, path).not.toContain(hidden);
      }
    }
    const { body } = await office.ask('GET', `/v1/approvals/${id}`, { as: ann.cookie });
    expect(body).toMatchObject({ hidden: ['/to'], hidden_in_result: [], call_salt: null, call_digest: null });
    expect(JSON.parse(body.call).arguments).toEqual({ amount_cents: counter.amount, to: '[redacted]' });
  });

  it('is revealed to who may decide, as the very call that was frozen, after the ledger tells of it once', async () => {
    const id = await freeze();
    const shown = (await office.ask('GET', `/v1/approvals/${id}`)).body;
    const { status, body } = await reveal(ann, id);
    expect([status, body.what, body.result]).toEqual([200, 'arguments', null]);
    expect(JSON.parse(body.call.text).arguments.to).toBe(SECRET);
    expect(commitOf(body.call.salt, body.call.text)).toBe(shown.call_commit);
    expect(body.call.digest).toBe(`sha256:${sha256Hex(body.call.text)}`);
    expect(await told(id)).toEqual([[`person:${ann.id}`, { what: 'arguments' }]]);
    const again = await Promise.all([reveal(ann, id), reveal(bob, id), reveal(bob, id), reveal(ann, id)]);
    expect(again.map((one) => one.status)).toEqual([200, 200, 200, 200]);
    expect(await told(id)).toEqual([ann, bob].map((one) => [`person:${one.id}`, { what: 'arguments' }]));
  });

  it('is revealed to no key, no agent, nobody who may not decide, and never without an entry', async () => {
    const id = await freeze();
    const path = `/v1/approvals/${id}/reveal`;
    const body = { what: 'arguments' };
    for (const as of Object.values(office.keys)) {
      expect((await office.ask('POST', path, { as, body })).status).toBe(403);
    }
    const agent = { headers: { ...office.gateway.app.session.mcp.headers }, body };
    expect((await office.askAnonymously('POST', path, agent)).status).toBe(401);
    const refused = await reveal(visitor, id);
    expect([refused.status, refused.body.detail]).toEqual([403, expect.stringContaining('finance')]);
    const account = { 'x-countersign-service-account': 'svc_none' };
    const asked = await office.ask('POST', path, { as: visitor.cookie, headers: account, body });
    expect(asked.status).toBe(403);
    expect(refused.text).not.toContain(SECRET);
    expect(await told(id)).toEqual([]);
  });

  it('stays revealed to those who decided, and to nobody else once it is decided', async () => {
    const id = await freeze();
    expect((await reveal(bob, id)).status).toBe(200);
    expect((await ann.decide(id, 'deny', 'no')).status).toBe(200);
    expect((await reveal(ann, id)).body.call.text).toContain(SECRET);
    const late = await reveal(bob, id);
    expect([late.status, late.body.detail]).toEqual([403, expect.stringContaining('those who decided it')]);
  });

  it('is not there where a pointer leads nowhere or nothing is hidden, and then nothing is told', async () => {
    const plain = await office.gateway.api('GET', '/v1/approvals?limit=1');
    expect(plain.body.data[0].hidden).toEqual(['/to']);
    const id = await freeze();
    const none = await reveal(ann, id, 'result');
    expect([none.status, none.body.code]).toEqual([409, 'conflict']);
    expect(await told(id)).toEqual([]);
    expect((await reveal(ann, 'apr_none')).status).toBe(404);
  });
});

describe('what policy hides of a result', () => {
  it('is revealed to who decided the call alone, and is in no job and no export', async () => {
    const id = await freeze();
    for (const one of [ann, bob]) expect((await one.decide(id, 'approve')).status).toBe(200);
    const settled = await office.ask('GET', `/v1/approvals/${id}/wait?timeout_ms=15000`, { as: ann.cookie });
    expect(settled.body).toMatchObject({ state: 'succeeded', hidden_in_result: ['result:/content'] });
    expect(JSON.parse(settled.body.result.text).content).toBe('[redacted]');
    expect((await reveal(office.person, id, 'result')).status).toBe(403);
    const shown = await reveal(ann, id, 'result');
    expect(JSON.parse(shown.body.result.text).content).toEqual([expect.objectContaining({ type: 'text' })]);
    expect(shown.body.call).toBeNull();
    expect(await told(id)).toEqual([[`person:${ann.id}`, { what: 'result' }]]);

    for (const query of [`payloads=true&approval=${id}`, 'payloads=true', 'payloads=false']) {
      const exported = await office.ask('GET', `/v1/logs/export?${query}`);
      expect(exported.text.includes('"of":"view"')).toBe(query !== 'payloads=false');
      expect(exported.text).not.toContain('"of":"result"');
      expect(exported.text).not.toContain('"of":"action"');
      expect(exported.text).not.toContain(SECRET);
      const { vkey } = (await office.ask('GET', '/v1/logs/verify')).body;
      expect(await refusal(exported.text, { vkey })).toBe('');
      expect(verifyIndependently(exported.text, vkey)).toMatchObject({ ok: true });
    }
  });
});

it('an answer that reveals is kept for no Idempotency-Key, and is gone with the call', async () => {
  const id = await freeze();
  const ask = () =>
    office.ask('POST', `/v1/approvals/${id}/reveal`, {
      as: ann.cookie,
      headers: { 'idempotency-key': 'once' },
      body: { what: 'arguments' },
    });
  expect((await ask()).body.call.text).toContain(SECRET);
  await ann.decide(id, 'deny', 'no');
  expect((await office.ask('POST', '/v1/logs/redact', { body: { id } })).status).toBe(200);
  const after = await ask();
  expect([after.status, after.headers.get('idempotency-replayed')]).toEqual([404, null]);
  expect(after.text).not.toContain(SECRET);
});
