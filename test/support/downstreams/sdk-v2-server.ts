import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { createMcpHandler } from '@modelcontextprotocol/server';
import { onTestFinished } from 'vitest';
import { createV2Asker } from './v2-asker.ts';

export interface V2Server {
  readonly url: string;
  /** Every `subscriptions/listen` so far: the resources that it asked for. */
  readonly listens: (readonly string[])[];
  updated(uri: string): void;
  /** Cuts every connection. */
  dropStreams(): void;
}

/** A server built with the v2 SDK over Streamable HTTP, which speaks 2026-07-28. */
export async function startV2Server(): Promise<V2Server> {
  const listens: (readonly string[])[] = [];
  const handler = createMcpHandler(createV2Asker, { legacy: 'reject' });
  const server = createServer(
    getRequestListener(async (request) => {
      const body = request.method === 'POST' ? await request.clone().text() : '';
      if (body.includes('"subscriptions/listen"'))
        listens.push(JSON.parse(body).params.notifications.resourceSubscriptions ?? []);
      return handler.fetch(request);
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    await handler.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    listens,
    dropStreams: () => server.closeAllConnections(),
    updated: (uri) => handler.notify.resourceUpdated(uri),
  };
}
