/** The 200-byte text that every echo answers with. */
const TEXT = 'countersign '.repeat(20).slice(0, 200);

const SCHEMA = { type: 'object', properties: { text: { type: 'string' } } };
const NAMES = ['echo', 'echo_write', 'echo_held'];

function toolsOf(extra: number): unknown[] {
  const names = [
    ...NAMES,
    ...Array.from({ length: extra }, (_, index) => `extra_${String(index).padStart(4, '0')}`),
  ];
  return names.map((name) => ({
    name,
    description: `Answers with 200 bytes (${name}).`,
    inputSchema: SCHEMA,
  }));
}

/**
 * Answers one JSON-RPC message as a minimal MCP server of revision 2025-11-25, or undefined for a notification.
 * `extra` adds tools to the list and nothing else.
 */
export function answerOf(message: string, extra: number): string | undefined {
  const { id, method } = JSON.parse(message) as {
    id?: number | string;
    method: string;
  };
  if (id === undefined) return undefined;
  const head = `{"jsonrpc":"2.0","id":${JSON.stringify(id)}`;
  switch (method) {
    case 'tools/call':
      return `${head},"result":{"content":[{"type":"text","text":"${TEXT}"}]}}`;
    case 'tools/list':
      return `${head},"result":${JSON.stringify({ tools: toolsOf(extra) })}}`;
    case 'initialize':
      return `${head},"result":${JSON.stringify({
        protocolVersion: '2025-11-25',
        capabilities: { tools: {} },
        serverInfo: { name: 'bench-echo', version: '1.0.0' },
      })}}`;
    case 'ping':
      return `${head},"result":{}}`;
    default:
      return `${head},"error":{"code":-32601,"message":"Method not found"}}`;
  }
}
