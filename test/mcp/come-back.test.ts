import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Approver, enrol } from '../support/approver.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { OPENS_PAGES, openingV2 } from './support/opening-clients.ts';
import { mint, type TestSession } from './support/sessions.ts';
import { legacyWire, type MoreOfRequest, modernWire, type WireReply } from './support/wire.ts';

let gateway: TestGateway;
let person: Approver;
let amount = 100;

beforeAll(async () => {
  gateway = await startTestGateway();
  person = await enrol(gateway.app.origin, gateway.app.enrolUrl ?? '');
});

afterAll(() => gateway.close());

const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';
const OPENS = { [CAPABILITIES]: OPENS_PAGES };
const idIn = (url: string): string => url.slice(url.lastIndexOf('/') + 1);
const stateOf = async (id: string) => (await person.fetch('GET', `/v1/approvals/${id}`)).body.state;

/** A payment that no other test makes. */
function payment(): { name: string; arguments: { amount_cents: number; to: string } } {
  amount += 1;
  return { name: 'pay', arguments: { amount_cents: amount, to: 'c_1' } };
}

async function call(session: TestSession, params: object, more: MoreOfRequest = {}): Promise<WireReply> {
  return modernWire(session.access).request('tools/call', params, { meta: OPENS, ...more });
}

/** Freezes a payment and gives all that a retry needs. */
async function begin(session: TestSession) {
  const params = payment();
  const { result } = (await call(session, params)).message;
  const id = idIn(result.inputRequests.approval.params.url);
  const retry = (action = 'accept') => ({
    ...params,
    requestState: result.requestState,
    inputResponses: { approval: { action } },
  });
  return { id, params, result, retry };
}

describe('a 2026-07-28 client that can open pages', () => {
  test('is asked to open the approval’s page, and no more is said', async () => {
    const { id, result } = await begin(await mint(gateway));
    expect(Object.keys(result).sort()).toEqual(['_meta', 'inputRequests', 'requestState', 'resultType']);
    expect(result.resultType).toBe('input_required');
    expect(result.inputRequests.approval).toEqual({
      method: 'elicitation/create',
      params: {
        mode: 'url',
        url: `${gateway.app.origin}/approvals/${id}`,
        message:
          'The call of pay (server oracle, risk high) has not run: it needs a person’s approval. Money leaves the company. Open the page to see the exact call and to decide. Opening it approves nothing.',
      },
    });
    expect(result.requestState).not.toContain(id);
  });

  test('of the SDK gets the real result from one call', async () => {
    const { access } = await mint(gateway);
    const { name, arguments: args } = payment();
    const before = gateway.received().length;
    const client = await openingV2(access, 'modern', async ({ url }) => {
      await person.decide(idIn(url), 'approve');
      return { action: 'accept' };
    });
    const { structuredContent } = await client.call(name, args);
    expect(structuredContent).toEqual({ paid_cents: args.amount_cents, to: 'c_1' });
    expect(client.asked).toHaveLength(1);
    expect(gateway.received()).toHaveLength(before + 1);
  });

  test.each(['decline', 'cancel'] as const)(
    'whose person answers %s gets the plain result, and the call stays pending',
    async (action) => {
      const { access } = await mint(gateway);
      const { name, arguments: args } = payment();
      const client = await openingV2(access, 'modern', () => ({ action }));
      const { structuredContent } = await client.call(name, args);
      expect(structuredContent.status).toBe('pending_approval');
      expect(await stateOf(structuredContent.approval_id)).toBe('pending');
    },
  );

  test('that accepts has approved nothing: the person’s denial is what it gets', async () => {
    const session = await mint(gateway);
    const { id, retry } = await begin(session);
    const before = gateway.received().length;
    const coming = call(session, retry());
    await person.decide(id, 'deny', 'Not this one.');
    expect((await coming).message.result).toMatchObject({
      resultType: 'complete',
      isError: true,
      structuredContent: { status: 'denied', reason: 'Not this one.' },
    });
    expect(gateway.received()).toHaveLength(before);
  });

  test('that gives up a retry has cancelled nothing', async () => {
    const session = await mint(gateway);
    const { id, retry } = await begin(session);
    const controller = new AbortController();
    const given = call(session, retry(), { signal: controller.signal }).catch(() => 'given up');
    controller.abort();
    expect(await given).toBe('given up');
    expect((await person.decide(id, 'approve')).status).toBe(200);
    const { result } = (await call(session, retry())).message;
    expect(result.structuredContent).toMatchObject({ to: 'c_1' });
  });

  test('comes back to a gateway that was started again, and gets the result', async () => {
    const other = await startTestGateway();
    try {
      const who = await enrol(other.app.origin, other.app.enrolUrl ?? '');
      const wire = () => modernWire(other.app.session.mcp);
      const params = payment();
      const { result } = (await wire().request('tools/call', params, { meta: OPENS })).message;
      await who.decide(idIn(result.inputRequests.approval.params.url), 'deny', 'No.');
      await other.restart();
      const retry = { ...params, requestState: result.requestState };
      const told = (await wire().request('tools/call', retry, { meta: OPENS })).message.result;
      expect(told.structuredContent).toMatchObject({ status: 'denied', reason: 'No.' });
    } finally {
      await other.close();
    }
  });
});

