import type { McpAccess } from '../../support/agents.ts';
import type { TestGateway } from '../../support/gateway.ts';

export interface TestSession {
  readonly id: string;
  readonly access: McpAccess;
  /** The same session by a URL that holds its secret. */
  readonly secret: McpAccess;
  readonly token: string;
}

/** Mints a session over the REST API; `more` are members of the request, such as `tools` or `call_cap`. */
export async function mint(gateway: TestGateway, more: object = {}): Promise<TestSession> {
  const { status, body } = await gateway.api('POST', '/v1/sessions', more);
  if (status !== 201) throw new Error(`minting failed: ${JSON.stringify(body)}`);
  const token = String(body.mcp.headers.Authorization).slice('Bearer '.length);
  return {
    id: body.id,
    token,
    access: { url: body.mcp.url, headers: body.mcp.headers },
    secret: { url: body.mcp.secret_url, headers: {} },
  };
}

export async function revoke(gateway: TestGateway, session: TestSession): Promise<void> {
  const { status } = await gateway.api('POST', `/v1/sessions/${session.id}/revoke`, {});
  if (status >= 300) throw new Error(`revoking failed with ${status}`);
}
