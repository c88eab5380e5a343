import { afterAll, beforeAll, expect, it } from 'vitest';
import { bothWires } from '../mcp/support/wire.ts';
import type { Approver } from '../support/approver.ts';
import { type Office, openOffice } from './support/office.ts';

let office: Office;
beforeAll(async () => {
  office = await openOffice();
});
afterAll(() => office.close());

const mint = (person: Approver, body: object = {}) =>
  office.ask('POST', '/v1/sessions', { as: person.cookie, body });

it('a signed-in person mints a session that acts for them, and the ledger says who minted it', async () => {
  const { person } = office;
  const { status, body } = await mint(person, { tools: ['oracle/*'], call_cap: 3 });
  expect(status).toBe(201);
  const ref = `person:${person.id}`;
  expect(body).toMatchObject({ subject: ref, minted_by: ref, tools: ['oracle/*'], call_cap: 3 });
  const [wire] = await bothWires(body.mcp);
  expect((await wire?.request('tools/call', { name: 'echo', arguments: { text: 'hi' } }))?.status).toBe(200);
  const logged = await office.ask('GET', `/v1/logs?session=${body.id}&type=session.minted`);
  expect(logged.body.data).toMatchObject([{ ref: { session: body.id, subject: ref, principal: ref } }]);
});

it('a person who was enrolled with a user of their own mints for that user, whether or not they name it', async () => {
  const ann = await office.person.invite('Ann', [], 'ann');
  expect((await mint(ann)).body).toMatchObject({ subject: 'ann', minted_by: `person:${ann.id}` });
  expect((await mint(ann, { subject: 'ann' })).status).toBe(201);
});

it('nobody mints for somebody else and then approves the calls of that agent', async () => {
  const { person } = office;
  const other = await mint(person, { subject: 'ann' });
  expect([other.status, other.body.code]).toEqual([403, 'forbidden']);
  expect(other.body.detail).toContain('role minter');

  const own = await mint(person);
  const [wire] = await bothWires(own.body.mcp);
  const held = await wire?.request('tools/call', { name: 'pay', arguments: { amount_cents: 1, to: 'me' } });
  const id = held?.message.result.structuredContent.approval_id;
  const refused = await person.statement(id, 'approve');
  expect(refused.status).toBe(403);
  expect(refused.body.detail).toContain('your own agent');
});
