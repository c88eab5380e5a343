import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CountersignError } from '../core/errors.ts';
import { type AllowedParties, refusedParty } from './guard.ts';
import { sendJson } from './respond.ts';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** An HTTP server that listens at once and serves once a handler is set. */
export interface Listener {
  readonly port: number;
  serve(input: { handler: Handler; allowed: AllowedParties }): void;
  /** Stops accepting, waits for what is under way at most `graceMs`, then cuts the rest. */
  close(graceMs: number): Promise<void>;
}

const STARTING = JSON.stringify({
  code: 'shutting_down',
  detail: 'The gateway is starting. Try again in a moment.',
});

function portTaken(port: number, host: string): CountersignError {
  return new CountersignError(
    'config_invalid',
    `Port ${port} on ${host} is taken. Stop whatever uses it, or choose another with --port (0 takes any free one).`,
  );
}

export async function listen(input: {
  host: string;
  port: number;
  onError: (error: unknown) => void;
}): Promise<Listener> {
  let current: { handler: Handler; allowed: AllowedParties } | undefined;

  const server: Server = createServer(
    { headersTimeout: 10_000, requestTimeout: 60_000, keepAliveTimeout: 65_000, maxHeaderSize: 16_384 },
    (request, response) => {
      if (current === undefined) {
        sendJson(response, 503, STARTING, { 'retry-after': '1' });
        return;
      }
      const refusal = refusedParty(
        { host: request.headers.host, origin: request.headers.origin },
        current.allowed,
      );
      if (refusal !== undefined) {
        response.setHeader('connection', 'close');
        sendJson(response, 403, JSON.stringify({ code: 'forbidden', status: 403, detail: refusal }));
        return;
      }
      Promise.resolve(current.handler(request, response)).catch((error: unknown) => {
        input.onError(error);
        if (!response.headersSent) sendJson(response, 500, JSON.stringify({ code: 'internal', status: 500 }));
        else response.destroy();
      });
    },
  );

  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? portTaken(input.port, input.host) : error);
    });
    server.listen(input.port, input.host, resolve);
  });
  server.on('error', input.onError);

  return {
    port: (server.address() as AddressInfo).port,
    serve(next) {
      current = next;
    },
    async close(graceMs) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const timer = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearTimeout(timer);
    },
  };
}
