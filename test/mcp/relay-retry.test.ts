import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ANSWERS } from './support/answering-clients.ts';
import { ASKING_POLICY, type AskingGateway, startAskingGateway } from './support/asking-gateway.ts';
import { mint, type TestSession } from './support/sessions.ts';
import { modernWire, type WireReply } from './support/wire.ts';

let asking: AskingGateway;

beforeAll(async () => {
  asking = await startAskingGateway();
});

afterAll(() => asking.close());

const meta = {
  'io.modelcontextprotocol/clientCapabilities': {
    elicitation: { form: {}, url: {} },
    sampling: {},
    roots: {},
  },
};
const CALL = { name: 'modern_ask', arguments: { kinds: ['elicitation', 'roots'] } };
const { elicitation, roots } = ANSWERS;
const of = async (session: TestSession, type: string) =>
  (await asking.entries(type)).filter(({ ref }) => ref.session === session.id);

function request(session: TestSession, method: string, params: object): Promise<WireReply> {
  return modernWire(session.access).request(method, params, { meta });
}

async function begin(session: TestSession, params: object = CALL, method = 'tools/call') {
  const { result } = (await request(session, method, params)).message;
  const { requestState } = result;
  const retry = (inputResponses: object, more: object = {}) =>
    request(session, method, { ...params, requestState, inputResponses, ...more });
  return { result, retry };
}

test('a 2026-07-28 client gets the questions of the server under their names, and a state that tells nothing', async () => {
  const { result } = await begin(await mint(asking.gateway));
  expect(result.resultType).toBe('input_required');
  expect(Object.keys(result.inputRequests)).toEqual(['elicitation', 'roots']);
  expect(result.inputRequests.elicitation.params.message).toBe('From the server modern: Which word?');
  expect(Buffer.from(result.requestState, 'base64url').toString('latin1')).not.toContain('their own state');
});

test('its server gets back its own state and the answers to what it asked, and no others', async () => {
  const session = await mint(asking.gateway);
  const { retry } = await begin(session);
  const reply = await retry({
    elicitation,
    roots,
    approval: { action: 'accept' },
    sampling: ANSWERS.sampling,
  });
  expect(JSON.parse(reply.message.result.content[0].text)).toEqual({
    answers: { elicitation, roots },
    state: 'their own state',
  });
  expect(asking.modern.received.at(-1)).toMatchObject({
    name: 'ask',
    arguments: CALL.arguments,
    inputResponses: { elicitation, roots },
    requestState: 'their own state',
  });
});

test('an answer that is none, and one that is missing, are not sent, and are recorded as such', async () => {
  const session = await mint(asking.gateway);
  const { retry } = await begin(session);
  const reply = await retry({ elicitation: { action: 'approve' } });
  expect(JSON.parse(reply.message.result.content[0].text).answers).toEqual({});
  const bodies = (await of(session, 'call.asked')).map(({ body }) => [body.kind, body.answer]);
  expect(bodies).toEqual([
    ['elicitation', 'error'],
    ['roots', 'none'],
  ]);
});

test('each round is a call of its own on the ledger, the second continuing the first', async () => {
  const session = await mint(asking.gateway, { call_cap: 2 });
  const { retry } = await begin(session);
  await retry({ elicitation, roots });
  const [first, second] = await of(session, 'call.intent');
  expect(first.body.continues).toBeUndefined();
  expect(second.body.continues).toBe(first.ref.call);
  expect((await of(session, 'call.outcome')).map(({ body }) => body.kind)).toEqual([
    'input_required',
    'result',
  ]);
  expect((await of(session, 'call.asked')).map(({ ref }) => ref.call)).toEqual([
    first.ref.call,
    first.ref.call,
  ]);
  expect((await retry({ elicitation, roots })).message.error.data.code).toBe('forbidden');
});

