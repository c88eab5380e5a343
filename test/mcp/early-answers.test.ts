import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AskingGateway, startAskingGateway } from './support/asking-gateway.ts';
import { mint } from './support/sessions.ts';
import { modernWire, type WireReply } from './support/wire.ts';

let asking: AskingGateway;

beforeAll(async () => {
  asking = await startAskingGateway();
});

afterAll(() => asking.close());

const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';
const ASKABLE = { elicitation: {}, sampling: {}, roots: {} };
const accept = (word: string) => ({ action: 'accept', content: { word } });

/** Calls with answers that nobody has asked for yet. */
async function callWith(
  inputResponses: object,
  more: { tool?: string; kinds?: string[]; declared?: object } = {},
): Promise<{ reply: WireReply; recorded: string[]; received: any[] }> {
  const { tool = 'modern_ask', kinds = ['elicitation'], declared = ASKABLE } = more;
  const session = await mint(asking.gateway);
  const before = asking.modern.received.length;
  const args = tool === 'modern_ask' ? { kinds } : {};
  const params = { name: tool, arguments: args, inputResponses };
  const meta = { [CAPABILITIES]: declared };
  const reply = await modernWire(session.access).request('tools/call', params, { meta });
  const recorded = (await asking.entries('call.asked')).filter(({ ref }) => ref.session === session.id);
  return {
    reply,
    recorded: recorded.map(({ body }) => body.answer),
    received: asking.modern.received.slice(before),
  };
}

test('an answer that comes before its question is given once the server asks, and is recorded', async () => {
  const { reply, recorded, received } = await callWith({ elicitation: accept('early') });
  expect(reply.message.result.resultType).toBe('complete');
  expect(JSON.parse(reply.message.result.content[0].text).answers).toEqual({ elicitation: accept('early') });
  expect(recorded).toEqual(['accept']);
  expect(received.map((params) => params.inputResponses)).toEqual([
    undefined,
    { elicitation: accept('early') },
  ]);
});

test('of several answers only those that the server asks for reach it', async () => {
  const { received } = await callWith({ elicitation: accept('early'), other: accept('unasked') });
  expect(received.at(-1).inputResponses).toEqual({ elicitation: accept('early') });
});

test('an answer that no question fits reaches nobody', async () => {
  const { reply, recorded, received } = await callWith(
    { elicitation: accept('loud') },
    { tool: 'modern_mutter' },
  );
  expect(reply.message.result.content[0].text).toBe('said');
  expect(recorded).toEqual([]);
  expect(received).toHaveLength(1);
  expect(received[0].inputResponses).toBeUndefined();
});

test.each([
  ['none of the questions', {}],
  ['some of the questions', { elicitation: accept('half') }],
  ['a question with what is no answer', { elicitation: accept('half'), roots: 7 }],
])('a client that answers %s is asked all of them', async (_title, responses) => {
  const { reply, recorded } = await callWith(responses, { kinds: ['elicitation', 'roots'] });
  expect(reply.message.result.resultType).toBe('input_required');
  expect(Object.keys(reply.message.result.inputRequests)).toEqual(['elicitation', 'roots']);
  expect(recorded).toEqual([]);
});

test('answers go to no server that asks what config or the client does not let it ask', async () => {
  const { reply, received } = await callWith(
    { sampling: {} },
    { kinds: ['sampling'], declared: { elicitation: {} } },
  );
  expect(reply.message.error).toBeDefined();
  expect(received.every((params) => params.inputResponses === undefined)).toBe(true);
});
