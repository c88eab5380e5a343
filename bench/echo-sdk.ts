import { createServer } from 'node:http';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';

/** The downstream as most people write it: the SDK's v1 server, a stateless transport per request. */
const text = 'countersign '.repeat(20).slice(0, 200);

function createEcho(): Server {
  const server = new Server({ name: 'bench-echo-sdk', version: '1.0.0' }, { capabilities: { tools: {} } });
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: ['echo', 'echo_write', 'echo_held'].map((name) => ({
      name,
      inputSchema: { type: 'object' as const },
    })),
  }));
  server.setRequestHandler(CallToolRequestSchema, () => ({ content: [{ type: 'text', text }] }));
  return server;
}

const http = createServer({ keepAliveTimeout: 60_000 }, async (request, response) => {
  if (request.method !== 'POST') {
    response.writeHead(405).end();
    return;
  }
  const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true } as ConstructorParameters<
    typeof StreamableHTTPServerTransport
  >[0]);
  const server = createEcho();
  response.on('close', () => void server.close());
  await server.connect(transport as Parameters<Server['connect']>[0]);
  await transport.handleRequest(request, response);
});

http.listen(0, '127.0.0.1', () => {
  const address = http.address();
  console.log(JSON.stringify({ port: typeof address === 'object' ? address?.port : undefined }));
});
