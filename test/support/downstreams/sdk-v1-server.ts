import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { onTestFinished } from 'vitest';
import { z } from 'zod';

function createV1Server(): McpServer {
  const server = new McpServer({ name: 'v1', version: '1.0.0' });
  server.registerTool('echo', { inputSchema: { text: z.string() } }, ({ text }) => ({
    content: [{ type: 'text', text }],
  }));
  server.registerTool('grow', { inputSchema: {} }, () => {
    server.registerTool('grown', { inputSchema: {} }, () => ({ content: [{ type: 'text', text: 'tall' }] }));
    return { content: [{ type: 'text', text: 'growing' }] };
  });
  server.registerTool('steps', { inputSchema: {} }, async (_args, { _meta, sendNotification }) => {
    for (let progress = 1; progress <= 3; progress++) {
      if (_meta?.progressToken !== undefined) {
        await sendNotification({
          method: 'notifications/progress',
          params: { progressToken: _meta.progressToken, progress },
        });
      }
    }
    return { content: [{ type: 'text', text: 'arrived' }] };
  });
  server.registerResource('motto', 'test://motto', {}, (uri) => ({
    contents: [{ uri: uri.href, text: 'slow is smooth' }],
  }));
  server.registerPrompt('greet', {}, () => ({
    messages: [{ role: 'user', content: { type: 'text', text: 'hello' } }],
  }));
  return server;
}

/** A server built with the v1 SDK over Streamable HTTP (`/mcp`, stateful) and over HTTP+SSE (`/sse`), one instance per connection. */
export async function startV1Server(
  create: () => McpServer = createV1Server,
): Promise<{ url: string; sseUrl: string }> {
  const streamable = new Map<string, StreamableHTTPServerTransport>();
  const sse = new Map<string, SSEServerTransport>();
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (url.pathname === '/sse') {
      const transport = new SSEServerTransport('/messages', response);
      sse.set(transport.sessionId, transport);
      await create().connect(transport);
    } else if (url.pathname === '/messages') {
      await sse.get(url.searchParams.get('sessionId') ?? '')?.handlePostMessage(request, response);
    } else {
      const known = streamable.get(String(request.headers['mcp-session-id']));
      if (known !== undefined) return known.handleRequest(request, response);
      const transport = new StreamableHTTPServerTransport({
        sessionIdGenerator: () => randomUUID(),
        onsessioninitialized: (id) => {
          streamable.set(id, transport);
        },
      });
      await create().connect(transport as Parameters<McpServer['connect']>[0]);
      await transport.handleRequest(request, response);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url: `${origin}/mcp`, sseUrl: `${origin}/sse` };
}
