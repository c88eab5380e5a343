import { createServer, request as forward, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { AuthorizationServer } from './authorization-server.ts';

/** An MCP server that wants a token: it stands before another, and lets through what shows one that is in force. */
export interface Guarded {
  readonly url: string;
  /** Requests to the MCP address, refused ones among them. */
  readonly seen: { readonly verb: string; readonly headers: IncomingHttpHeaders; readonly passed: boolean }[];
  behaviour: {
    /** Whether a refusal says how to do better (`WWW-Authenticate`). */
    challenges: boolean;
    /** What a refusal says beside. */
    refusal: (body: string) => string;
    /** Lets the request through to the server behind, and refuses it all the same. */
    refusesAfterwards: boolean;
    metadata: Record<string, unknown>;
    /** Where the challenge says that the metadata is. */
    metadataUrl: string | undefined;
  };
}

const PATH = '/mcp';

export async function startGuarded(behind: string, as: AuthorizationServer): Promise<Guarded> {
  const seen: Guarded['seen'] = [];
  const behaviour: Guarded['behaviour'] = {
    challenges: true,
    refusal: () => '{"error":"invalid_token"}',
    refusesAfterwards: false,
    metadata: {},
    metadataUrl: undefined,
  };
  const self = { origin: '' };
  const server = createServer((request, response) => {
    const pathname = new URL(request.url ?? '/', 'http://x').pathname;
    if (pathname === `/.well-known/oauth-protected-resource${PATH}`) {
      const resource = `${self.origin}${PATH}`;
      const body = { resource, authorization_servers: [as.issuer], ...behaviour.metadata };
      return void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    }
    if (pathname !== PATH) return void response.writeHead(404).end();
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
      const passed = as.valid.has(token) && as.valid.get(token) === `${self.origin}${PATH}`;
      seen.push({ verb: request.method ?? '', headers: request.headers, passed });
      const refuse = () => {
        const where = behaviour.metadataUrl ?? `${self.origin}/.well-known/oauth-protected-resource${PATH}`;
        const challenge = `Bearer resource_metadata="${where}", error="invalid_token"`;
        response.writeHead(401, {
          'content-type': 'application/json',
          ...(behaviour.challenges ? { 'www-authenticate': challenge } : {}),
        });
        response.end(behaviour.refusal(body.toString('utf8')));
      };
      if (!passed && !behaviour.refusesAfterwards) return refuse();
      const { authorization: _shown, ...headers } = request.headers;
      const inner = forward(behind, { method: request.method, headers }, (answer) => {
        if (!passed) {
          answer.resume();
          return refuse();
        }
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        response.flushHeaders();
        answer.pipe(response);
      });
      inner.on('error', () => response.destroy());
      response.on('close', () => inner.destroy());
      inner.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  self.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `${self.origin}${PATH}`, seen, behaviour };
}