describe('one approval is behind every way', () => {
  test('begun by being asked to come back, it is collected by approval_wait in either era', async () => {
    const session = await mint(gateway);
    const { id, params } = await begin(session);
    await person.decide(id, 'approve');
    const waiting = { name: 'approval_wait', arguments: { approval_id: id } };
    const expected = { paid_cents: params.arguments.amount_cents, to: 'c_1' };
    for (const wire of [modernWire(session.access), await legacyWire(session.access)]) {
      const { result } = (await wire.request('tools/call', waiting, { meta: OPENS })).message;
      expect(result.structuredContent).toEqual(expected);
    }
  });

  test('begun by the plain result, it is collected by coming back', async () => {
    const session = await mint(gateway);
    const params = payment();
    const plain = (await (await legacyWire(session.access)).request('tools/call', params)).message.result;
    const { result } = (await call(session, params)).message;
    const { approval_id } = plain.structuredContent;
    expect(idIn(result.inputRequests.approval.params.url)).toBe(approval_id);
    const coming = call(session, { ...params, requestState: result.requestState });
    await person.decide(approval_id, 'approve');
    expect((await coming).message.result.structuredContent).toMatchObject({ to: 'c_1' });
  });

  test('a client that can open no pages gets the plain result', async () => {
    const session = await mint(gateway);
    for (const elicitation of [{}, { form: {} }, undefined]) {
      const meta = { [CAPABILITIES]: elicitation === undefined ? {} : { elicitation } };
      const { result } = (await call(session, payment(), { meta })).message;
      expect(result).toMatchObject({
        resultType: 'complete',
        structuredContent: { status: 'pending_approval' },
      });
    }
  });
});

describe('a request state', () => {
  const REFUSED = { code: -32602, data: { code: 'invalid_request' } };

  test('of another session is refused', async () => {
    const { retry } = await begin(await mint(gateway));
    const { error } = (await call(await mint(gateway), retry('decline'))).message;
    expect(error).toMatchObject(REFUSED);
    expect(error.message).toContain('not one that this session was given');
  });

  test('of a call with other arguments, or of another tool, is refused', async () => {
    const session = await mint(gateway);
    const { retry } = await begin(session);
    const before = gateway.received().length;
    for (const other of [payment(), { name: 'echo', arguments: payment().arguments }]) {
      const { error } = (await call(session, { ...retry('decline'), ...other })).message;
      expect(error).toMatchObject(REFUSED);
      expect(error.message).toContain('of another call');
    }
    expect(gateway.received()).toHaveLength(before);
  });

  test('that was changed, or is no text, is refused', async () => {
    const session = await mint(gateway);
    const { retry, result } = await begin(session);
    const text: string = result.requestState;
    const changed = `${text.slice(0, 20)}${text[20] === 'A' ? 'B' : 'A'}${text.slice(21)}`;
    for (const requestState of [changed, text.slice(0, -4), '', 'apr_1', 7]) {
      const { error } = (await call(session, { ...retry('decline'), requestState })).message;
      expect(error?.code, String(requestState)).toBe(-32602);
    }
  });
});
