import { rawHttp, rawRequest } from '../../mcp/support/raw-http.ts';
import { legacyWire, modernMessage } from '../../mcp/support/wire.ts';
import type { McpAccess } from '../../support/agents.ts';

export const ERAS = ['legacy', 'modern'] as const;
type Lines = [name: string, value: string][];

/** An agent of one era on a raw socket, where every header line is as the test wants it. */
export interface RawAgent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Sends its call of echo, with changed header lines or to another place, and reads the answer. */
  send(change?: (lines: Lines) => Lines, more?: { target?: string; method?: string }): Promise<string>;
}

export async function rawAgents(access: McpAccess): Promise<Record<(typeof ERAS)[number], RawAgent>> {
  const { host, port } = new URL(access.url);
  const call = { name: 'echo', arguments: { text: 'a' } };
  const agent = (headers: Record<string, string>, body: string): RawAgent => ({
    headers,
    body,
    send(change = (lines) => lines, { target = '/mcp', method = 'POST' } = {}) {
      const lines: Lines = [['host', host], ...Object.entries(headers)];
      return rawHttp(Number(port), rawRequest({ method, target, headers: change(lines), body }));
    },
  });
  const modern = modernMessage(access, { id: 1, method: 'tools/call', params: call });
  const legacy = await legacyWire(access);
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: call });
  return { legacy: agent(legacy.headers, body), modern: agent(modern.headers, modern.body) };
}
