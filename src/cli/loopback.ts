import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CountersignError } from '../core/errors.ts';

/** Waits on this machine for a browser to be sent back (RFC 8252 §7.3). */
export interface Loopback {
  readonly redirectUri: string;
  /** The first whole address with a query that was asked for. Rejects with the signal's reason. */
  callback(signal: AbortSignal): Promise<string>;
  /** Tells the browser how it ended. */
  close(text: string): Promise<void>;
}

const PATH = '/callback';

function page(text: string): string {
  const plain = text.replaceAll(/[<&]/g, (mark) => (mark === '<' ? '&lt;' : '&amp;'));
  return `<!doctype html><meta charset="utf-8"><title>Countersign</title><p>${plain}</p>`;
}

/** Listens on 127.0.0.1. Throws `invalid_request` when the port is taken. */
export async function listenForCallback(port: number): Promise<Loopback> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const waiting: ServerResponse[] = [];
  const state = { taken: false };
  const server = createServer((request, response) => {
    const url = request.url ?? '/';
    if (request.method !== 'GET' || !url.startsWith(`${PATH}?`) || state.taken) {
      response.writeHead(state.taken ? 410 : 404, { 'content-type': 'text/plain' }).end('Nothing here.');
      return;
    }
    state.taken = true;
    waiting.push(response);
    resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}${url}`);
  });
  await new Promise<void>((listening, failed) => {
    server.once('error', (cause) =>
      failed(
        new CountersignError(
          'invalid_request',
          `--port: 127.0.0.1:${port} cannot be listened on. Name another.`,
          { cause },
        ),
      ),
    );
    server.listen(port, '127.0.0.1', listening);
  });
  return {
    redirectUri: `http://127.0.0.1:${(server.address() as AddressInfo).port}${PATH}`,
    callback: (signal) =>
      new Promise((done, failed) => {
        const stop = () => failed(signal.reason);
        if (signal.aborted) return stop();
        signal.addEventListener('abort', stop, { once: true });
        promise.then(done, failed);
      }),
    async close(text) {
      for (const response of waiting) {
        response.setHeader('content-security-policy', "default-src 'none'");
        response.setHeader('connection', 'close');
        response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page(text));
      }
      await new Promise<void>((closed) => {
        server.close(() => closed());
        server.closeIdleConnections();
      });
    },
  };
}
