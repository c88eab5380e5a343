import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { createMcpHandler } from '@modelcontextprotocol/server';
import { systemClock } from '../core/clock.ts';
import { VERSION } from '../core/version.ts';
import { createCompanyServer } from './server.ts';
import { openCompany } from './store.ts';

/** The sandbox company over Streamable HTTP on loopback, for every revision. Port 0 takes any free port. */
export async function startDemoHttp(options: { port: number; dataDir: string; stepMs?: number }): Promise<{
  url: string;
  close(): Promise<void>;
}> {
  const { port, dataDir, stepMs } = options;
  const store = openCompany(dataDir);
  const pace = stepMs === undefined ? {} : { stepMs };
  const handler = createMcpHandler(() =>
    createCompanyServer({ store, now: systemClock, version: VERSION, ...pace }),
  );
  const server = createServer(getRequestListener((request) => handler.fetch(request)));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    async close() {
      await handler.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
