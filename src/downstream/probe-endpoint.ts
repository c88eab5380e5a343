import {
  Client,
  extractWWWAuthenticateParams,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client';
import { errorText } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { createBoundedFetch } from './transports/bounded-fetch.ts';

/** What an endpoint did when it was connected to as a client does. */
export type EndpointFinding =
  | {
      readonly kind: 'answers';
      readonly era: 'legacy' | 'modern';
      readonly protocolVersion: string;
      readonly tools: number;
    }
  | { readonly kind: 'asks_to_log_in'; readonly metadataUrl: string }
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * Connects to an MCP endpoint over Streamable HTTP, agrees on a revision and lists the tools, within ten seconds for
 * each step. Never rejects, and `reason` holds neither token nor secret address.
 */
export async function probeEndpoint(input: {
  url: string;
  headers: Readonly<Record<string, string>>;
  version: string;
}): Promise<EndpointFinding> {
  const { url, headers, version } = input;
  const { fetch, close } = createBoundedFetch();
  const asked = { metadataUrl: undefined as string | undefined, status: 0 };
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    requestInit: { headers },
    fetch: async (to, init) => {
      const response = await fetch(to, init);
      asked.status = response.status;
      if (response.status === 401)
        asked.metadataUrl = extractWWWAuthenticateParams(response).resourceMetadataUrl?.href;
      return response;
    },
  });
  const client = new Client(
    { name: 'countersign', version },
    { versionNegotiation: { mode: 'auto', probe: { timeoutMs: LIMITS.downstreamProbeTimeoutMs } } },
  );
  const options = { timeout: LIMITS.downstreamProbeTimeoutMs };
  try {
    await client.connect(transport, options);
    let tools = 0;
    let cursor: string | undefined;
    for (let page = 0; page < LIMITS.downstreamListPages; page++) {
      const listed = await client.listTools(cursor === undefined ? {} : { cursor }, options);
      tools += listed.tools.length;
      cursor = listed.nextCursor;
      if (cursor === undefined) break;
    }
    const protocolVersion = client.getNegotiatedProtocolVersion() ?? '';
    return { kind: 'answers', era: client.getProtocolEra() ?? 'legacy', protocolVersion, tools };
  } catch (error) {
    const { metadataUrl, status } = asked;
    if (metadataUrl !== undefined) return { kind: 'asks_to_log_in', metadataUrl };
    if (status === 404)
      return {
        kind: 'refused',
        reason: 'it knows no such session: the session is unknown, has expired or was revoked',
      };
    if (status >= 400) return { kind: 'refused', reason: `it answers with HTTP ${status}` };
    const secrets = [url, ...Object.values(headers)];
    const said = secrets.reduce((text, secret) => text.replaceAll(secret, '…'), errorText(error));
    return { kind: 'refused', reason: said };
  } finally {
    await client.close();
    await close();
  }
}
