import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';

const SAFE = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } as const;

/** Sends a whole JSON body at once. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Record<string, string> = {},
): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, {
    ...SAFE,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}

/** Begins a stream of server-sent events; its head goes out at once. */
export function openEventStream(response: ServerResponse): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(200, { ...SAFE, 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
  response.flushHeaders();
}

/** Sends one JSON text as an event. Its line breaks, which JSON allows between tokens, would end the event. */
export function sendEvent(response: ServerResponse, json: string): void {
  if (response.destroyed || response.writableEnded) return;
  response.write(`event: message\ndata: ${json.replaceAll(/[\r\n]+/g, ' ')}\n\n`);
}

/** Resolves when more may be written, and at once when nobody reads any more. Leaves no listener behind. */
async function writable(response: ServerResponse): Promise<void> {
  const done = new AbortController();
  const until = (event: string): Promise<unknown> => once(response, event, { signal: done.signal });
  const [drained, closed] = [until('drain'), until('close')];
  try {
    await Promise.race([drained, closed]);
  } finally {
    done.abort();
    await Promise.allSettled([drained, closed]);
  }
}

/** Pipes a web-standard response, streams included; ends the stream's source when the client goes away. */
export async function sendWebResponse(response: ServerResponse, web: Response): Promise<void> {
  if (response.destroyed) {
    await web.body?.cancel();
    return;
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of web.headers) headers[name] = value;
  response.writeHead(web.status, { ...headers, ...SAFE });
  if (web.body === null) {
    response.end();
    return;
  }
  response.flushHeaders();
  const reader = web.body.getReader();
  const stop = (): void => {
    // A source that has failed already has nothing to stop.
    reader.cancel().catch(() => undefined);
  };
  response.on('close', stop);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || response.destroyed) break;
      if (!response.write(value)) await writable(response);
    }
  } finally {
    response.off('close', stop);
    response.end();
  }
}

const CREDENTIALS: ReadonlySet<string> = new Set(['authorization', 'cookie', 'proxy-authorization']);

/** A web-standard request with this message's method and headers, and no body: the caller has read and parsed it. */
export function toWebRequest(request: IncomingMessage, origin: string, signal: AbortSignal): Request {
  const headers = new Headers();
  for (let index = 0; index + 1 < request.rawHeaders.length; index += 2) {
    const name = request.rawHeaders[index]!;
    // Credentials stay at the door; nothing behind it needs to see them.
    if (!CREDENTIALS.has(name.toLowerCase())) headers.append(name, request.rawHeaders[index + 1]!);
  }
  headers.delete('content-length');
  headers.delete('transfer-encoding');
  return new Request(`${origin}/mcp`, { method: request.method ?? 'GET', headers, signal });
}
