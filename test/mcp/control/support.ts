import { connectV2 } from '../../support/agents.ts';
import type { TestGateway } from '../../support/gateway.ts';
import { type SdkAgent, sdkAgents } from '../support/sdk-clients.ts';
import { post } from '../support/wire.ts';

/** How an orchestrator connects to the control endpoint with a credential. */
export function controlAccess(gateway: TestGateway, credential = gateway.apiKey) {
  return {
    url: `${gateway.app.origin}/mcp/control`,
    headers: { Authorization: `Bearer ${credential}` },
  };
}

/** Every SDK client, connected to the control endpoint. */
export function orchestrators(gateway: TestGateway, credential?: string): Promise<SdkAgent[]> {
  return sdkAgents(controlAccess(gateway, credential));
}

/** Connects with a credential, calls one tool by the newest revision, and goes. */
export async function control(
  gateway: TestGateway,
  tool: string,
  args: Record<string, unknown> = {},
  credential?: string,
): Promise<any> {
  const client = await connectV2(controlAccess(gateway, credential), 'modern');
  try {
    return await client.callTool({ name: tool, arguments: args });
  } finally {
    await client.close();
  }
}

/** Makes an API key with these roles. */
export async function keyWith(
  gateway: TestGateway,
  roles: readonly string[],
): Promise<{ id: string; key: string }> {
  const { status, body } = await gateway.api('POST', '/v1/keys', { name: roles.join(' '), roles });
  if (status !== 201) throw new Error(`making a key failed: ${JSON.stringify(body)}`);
  return { id: body.id, key: body.key };
}

/** An initialize message with these headers, to see who is let in. */
export function knock(gateway: TestGateway, headers: Record<string, string>, path = '/mcp/control') {
  const params = {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'wire', version: '1' },
  };
  return post(`${gateway.app.origin}${path}`, {
    headers: {
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params }),
  });
}