test('a state serves neither another session, nor other arguments, nor another method', async () => {
  const session = await mint(asking.gateway);
  const { result } = await begin(session);
  const { requestState } = result;
  const inputResponses = { elicitation, roots };
  const before = asking.modern.received.length;
  for (const [who, method, params] of [
    [await mint(asking.gateway), 'tools/call', CALL],
    [session, 'tools/call', { ...CALL, arguments: { kinds: ['elicitation'] } }],
    [session, 'tools/call', { ...CALL, name: 'modern_insist' }],
    [session, 'prompts/get', { name: 'greet' }],
    [session, 'resources/read', { uri: 'modern://asks' }],
  ] as const) {
    const { error } = (await request(who, method, { ...params, requestState, inputResponses })).message;
    expect(error?.data, method).toEqual({ code: 'invalid_request' });
  }
  expect(asking.modern.received).toHaveLength(before);
});

test('the state of a held call is not taken for one, and its page is no question of the server', async () => {
  const session = await mint(asking.gateway);
  const pay = { name: 'pay', arguments: { amount_cents: 5, to: 'c_1' } };
  const { result } = await begin(session, pay);
  const { requestState } = result;
  const inputResponses = { elicitation, roots };
  const { error } = (await request(session, 'tools/call', { ...CALL, requestState, inputResponses })).message;
  expect(error.data).toEqual({ code: 'invalid_request' });
  expect(await of(session, 'call.asked')).toEqual([]);
});

test('a prompt and a reading that ask go on with the answers', async () => {
  const session = await mint(asking.gateway);
  const prompt = await begin(session, { name: 'greet' }, 'prompts/get');
  const greeted = (await prompt.retry({ elicitation })).message.result;
  expect(JSON.parse(greeted.messages[0].content.text).answers).toEqual({ elicitation });
  const reading = await begin(session, { uri: 'modern://asks' }, 'resources/read');
  const read = (await reading.retry({ elicitation })).message.result;
  expect(JSON.parse(read.contents[0].text).answers).toEqual({ elicitation });
});

test('what policy has forbidden meanwhile is denied, whatever was answered', async () => {
  const session = await mint(asking.gateway);
  const { retry } = await begin(session);
  const before = asking.modern.received.length;
  await asking.gateway.writePolicy(`${ASKING_POLICY}  - id: no-more
    match: { tools: ["modern/ask"] }
    effect: deny
    reason: No more.
`);
  const list = async () =>
    (await request(session, 'tools/list', {})).message.result.tools.map(({ name }: any) => name);
  await expect.poll(list).not.toContain('modern_ask');
  const { result } = (await retry({ elicitation, roots })).message;
  expect(result).toMatchObject({ isError: true, structuredContent: { status: 'denied_by_policy' } });
  expect(asking.modern.received).toHaveLength(before);
});

test('answers to what config no longer relays are not sent, and nobody has answered on the ledger', async () => {
  const own = await startAskingGateway();
  try {
    const session = await mint(own.gateway);
    const { requestState } = (await request(session, 'tools/call', CALL)).message.result;
    const file = join(own.gateway.dir, 'countersign.json');
    const config = JSON.parse(await readFile(file, 'utf8'));
    config.mcp_servers.modern.relay = ['roots'];
    await writeFile(file, JSON.stringify(config));
    await own.gateway.restart();
    const port = new URL(own.gateway.app.origin).port;
    const url = new URL(session.access.url);
    url.port = port;
    const moved = { ...session, access: { ...session.access, url: url.href } };
    const inputResponses = { elicitation, roots };
    await request(moved, 'tools/call', { ...CALL, requestState, inputResponses });
    expect(own.modern.received.at(-1).inputResponses).toEqual({ roots });
    const bodies = (await own.entries('call.asked')).map(({ body }) => [body.kind, body.answer]);
    expect(bodies).toEqual([
      ['elicitation', 'none'],
      ['roots', 'result'],
    ]);
  } finally {
    await own.close();
  }
});
