import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AskingGateway, startAskingGateway } from './support/asking-gateway.ts';
import { type EventStream, eventStream } from './support/event-stream.ts';
import { mint, revoke, type TestSession } from './support/sessions.ts';
import { type LegacyWire, legacyWire } from './support/wire.ts';

let asking: AskingGateway;

beforeAll(async () => {
  asking = await startAskingGateway();
});

afterAll(() => asking.close());

const ASKABLE = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} };
const accept = (word: string) => ({ action: 'accept', content: { word } });
const isQuestion = (message: any): boolean => message.method === 'elicitation/create';

async function connect(session: TestSession, revision = '2025-11-25'): Promise<LegacyWire> {
  return legacyWire(session.access, revision, ASKABLE);
}

/** Makes a call, always with the same id, whose answer is read message by message. */
async function begin(session: TestSession, wire: LegacyWire, kind: string, tool = 'modern_ask') {
  const args = tool === 'modern_ask' ? { kinds: [kind] } : { kind };
  const params = { name: tool, arguments: args };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 'same', method: 'tools/call', params });
  return eventStream(await fetch(session.access.url, { method: 'POST', headers: wire.headers, body }));
}

async function respond(session: TestSession, wire: LegacyWire, message: object): Promise<number> {
  const body = JSON.stringify({ jsonrpc: '2.0', ...message });
  return (await fetch(session.access.url, { method: 'POST', headers: wire.headers, body })).status;
}

const resultOn = async (stream: EventStream): Promise<any> => {
  const { result } = await stream.next((message) => message.id === 'same');
  const [{ text }] = result.content;
  return text.startsWith('{') ? JSON.parse(text) : text;
};
const answersOf = async (session: TestSession) =>
  (await asking.entries('call.asked'))
    .filter(({ ref }) => ref.session === session.id)
    .map(({ body }) => body.answer);

