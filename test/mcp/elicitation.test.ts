import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Approver, enrol } from '../support/approver.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { type EventStream, eventStream } from './support/event-stream.ts';
import { OPENS_PAGES, openingV1, openingV2 } from './support/opening-clients.ts';
import { mint } from './support/sessions.ts';
import { type LegacyWire, legacyWire, modernWire } from './support/wire.ts';

let gateway: TestGateway;
let person: Approver;
let amount = 100;

beforeAll(async () => {
  gateway = await startTestGateway();
  person = await enrol(gateway.app.origin, gateway.app.enrolUrl ?? '');
});

afterAll(() => gateway.close());

const idIn = (url: string): string => url.slice(url.lastIndexOf('/') + 1);
const stateOf = async (id: string) => (await person.fetch('GET', `/v1/approvals/${id}`)).body.state;
const isComplete = (message: any): boolean => message.method === 'notifications/elicitation/complete';

function payment(): { name: string; arguments: { amount_cents: number; to: string } } {
  amount += 1;
  return { name: 'pay', arguments: { amount_cents: amount, to: 'c_1' } };
}

const opening = async (session: { access: any }): Promise<LegacyWire> =>
  legacyWire(session.access, '2025-11-25', OPENS_PAGES);

/** Makes a call whose answer is read message by message, from the question on. */
async function begin(access: { url: string }, wire: LegacyWire, params: object) {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 'held', method: 'tools/call', params });
  const stream = eventStream(await fetch(access.url, { method: 'POST', headers: wire.headers, body }));
  const question = await stream.next();
  return { stream, question, id: String(question.params.elicitationId) };
}

const resultOn = async (stream: EventStream): Promise<any> =>
  (await stream.next((message) => message.id === 'held')).result;

async function respond(access: { url: string }, wire: LegacyWire, message: object): Promise<number> {
  const body = JSON.stringify({ jsonrpc: '2.0', ...message });
  return (await fetch(access.url, { method: 'POST', headers: wire.headers, body })).status;
}

