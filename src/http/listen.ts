import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { CountersignError, type ErrorCode } from '../core/errors.ts';
import { type AllowedParties, refusedParty } from './guard.ts';
import { sendJson } from './respond.ts';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** An HTTP server that listens at once and serves once a handler is set. */
export interface Listener {
  readonly port: number;
  /** `everybody`: for what answers nobody by who they are, and acts on nothing but what is signed. */
  serve(input: { handler: Handler; allowed: AllowedParties | 'everybody' }): void;
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
// An import of node:http by name reads all that it exports, and with that loads Node's web client: 20 ms of the start.
const { createServer } = process.getBuiltinModule('node:http');

/** A problem document (RFC 9457) for what is refused before anything reads the request. */
function sendProblem(
  response: ServerResponse,
  problem: { status: number; code: ErrorCode; title: string; detail: string },
  headers: Record<string, string> = {},
): void {
  const body = JSON.stringify({ type: `urn:countersign:problem:${problem.code}`, ...problem });
  sendJson(response, problem.status, body, { 'content-type': 'application/problem+json', ...headers });
}

const STARTING = {
  status: 503,
  code: 'shutting_down',
  title: 'The gateway is starting',
  detail: 'The gateway is starting. Try again in a moment.',
} as const;

const FAULT = {
  status: 500,
  code: 'internal',
  title: 'Something went wrong',
  detail: 'The request could not be handled. The diagnostics log says why.',
} as const;

function portTaken(place: { port: number; host: string }, cause: unknown): CountersignError {
  return new CountersignError(
    'config_invalid',
    `Port ${place.port} on ${place.host} is taken. If Countersign already runs there, use it ("countersign open"); otherwise choose another: --port 0 takes any free one.`,
    { cause },
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

const DOUBLED = {
  status: 400,
  code: 'invalid_request',
  title: 'The request is not valid',
  detail: 'Host, Origin or Authorization was sent twice. Send each at most once.',
} as const;

/** Listens at once; throws `config_invalid` when the port is taken. Slow clients are cut off after `patience`. */
export async function listen(input: {
  host: string;
  port: number;
  onError: (error: unknown) => void;
  patience?: Patience;
}): Promise<Listener> {
  const { headersMs, requestMs, everyMs } = input.patience ?? PATIENCE;
  let current: { handler: Handler; allowed: AllowedParties | 'everybody' } | undefined;

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
        sendProblem(response, STARTING, { 'retry-after': '1' });
        return;
      }
      const { host, origin } = request.headers;
      const refusal =
        current.allowed === 'everybody' ? undefined : refusedParty({ host, origin }, current.allowed);
      if (refusal !== undefined) {
        response.setHeader('connection', 'close');
        sendProblem(response, {
          status: 403,
          code: 'forbidden',
          title: 'This is not allowed',
          detail: refusal,
        });
        return;
      }
      if (isAmbiguous(request.rawHeaders)) {
        response.setHeader('connection', 'close');
        sendProblem(response, DOUBLED);
        return;
      }
      const { handler } = current;
      new Promise<void>((resolve) => resolve(handler(request, response))).catch((error: unknown) => {
        input.onError(error);
        if (!response.headersSent) sendProblem(response, FAULT);
        else response.destroy();
      });
    },
  );

  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? portTaken(input, error) : error);
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
      // A connection that was busy is idle once its answer is out; nothing else would then end it. One that was opened
      // ahead of need and has sent nothing counts as busy for the server, and is not.
      const idle = setInterval(() => {
        server.closeIdleConnections();
        for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
      }, IDLE_SWEEP_MS);
      const cut = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearInterval(idle);
      clearTimeout(cut);
    },
  };
}
