import { acceptedContent, inputRequired, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';

const WORD = z.object({ word: z.string() });

/**
 * A server of the v2 SDK. `declared` gives the envelope of its request, `wish` asks for a word (multi round-trip) and
 * then says it with the state that came back, `mutter` logs, `touch {uri}` tells of a changed resource.
 */
export function createV2Asker(): McpServer {
  const server = new McpServer(
    { name: 'v2', version: '1.0.0' },
    { capabilities: { logging: {}, resources: { subscribe: true }, completions: {} } },
  );
  server.registerTool('declared', { inputSchema: z.object({}) }, (_args, { mcpReq }) => ({
    content: [{ type: 'text', text: JSON.stringify(mcpReq.envelope ?? null) }],
  }));
  server.registerTool('wish', { inputSchema: z.object({}) }, (_args, { mcpReq }) => {
    const given = acceptedContent(mcpReq.inputResponses, 'word', WORD);
    if (given !== undefined)
      return { content: [{ type: 'text', text: `${given.word} ${JSON.stringify(mcpReq.requestState())}` }] };
    return inputRequired({
      inputRequests: { word: inputRequired.elicit({ message: 'Which word?', requestedSchema: WORD }) },
      requestState: 'state-1',
    });
  });
  server.registerTool('mutter', { inputSchema: z.object({}) }, async (_args, { mcpReq }) => {
    await mcpReq.log('warning', 'a warning');
    await mcpReq.log('debug', 'a detail');
    return { content: [{ type: 'text', text: 'said' }] };
  });
  server.registerTool('touch', { inputSchema: z.object({ uri: z.string() }) }, async ({ uri }) => {
    await server.server.sendResourceUpdated({ uri });
    return { content: [{ type: 'text', text: 'touched' }] };
  });
  server.registerResource('motto', 'test://motto', {}, (uri) => ({
    contents: [{ uri: uri.href, text: 'slow is smooth' }],
  }));
  return server;
}
