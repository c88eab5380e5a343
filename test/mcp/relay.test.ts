import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ANSWERS, CLIENT_KINDS, connectAnswering } from './support/answering-clients.ts';
import { ALL_KINDS, type AskingGateway, startAskingGateway } from './support/asking-gateway.ts';
import { mint } from './support/sessions.ts';

let asking: AskingGateway;

beforeAll(async () => {
  asking = await startAskingGateway();
});

afterAll(() => asking.close());

type Kind = keyof typeof ANSWERS;
const PAIRS = CLIENT_KINDS.flatMap((client) =>
  ALL_KINDS.flatMap((kind) =>
    (['old', 'modern'] as const).map((server) => ({ client, server, kind: kind as Kind })),
  ),
);
const textOf = (result: any): any => JSON.parse(result.content[0].text);

describe('a question of a server reaches the client of the call, and its answer the server', () => {
  test.each(PAIRS)(
    'from $client to a server that is $server: $kind',
    async ({ client: which, server, kind }) => {
      const client = await connectAnswering((await mint(asking.gateway)).access, which);
      const result = await client.call(`${server}_ask`, server === 'old' ? { kind } : { kinds: [kind] });
      const answer = server === 'old' ? textOf(result) : textOf(result).answers[kind];
      expect(answer).toEqual(ANSWERS[kind]);
      expect(client.asked).toHaveLength(1);
      const { params } = client.asked[0];
      const front = `From the server ${server}`;
      if (kind === 'elicitation') expect(params.message).toBe(`${front}: Which word?`);
      if (kind === 'elicitation_url')
        expect(params).toMatchObject({
          message: `${front}: Sign in`,
          url: expect.stringContaining('example.com/in'),
        });
      if (kind === 'sampling') expect(params).toMatchObject({ systemPrompt: `${front}.`, maxTokens: 5 });
    },
  );

  test.each(CLIENT_KINDS)('also in a prompt and a reading: %s', async (which) => {
    const client = await connectAnswering((await mint(asking.gateway)).access, which);
    const said = { answers: { elicitation: ANSWERS.elicitation }, state: 'their own state' };
    const { messages } = await client.prompt('greet');
    expect(JSON.parse(messages[0].content.text)).toEqual(said);
    const { contents } = await client.read('modern://asks');
    expect(JSON.parse(contents[0].text)).toEqual(said);
    expect(client.asked).toHaveLength(2);
  });

  test.each(CLIENT_KINDS)('several at once are answered together: %s', async (which) => {
    const client = await connectAnswering((await mint(asking.gateway)).access, which);
    const result = await client.call('modern_ask', { kinds: ['elicitation', 'sampling', 'roots'] });
    const { elicitation, sampling, roots } = ANSWERS;
    expect(textOf(result).answers).toEqual({ elicitation, sampling, roots });
  });

  test('a server that never has enough ends in an error', async () => {
    const client = await connectAnswering((await mint(asking.gateway)).access, 'v1');
    await expect(client.call('modern_insist')).rejects.toThrow('still asked for input after 8 rounds');
    expect(client.asked).toHaveLength(8);
  });
});

describe('what is not relayed', () => {
  test.each(CLIENT_KINDS)('is refused by default, and the client hears nothing: %s', async (which) => {
    const client = await connectAnswering((await mint(asking.gateway)).access, which);
    for (const kind of ALL_KINDS) {
      const [{ text }] = (await client.call('deaf_ask', { kind })).content;
      expect(text, kind).toMatch(/^error: /);
    }
    expect(client.asked).toEqual([]);
  });

  test.each(CLIENT_KINDS)('is every kind that config does not name: %s', async (which) => {
    const client = await connectAnswering((await mint(asking.gateway)).access, which);
    for (const kind of ALL_KINDS) await client.call('shy_ask', { kind });
    expect(client.asked.map(({ method, params }) => [method, params.mode ?? 'form'])).toEqual([
      ['elicitation/create', 'form'],
    ]);
  });
});

test('each question is on the ledger with the kind of its answer, and nothing of what was said', async () => {
  const session = await mint(asking.gateway);
  for (const which of CLIENT_KINDS) {
    const client = await connectAnswering(session.access, which);
    await client.call('old_ask', { kind: 'sampling' });
    await client.call('modern_ask', { kinds: ['elicitation'] });
  }
  const own = (await asking.entries('call.asked')).filter(({ ref }) => ref.session === session.id);
  expect(own.map(({ body }) => body)).toEqual(
    CLIENT_KINDS.flatMap(() => [
      { server: 'old', kind: 'sampling', answer: 'result' },
      { server: 'modern', kind: 'elicitation', answer: 'accept' },
    ]),
  );
  for (const { ref } of own) expect(ref).toMatchObject({ call: expect.stringMatching(/^req_/) });
});
