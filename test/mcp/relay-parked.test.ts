import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { type AskingGateway, startAskingGateway } from './support/asking-gateway.ts';
import { mint, revoke, type TestSession } from './support/sessions.ts';
import { type MoreOfRequest, modernWire, type WireReply } from './support/wire.ts';

let asking: AskingGateway;

beforeAll(async () => {
  asking = await startAskingGateway();
});

afterAll(() => asking.close());

const ASKABLE = {
  'io.modelcontextprotocol/clientCapabilities': { elicitation: {}, sampling: {}, roots: {} },
};
const CALL = { name: 'old_ask', arguments: { kind: 'elicitation' } };
const accept = (word: string) => ({ action: 'accept', content: { word } });

function call(session: TestSession, params: object = CALL, more: MoreOfRequest = {}): Promise<WireReply> {
  return modernWire(session.access).request('tools/call', params, { meta: ASKABLE, ...more });
}

/** Calls the tool that asks, and gives the retry of the call. */
async function park(session: TestSession) {
  const { result } = (await call(session)).message;
  const retry = (inputResponses: object, more: object = {}) =>
    call(session, { ...CALL, requestState: result.requestState, inputResponses, ...more });
  return { result, retry };
}

const textOf = ({ message }: WireReply): string => message.result.content[0].text;
const of = async (session: TestSession, type: string) =>
  (await asking.entries(type)).filter(({ ref }) => ref.session === session.id);

describe('a call whose server asks while it answers', () => {
  test('comes back to its 2026-07-28 client as a question, and goes on with the answer', async () => {
    const session = await mint(asking.gateway);
    const { result, retry } = await park(session);
    expect(result).toMatchObject({
      resultType: 'input_required',
      inputRequests: {
        'input-1': {
          method: 'elicitation/create',
          params: { message: 'From the server old: Which word?', requestedSchema: { type: 'object' } },
        },
      },
    });
    expect(await of(session, 'call.outcome')).toEqual([]);
    const done = await retry({ 'input-1': accept('one') });
    expect(done.message.result.resultType).toBe('complete');
    expect(JSON.parse(textOf(done))).toEqual(accept('one'));
    expect((await of(session, 'call.intent')).length).toBe(1);
    expect((await of(session, 'call.outcome')).map(({ body }) => body.kind)).toEqual(['result']);
  });

  test.each(['decline', 'cancel'])('hears that its person answered %s', async (action) => {
    const session = await mint(asking.gateway);
    const { retry } = await park(session);
    expect(JSON.parse(textOf(await retry({ 'input-1': { action } })))).toEqual({ action });
    expect((await of(session, 'call.asked')).map(({ body }) => body.answer)).toEqual([action]);
  });

  test('hears an error in place of an answer that is none', async () => {
    const session = await mint(asking.gateway);
    const { retry } = await park(session);
    expect(textOf(await retry({ 'input-1': { action: 'approve', content: {} } }))).toBe('error: -32000');
    expect((await of(session, 'call.asked')).map(({ body }) => body.answer)).toEqual(['error']);
  });

  test('is asked about again when the answer is to something else', async () => {
    const session = await mint(asking.gateway);
    const { retry } = await park(session);
    const again = (await retry({ 'input-2': accept('x'), other: accept('y') })).message.result;
    expect(Object.keys(again.inputRequests)).toEqual(['input-1']);
    const { requestState } = again;
    const done = await retry({ 'input-1': accept('z') }, { requestState });
    expect(JSON.parse(textOf(done))).toEqual(accept('z'));
  });

  test('is answered once: the same state again finds nothing', async () => {
    const session = await mint(asking.gateway);
    const { retry } = await park(session);
    await retry({ 'input-1': accept('one') });
    const { error } = (await retry({ 'input-1': accept('two') })).message;
    expect(error).toMatchObject({ data: { code: 'outcome_unknown' } });
    expect((await of(session, 'call.asked')).length).toBe(1);
  });

  test('is not found by another session, nor by another call', async () => {
    const session = await mint(asking.gateway);
    const { result, retry } = await park(session);
    const { requestState } = result;
    const stolen = { ...CALL, requestState, inputResponses: { 'input-1': accept('mine') } };
    for (const [who, params] of [
      [await mint(asking.gateway), stolen],
      [session, { ...stolen, arguments: { kind: 'sampling' } }],
      [session, { ...stolen, name: 'deaf_ask' }],
    ] as const) {
      expect((await call(who, params)).message.error?.data).toEqual({ code: 'invalid_request' });
    }
    expect(JSON.parse(textOf(await retry({ 'input-1': accept('mine') })))).toEqual(accept('mine'));
  });

  test('asks nobody without the capability, however config stands', async () => {
    const session = await mint(asking.gateway);
    const capabilities = { 'io.modelcontextprotocol/clientCapabilities': { sampling: {} } };
    expect(textOf(await call(session, CALL, { meta: capabilities }))).toMatch(/^error: /);
    expect(await of(session, 'call.asked')).toEqual([]);
  });
});

describe('a call whose client is away', () => {
  test('leaves room: of one session only so many wait, and the next one’s server hears that nobody answers', async () => {
    const session = await mint(asking.gateway);
    const parked = [];
    for (let count = 0; count < LIMITS.parkedCallsPerSession; count++) parked.push(await park(session));
    expect(textOf(await call(session))).toBe('error: -32000');
    const answered = await Promise.all(parked.map(({ retry }) => retry({ 'input-1': accept('w') })));
    expect(answered.map(textOf).map((text) => JSON.parse(text))).toEqual(parked.map(() => accept('w')));
  });

  test('is recorded when the gateway stops, and its client is told so by the next one', async () => {
    const session = await mint(asking.gateway);
    const { result } = await park(session);
    await asking.gateway.restart();
    const access = { ...session.access, url: `${asking.gateway.app.origin}/mcp` };
    const { requestState } = result;
    const late = { ...CALL, requestState, inputResponses: { 'input-1': accept('late') } };
    const { error } = (await call({ ...session, access }, late)).message;
    expect(error.data).toEqual({ code: 'outcome_unknown' });
    expect(error.message).toContain('It was sent and may have run');
    expect((await of(session, 'call.outcome')).map(({ body }) => body.kind)).toEqual(['unknown']);
  });

  test('ends with its session, and its outcome is recorded as unknown', async () => {
    const session = await mint(asking.gateway);
    const { retry } = await park(session);
    await revoke(asking.gateway, session);
    await expect
      .poll(async () => (await of(session, 'call.outcome')).map(({ body }) => body.kind))
      .toEqual(['unknown']);
    await expect
      .poll(async () => (await of(session, 'call.asked')).map(({ body }) => body.answer))
      .toEqual(['none']);
    expect((await retry({ 'input-1': accept('late') })).status).toBe(404);
  });
});
