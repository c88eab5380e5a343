import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import {
  SetLevelRequestSchema,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';

const QUESTIONS = {
  elicitation: {
    method: 'elicitation/create',
    params: {
      message: 'Which word?',
      requestedSchema: { type: 'object', properties: { word: { type: 'string' } } },
    },
  },
  elicitation_url: {
    method: 'elicitation/create',
    params: { mode: 'url', message: 'Sign in', url: 'https://example.com/in', elicitationId: 'e1' },
  },
  sampling: {
    method: 'sampling/createMessage',
    params: { messages: [{ role: 'user', content: { type: 'text', text: 'Say a word' } }], maxTokens: 5 },
  },
  roots: { method: 'roots/list', params: {} },
} as const;

const KIND = z.enum(['elicitation', 'elicitation_url', 'sampling', 'roots']);

/**
 * A server of the v1 SDK that asks. `ask {kind, aside?}` answers with what it was answered, as JSON, or with `error:` and
 * a code; `aside` asks without saying which call it is about. `told` gives the declared client capabilities and the level
 * of log messages; `mutter {aside?}` logs; `touch {uri}` tells of a changed resource when it is subscribed to; `linger`
 * answers when `release` was called.
 */
export function createV1Asker(): McpServer {
  const server = new McpServer(
    { name: 'asker', version: '1.0.0' },
    { capabilities: { logging: {}, resources: { subscribe: true }, tools: {} } },
  );
  const subscribed = new Map<string, number>();
  const released = Promise.withResolvers<void>();
  const logging = { level: 'none' };
  const say = (text: string) => ({ content: [{ type: 'text' as const, text }] });

  server.registerTool(
    'ask',
    { inputSchema: { kind: KIND, aside: z.boolean().optional() } },
    async ({ kind, aside }, { sendRequest, signal }) => {
      const request = QUESTIONS[kind];
      const answer = z.looseObject({});
      try {
        // The types of the SDK know the requests of servers only as a closed union of exact shapes.
        const asked = request as unknown as Parameters<typeof sendRequest>[0];
        const options = { signal, timeout: 600_000 };
        return say(
          JSON.stringify(
            aside
              ? await server.server.request(asked, answer, options)
              : await sendRequest(asked, answer, options),
          ),
        );
      } catch (error) {
        return say(`error: ${(error as { code?: number }).code}`);
      }
    },
  );
  server.registerTool('told', { inputSchema: {} }, () =>
    say(
      JSON.stringify({
        capabilities: server.server.getClientCapabilities(),
        subscribed: Object.fromEntries(subscribed),
        level: logging.level,
      }),
    ),
  );
  server.registerTool(
    'mutter',
    { inputSchema: { aside: z.boolean().optional() } },
    async ({ aside }, { sendNotification, sessionId }) => {
      const params = { level: 'warning' as const, data: 'a warning' };
      if (aside) await server.sendLoggingMessage(params, sessionId);
      else await sendNotification({ method: 'notifications/message', params });
      return say('said');
    },
  );
  server.registerTool('touch', { inputSchema: { uri: z.string() } }, async ({ uri }) => {
    if (subscribed.has(uri)) await server.server.sendResourceUpdated({ uri });
    return say(String(subscribed.has(uri)));
  });
  server.registerTool('linger', { inputSchema: {} }, async () => {
    await released.promise;
    return say('lingered');
  });
  server.registerTool('release', { inputSchema: {} }, () => {
    released.resolve();
    return say('released');
  });
  server.registerResource('motto', 'test://motto', {}, (uri) => ({
    contents: [{ uri: uri.href, text: 'slow is smooth' }],
  }));
  server.server.setRequestHandler(SetLevelRequestSchema, ({ params: { level } }) => {
    logging.level = level;
    return {};
  });
  server.server.setRequestHandler(SubscribeRequestSchema, ({ params: { uri } }) => {
    if (uri === 'test://no') throw new Error('no such resource');
    subscribed.set(uri, (subscribed.get(uri) ?? 0) + 1);
    return {};
  });
  server.server.setRequestHandler(UnsubscribeRequestSchema, ({ params: { uri } }) => {
    subscribed.delete(uri);
    return {};
  });
  return server;
}