describe('a client of an earlier revision', () => {
  test('is asked on the stream of its call, with an id of ours, and its result comes there too', async () => {
    const session = await mint(asking.gateway);
    const wire = await connect(session);
    const stream = await begin(session, wire, 'elicitation');
    const question = await stream.next();
    expect(question).toMatchObject({ jsonrpc: '2.0', method: 'elicitation/create' });
    expect(question.id).toMatch(/^ask_[0-9A-Za-z]{22}$/);
    expect(await respond(session, wire, { id: question.id, result: accept('one') })).toBe(202);
    expect((await resultOn(stream)).answers.elicitation).toEqual(accept('one'));
    await stream.ended;
  });

  test('of one session never answers for that of another, although their calls have one id', async () => {
    const sessions = [await mint(asking.gateway), await mint(asking.gateway)] as const;
    const wires = [await connect(sessions[0]), await connect(sessions[1])] as const;
    const streams = [
      await begin(sessions[0], wires[0], 'elicitation'),
      await begin(sessions[1], wires[1], 'elicitation'),
    ] as const;
    const [one, two] = [await streams[0].next(isQuestion), await streams[1].next(isQuestion)];
    expect(one.id).not.toBe(two.id);
    await respond(sessions[1], wires[1], { id: one.id, result: accept('stolen') });
    await respond(sessions[0], wires[0], { id: one.id, result: accept('first') });
    await respond(sessions[1], wires[1], { id: two.id, result: accept('second') });
    expect((await resultOn(streams[0])).answers.elicitation).toEqual(accept('first'));
    expect((await resultOn(streams[1])).answers.elicitation).toEqual(accept('second'));
  });

  test('answers on its own connection alone, and unknown ids are answers to nothing', async () => {
    const session = await mint(asking.gateway);
    const [wire, other] = [await connect(session), await connect(session)];
    const stream = await begin(session, wire, 'elicitation');
    const { id } = await stream.next(isQuestion);
    expect(await respond(session, other, { id, result: accept('other') })).toBe(202);
    for (const strange of ['ask_1', 7])
      expect(await respond(session, wire, { id: strange, result: accept('strange') })).toBe(202);
    await respond(session, wire, { id, result: accept('own') });
    await respond(session, wire, { id, result: accept('twice') });
    expect((await resultOn(stream)).answers.elicitation).toEqual(accept('own'));
  });

  test('that answers a form with an error has cancelled it, and without its sample nothing goes on', async () => {
    const session = await mint(asking.gateway);
    const wire = await connect(session);
    const error = { code: -1, message: 'not now' };
    const form = await begin(session, wire, 'elicitation');
    await respond(session, wire, { id: (await form.next(isQuestion)).id, error });
    expect((await resultOn(form)).answers.elicitation).toEqual({ action: 'cancel' });
    const sample = await begin(session, wire, 'sampling');
    const asked = await sample.next((message) => message.method === 'sampling/createMessage');
    await respond(session, wire, { id: asked.id, error });
    const failed = await sample.next((message) => message.id === 'same');
    expect(failed.error).toMatchObject({ code: -32603, message: expect.stringContaining('not now') });
    expect(await answersOf(session)).toEqual(['error', 'error']);
  });

  test('that answers with an error has it passed on to a server that waits for it', async () => {
    const session = await mint(asking.gateway);
    const wire = await connect(session);
    const stream = await begin(session, wire, 'elicitation', 'old_ask');
    await respond(session, wire, {
      id: (await stream.next(isQuestion)).id,
      error: { code: -1, message: 'not now' },
    });
    expect(await resultOn(stream)).toBe('error: -1');
  });

  test('gets the id that URL mode needs, from servers that have none', async () => {
    const session = await mint(asking.gateway);
    const wire = await connect(session);
    const stream = await begin(session, wire, 'elicitation_url');
    const { id, params } = await stream.next(isQuestion);
    expect(params).toMatchObject({ mode: 'url', elicitationId: expect.stringMatching(/^ask_/) });
    await respond(session, wire, { id, result: { action: 'accept' } });
    expect((await resultOn(stream)).answers).toEqual({ elicitation_url: { action: 'accept' } });
  });

  test('before 2025-11-25 is asked to open no page, whatever it declares', async () => {
    const session = await mint(asking.gateway);
    const wire = await connect(session, '2025-06-18');
    const params = { name: 'old_ask', arguments: { kind: 'elicitation_url' } };
    const reply = await wire.request('tools/call', params);
    expect(reply.messages.map(({ result }) => result?.content[0].text)).toEqual(['error: -32601']);
  });
});

describe('a question that nobody waits for any more', () => {
  test('ends with the call that its client cancels', async () => {
    const session = await mint(asking.gateway);
    const wire = await connect(session);
    const stream = await begin(session, wire, 'elicitation');
    const { id } = await stream.next(isQuestion);
    await wire.notify('notifications/cancelled', { requestId: 'same' });
    const told = await stream.next();
    expect(told).toMatchObject({ method: 'notifications/cancelled', params: { requestId: id } });
    await stream.ended;
    await expect.poll(() => answersOf(session)).toEqual(['none']);
    const received = asking.modern.received.length;
    await respond(session, wire, { id, result: accept('late') });
    expect(asking.modern.received).toHaveLength(received);
  });

  test('ends with the stream that it stood on', async () => {
    const session = await mint(asking.gateway);
    const wire = await connect(session);
    const stream = await begin(session, wire, 'elicitation');
    await stream.next(isQuestion);
    await stream.close();
    await expect.poll(() => answersOf(session)).toEqual(['none']);
  });

  test('ends with its session, and the call with it', async () => {
    const session = await mint(asking.gateway);
    const wire = await connect(session);
    const stream = await begin(session, wire, 'elicitation', 'old_ask');
    await stream.next(isQuestion);
    await revoke(asking.gateway, session);
    await stream.ended;
    await expect.poll(() => answersOf(session)).toEqual(['none']);
    const outcomes = async () =>
      (await asking.entries('call.outcome')).filter(({ ref }) => ref.session === session.id);
    await expect.poll(async () => (await outcomes()).map(({ body }) => body.kind)).toEqual(['unknown']);
  });
});
