import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { talk } from '../support/downstreams/conversation.ts';
import { callTool, startDownstreams, statusOf, textOf } from '../support/downstreams/harness.ts';
import { httpServer, startHttpFixture } from '../support/downstreams/http-fixture.ts';
import { stdioServer } from '../support/downstreams/oracle.ts';
import { startV2Server } from '../support/downstreams/sdk-v2-server.ts';

const ASKER = fileURLToPath(new URL('../support/downstreams/v2-asker-main.ts', import.meta.url));
const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';
const LOG_LEVEL = 'io.modelcontextprotocol/logLevel';

async function start(transport: 'stdio' | 'http') {
  const server = { name: 'v2', relay: ['elicitation', 'sampling'] as const };
  const config =
    transport === 'stdio'
      ? stdioServer({ ...server, args: [ASKER] })
      : httpServer({ ...server, url: (await startV2Server()).url });
  const downstreams = startDownstreams([config]);
  await downstreams.ready();
  expect(statusOf(downstreams, 'v2')).toMatchObject({ era: 'modern', state: 'ready' });
  return downstreams;
}

describe.each(['stdio', 'http'] as const)('a server of 2026-07-28 over %s', (transport) => {
  it('is told with each call what the client of that call can be asked', async () => {
    const downstreams = await start(transport);
    const declared = async (conversation?: ReturnType<typeof talk>) =>
      JSON.parse(
        textOf(await callTool(downstreams, { server: 'v2', tool: 'declared', conversation })),
      ) as JsonObject;
    const capabilities = { elicitation: { form: {} } };
    expect(await declared(talk({ capabilities, logLevel: 'info' }))).toMatchObject({
      [CAPABILITIES]: capabilities,
      [LOG_LEVEL]: 'info',
    });
    const bare = await declared();
    expect(bare[CAPABILITIES]).toEqual({});
    expect(bare).not.toHaveProperty([LOG_LEVEL]);
  });

  it('has its wish for input passed on as it is, and goes on with the answers and its state', async () => {
    const downstreams = await start(transport);
    const conversation = talk({ capabilities: { elicitation: { form: {} } } });
    const wish = await callTool(downstreams, { server: 'v2', tool: 'wish', conversation });
    if (wish.kind !== 'input_required') throw new Error(textOf(wish));
    const { inputRequests, requestState } = JSON.parse(wish.raw);
    expect(inputRequests.word).toMatchObject({
      method: 'elicitation/create',
      params: { message: 'Which word?' },
    });
    const inputResponses = { word: { action: 'accept', content: { word: 'swift' } } };
    const done = await callTool(downstreams, {
      server: 'v2',
      tool: 'wish',
      conversation,
      retry: { inputResponses, requestState },
    });
    expect(textOf(done)).toBe('swift "state-1"');
    expect(conversation.asked).toEqual([]);
  });

  it('cannot ask a client that has declared nothing', async () => {
    const downstreams = await start(transport);
    for (const more of [{}, { conversation: talk({ capabilities: {} }) }]) {
      const outcome = await callTool(downstreams, { server: 'v2', tool: 'wish', ...more });
      expect(outcome.kind).not.toBe('input_required');
    }
  });

  it('has those log messages passed on that the request wanted', async () => {
    const downstreams = await start(transport);
    const told = async (conversation: ReturnType<typeof talk>) => {
      await callTool(downstreams, { server: 'v2', tool: 'mutter', conversation });
      return conversation.told.map(({ params }) => params.data);
    };
    expect(await told(talk({ logLevel: 'warning' }))).toEqual(['a warning']);
    expect(await told(talk({ logLevel: 'debug' }))).toEqual(['a warning', 'a detail']);
    expect(await told(talk())).toEqual([]);
  });
});

describe('a server', () => {
  it('of 2026-07-28 that sends a request, as only older revisions do, is not answered by the client', async () => {
    const conversation = talk();
    const fixture = await startHttpFixture({
      era: 'modern',
      calls: {
        asks({ id, stream, response }) {
          const write = stream();
          write('{"jsonrpc":"2.0","id":"q","method":"elicitation/create","params":{"message":"?"}}');
          write(`{"jsonrpc":"2.0","id":${id},"result":{"content":[{"type":"text","text":"done"}]}}`);
          response.end();
        },
      },
    });
    const downstreams = startDownstreams([
      httpServer({ name: 'web', url: fixture.url, relay: ['elicitation'] }),
    ]);
    await downstreams.ready();
    expect(textOf(await callTool(downstreams, { server: 'web', tool: 'asks', conversation }))).toBe('done');
    expect(conversation.asked).toEqual([]);
  });

  it('of an older revision is not sent answers that it would not understand', async () => {
    const fixture = await startHttpFixture({ era: 'legacy', calls: { echo: () => undefined } });
    const downstreams = startDownstreams([httpServer({ name: 'web', url: fixture.url })]);
    await downstreams.ready();
    const outcome = await callTool(downstreams, {
      server: 'web',
      tool: 'echo',
      retry: { inputResponses: {} },
    });
    expect(outcome).toMatchObject({ kind: 'not_sent' });
    expect(fixture.calls()).toEqual([]);
  });
});
