import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { createMcpHandler, McpServer, type ServerContext } from '@modelcontextprotocol/server';
import { z } from 'zod';

const SCHEMA = { type: 'object', properties: { word: { type: 'string' } } };
const SAY = { role: 'user', content: { type: 'text', text: 'Say a word' } };

/** What a server may ask, as `inputRequests` has it. */
export const QUESTIONS: Readonly<Record<string, { method: string; params: object }>> = {
  elicitation: {
    method: 'elicitation/create',
    params: { mode: 'form', message: 'Which word?', requestedSchema: SCHEMA },
  },
  elicitation_url: {
    method: 'elicitation/create',
    params: { mode: 'url', message: 'Sign in', url: 'https://example.com/in' },
  },
  sampling: { method: 'sampling/createMessage', params: { messages: [SAY], maxTokens: 5 } },
  roots: { method: 'roots/list', params: {} },
};

export interface ModernAsker {
  readonly url: string;
  /** The `params` of every call, prompt and reading so far. */
  readonly received: any[];
  /** Every `subscriptions/listen` so far: the resources that it asked for. */
  readonly listens: (readonly string[])[];
  updated(uri: string): void;
  close(): Promise<void>;
}

/** The answer to one request: the questions at first, then what came back. */
function asking(kinds: readonly string[], mcpReq: ServerContext['mcpReq']): any {
  const { inputResponses, requestState } = mcpReq;
  const state = requestState<string>();
  if (state !== undefined) return JSON.stringify({ answers: inputResponses ?? {}, state });
  const inputRequests = Object.fromEntries(kinds.map((kind) => [kind, QUESTIONS[kind]]));
  return { resultType: 'input_required', inputRequests, requestState: 'their own state' };
}

function createAsker(): McpServer {
  const server = new McpServer(
    { name: 'modern-asker', version: '1.0.0' },
    { capabilities: { logging: {}, resources: { subscribe: true } } },
  );
  const inputSchema = z.object({ kinds: z.array(z.string()) });
  server.registerTool('ask', { inputSchema }, ({ kinds }, { mcpReq }) => {
    const said = asking(kinds, mcpReq);
    return typeof said === 'string' ? { content: [{ type: 'text', text: said }] } : said;
  });
  server.registerTool('insist', { inputSchema: z.object({}) }, () => {
    const inputRequests = { elicitation: QUESTIONS.elicitation };
    return { resultType: 'input_required', inputRequests, requestState: 'again' } as any;
  });
  server.registerTool('mutter', { inputSchema: z.object({}) }, async (_args, { mcpReq }) => {
    await mcpReq.log('warning', 'a warning');
    await mcpReq.log('debug', 'a detail');
    return { content: [{ type: 'text', text: 'said' }] };
  });
  server.registerPrompt('greet', {}, ({ mcpReq }: any) => {
    const said = asking(['elicitation'], mcpReq);
    if (typeof said !== 'string') return said;
    return { messages: [{ role: 'user', content: { type: 'text', text: said } }] };
  });
  server.registerResource('asks', 'modern://asks', {}, (uri, { mcpReq }: any) => {
    const said = asking(['elicitation'], mcpReq);
    return typeof said === 'string' ? { contents: [{ uri: uri.href, text: said }] } : said;
  });
  for (const name of ['motto', 'secret'])
    server.registerResource(name, `modern://${name}`, {}, (uri) => ({
      contents: [{ uri: uri.href, text: 'slow is smooth' }],
    }));
  return server;
}

/** A server built with the v2 SDK over Streamable HTTP, which speaks 2026-07-28 and asks. */
export async function startModernAsker(): Promise<ModernAsker> {
  const received: any[] = [];
  const listens: (readonly string[])[] = [];
  const handler = createMcpHandler(createAsker, { legacy: 'reject' });
  const server = createServer(
    getRequestListener(async (request) => {
      const text = request.method === 'POST' ? await request.clone().text() : '{}';
      const { method, params } = JSON.parse(text);
      if (['tools/call', 'prompts/get', 'resources/read'].includes(method)) received.push(params);
      if (method === 'subscriptions/listen') listens.push(params.notifications.resourceSubscriptions ?? []);
      return handler.fetch(request);
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    received,
    listens,
    updated: (uri) => handler.notify.resourceUpdated(uri),
    async close() {
      await handler.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
