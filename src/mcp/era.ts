import type { IncomingMessage } from 'node:http';
import { isJsonObject, type JsonValue } from '../core/json.ts';
import { MODERN_REVISION } from './direct.ts';

/** The SDK's own decision which era a message belongs to, so that this gateway cannot disagree with it. */
export async function isLegacyMessage({ headers }: IncomingMessage, body: JsonValue): Promise<boolean> {
  const { classifyInboundRequest } = await import('@modelcontextprotocol/server');
  const header = (name: string): string | undefined => {
    const value = headers[name];
    return typeof value === 'string' ? value : undefined;
  };
  const [version, method, name] = ['mcp-protocol-version', 'mcp-method', 'mcp-name'].map(header);
  if (isJsonObject(body) && version === MODERN_REVISION) return false;
  const classified = classifyInboundRequest({
    httpMethod: 'POST',
    ...(version === undefined ? {} : { protocolVersionHeader: version }),
    ...(method === undefined ? {} : { mcpMethodHeader: method }),
    ...(name === undefined ? {} : { mcpNameHeader: name }),
    body,
  });
  return classified.kind === 'legacy';
}
