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

/** How long a client may take, in milliseconds, to send its headers and its whole request; looked at every `everyMs`. */
export interface Patience {
  readonly headersMs: number;
  readonly requestMs: number;
  readonly everyMs: number;
}

const PATIENCE: Patience = { headersMs: 10_000, requestMs: 60_000, everyMs: 5_000 };
const KEEP_ALIVE_MS = 65_000;
const HEADER_BYTES = 16_384;
const IDLE_SWEEP_MS = 20;

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

/** True when a header that says who is meant, or who asks, stands there twice: parties read such a request differently. */
function isAmbiguous(rawHeaders: readonly string[]): boolean {
  const seen = new Set<string>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? '';
    if (name !== 'host' && name !== 'origin' && name !== 'authorization') continue;
    if (seen.has(name)) return true;
    seen.add(name);
  }
  return false;
}

const DOUBLED = JSON.stringify({
  code: 'invalid_request',
  status: 400,
  detail: 'Host, Origin or Authorization was sent twice. Send each at most once.',
});

/** Listens at once; throws `config_invalid` when the port is taken. Slow clients are cut off after `patience`. */
export async function listen(input: {
  host: string;
  port: number;
  onError: (error: unknown) => void;
  patience?: Patience;
}): Promise<Listener> {
  const { headersMs, requestMs, everyMs } = input.patience ?? PATIENCE;
  let current: { handler: Handler; allowed: AllowedParties } | undefined;

  const server: Server = createServer(
    {
      headersTimeout: headersMs,
      requestTimeout: requestMs,
      connectionsCheckingInterval: everyMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: HEADER_BYTES,
    },
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
      if (isAmbiguous(request.rawHeaders)) {
        response.setHeader('connection', 'close');
        sendJson(response, 400, DOUBLED);
        return;
      }
      const { handler } = current;
      new Promise<void>((resolve) => resolve(handler(request, response))).catch((error: unknown) => {
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
      // A connection that was busy is idle once its answer is out; nothing else would then end it.
      const idle = setInterval(() => server.closeIdleConnections(), IDLE_SWEEP_MS);
      const cut = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearInterval(idle);
      clearTimeout(cut);
    },
  };
}
