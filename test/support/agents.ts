import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from '@modelcontextprotocol/client';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

export interface McpAccess {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The SDK's v1 client, which speaks revisions up to 2025-11-25. */
export async function connectV1(access: McpAccess): Promise<LegacyClient> {
  const client = new LegacyClient({ name: 'v1-agent', version: '1.0.0' });
  const transport = new LegacyTransport(new URL(access.url), {
    requestInit: { headers: { ...access.headers } },
  });
  await client.connect(transport as Parameters<LegacyClient['connect']>[0]);
  return client;
}

/** The SDK's v2 client; `auto` negotiates the revision, `modern` and `legacy` pin it. */
export async function connectV2(
  access: McpAccess,
  mode: 'auto' | 'modern' | 'legacy',
): Promise<ModernClient> {
  const client = new ModernClient({ name: 'v2-agent', version: '1.0.0' }, negotiation(mode));
  await client.connect(
    new ModernTransport(new URL(access.url), { requestInit: { headers: { ...access.headers } } }),
  );
  return client;
}

function negotiation(mode: 'auto' | 'modern' | 'legacy'): ConstructorParameters<typeof ModernClient>[1] {
  if (mode === 'auto') return { versionNegotiation: { mode: 'auto' } };
  if (mode === 'legacy') return { versionNegotiation: { mode: 'legacy' } };
  return { versionNegotiation: { mode: { pin: '2026-07-28' } } };
}