describe('a client of 2025-11-25 that can open pages', () => {
  test('is asked on the stream of its call, and told there that the page is done, before the result', async () => {
    const { access } = await mint(gateway);
    const wire = await opening({ access });
    const params = payment();
    const { stream, question, id } = await begin(access, wire, params);
    expect(question).toEqual({
      jsonrpc: '2.0',
      id: `open-page:${id}`,
      method: 'elicitation/create',
      params: {
        mode: 'url',
        elicitationId: id,
        url: `${gateway.app.origin}/approvals/${id}`,
        message: expect.stringContaining('Money leaves the company.'),
      },
    });
    const accepted = { id: question.id, result: { action: 'accept' } };
    expect(await respond(access, wire, accepted)).toBe(202);
    expect(await stateOf(id)).toBe('pending');
    await person.decide(id, 'approve');
    expect(await stream.next()).toEqual({
      jsonrpc: '2.0',
      method: 'notifications/elicitation/complete',
      params: { elicitationId: id },
    });
    expect((await stream.next()).result.structuredContent).toEqual({
      paid_cents: params.arguments.amount_cents,
      to: 'c_1',
    });
    await stream.ended;
  });

  test('of either SDK gets the real result from one call, and hears that the page is done', async () => {
    const { access } = await mint(gateway);
    const decide = async ({ url }: any) => {
      await person.decide(idIn(url), 'approve');
      return { action: 'accept' } as const;
    };
    for (const client of [await openingV1(access, decide), await openingV2(access, 'legacy', decide)]) {
      const { name, arguments: args } = payment();
      const { structuredContent } = await client.call(name, args);
      expect(structuredContent, client.name).toEqual({ paid_cents: args.amount_cents, to: 'c_1' });
      const ids = client.asked.map((one) => one.elicitationId);
      expect(ids).toHaveLength(1);
      await expect.poll(() => client.completed).toEqual(ids);
    }
  });

  test('whose person declines gets the plain result at once, and hears on its open stream when it is decided', async () => {
    const { access } = await mint(gateway);
    const wire = await opening({ access });
    const notices = await wire.listen();
    const { stream, question, id } = await begin(access, wire, payment());
    await respond(access, wire, { id: question.id, result: { action: 'decline' } });
    expect((await resultOn(stream)).structuredContent).toMatchObject({
      status: 'pending_approval',
      approval_id: id,
    });
    expect(await stateOf(id)).toBe('pending');
    await person.decide(id, 'deny');
    expect((await notices.next(isComplete)).params).toEqual({ elicitationId: id });
    await notices.close();
  });

  test('that answers with an error gets the plain result', async () => {
    const { access } = await mint(gateway);
    const wire = await opening({ access });
    const { stream, question } = await begin(access, wire, payment());
    await respond(access, wire, { id: question.id, error: { code: -32601, message: 'Method not found' } });
    expect((await resultOn(stream)).structuredContent.status).toBe('pending_approval');
  });

  test('that repeats its call is not asked again: it gets the plain result of the same approval', async () => {
    const { access } = await mint(gateway);
    const wire = await opening({ access });
    const params = payment();
    const { stream, id } = await begin(access, wire, params);
    const again = await wire.request('tools/call', params);
    expect(again.messages).toHaveLength(1);
    expect(again.headers.get('content-type')).toBe('application/json');
    expect(again.message.result.structuredContent).toMatchObject({ approval_id: id });
    await person.decide(id, 'deny');
    expect((await resultOn(stream)).structuredContent.status).toBe('denied');
  });

  test('that cancels its request has not cancelled the approval', async () => {
    const { access } = await mint(gateway);
    const wire = await opening({ access });
    const notices = await wire.listen();
    const params = payment();
    const { stream, id } = await begin(access, wire, params);
    await wire.notify('notifications/cancelled', { requestId: 'held' });
    await stream.ended;
    expect(await stateOf(id)).toBe('pending');
    await person.decide(id, 'approve');
    await notices.next(isComplete);
    const { result } = (await wire.request('tools/call', params)).message;
    expect(result.structuredContent).toMatchObject({ to: 'c_1' });
    await notices.close();
  });
});

test('another connection’s answer to a question counts for nothing', async () => {
  const { access } = await mint(gateway);
  const [wire, other] = [await opening({ access }), await opening({ access })];
  const { stream, question, id } = await begin(access, wire, payment());
  await respond(access, other, { id: question.id, result: { action: 'decline' } });
  await person.decide(id, 'approve');
  expect((await resultOn(stream)).structuredContent).toMatchObject({ to: 'c_1' });
});

test('a call that was asked about over a connection can be collected by coming back, in 2026-07-28', async () => {
  const { access } = await mint(gateway);
  const wire = await opening({ access });
  const params = payment();
  const { stream, id } = await begin(access, wire, params);
  const meta = { 'io.modelcontextprotocol/clientCapabilities': OPENS_PAGES };
  const modern = modernWire(access);
  const { result } = (await modern.request('tools/call', params, { meta })).message;
  expect(idIn(result.inputRequests.approval.params.url)).toBe(id);
  const retry = { ...params, requestState: result.requestState };
  const coming = modern.request('tools/call', retry, { meta });
  await person.decide(id, 'approve');
  expect((await coming).message.result.structuredContent).toMatchObject({ to: 'c_1' });
  expect((await resultOn(stream)).structuredContent).toMatchObject({ to: 'c_1' });
});

test.each([
  ['declared no page', '2025-11-25', { elicitation: { form: {} } }],
  ['speaks a revision that knows none', '2025-06-18', OPENS_PAGES],
])('a client that %s gets the plain result', async (_, revision, capabilities) => {
  const { access } = await mint(gateway);
  const wire = await legacyWire(access, revision, capabilities);
  const reply = await wire.request('tools/call', payment());
  expect(reply.messages).toHaveLength(1);
  expect(reply.message.result.structuredContent.status).toBe('pending_approval');
});
