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

/** Pipes a web-standard response, streams included; ends the stream's source when the client goes away. */
export async function sendWebResponse(response: ServerResponse, web: Response): Promise<void> {
  const headers: Record<string, string> = { ...SAFE };
  for (const [name, value] of web.headers) headers[name] = value;
  response.writeHead(web.status, headers);
  if (web.body === null) {
    response.end();
    return;
  }
  response.flushHeaders();
  const reader = web.body.getReader();
  const stop = (): void => {
    reader.cancel().catch(() => undefined);
  };
  response.on('close', stop);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || response.destroyed) break;
      if (!response.write(value)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
    }
  } finally {
    response.off('close', stop);
    response.end();
  }
}

/** A web-standard request with this message's method and headers, and no body: the caller has read and parsed it. */
export function toWebRequest(request: IncomingMessage, origin: string, signal: AbortSignal): Request {
  const headers = new Headers();
  for (let index = 0; index + 1 < request.rawHeaders.length; index += 2) {
    const name = request.rawHeaders[index]!;
    // The credential stays at the door; nothing behind it needs to see it.
    if (name.toLowerCase() !== 'authorization') headers.append(name, request.rawHeaders[index + 1]!);
  }
  headers.delete('content-length');
  headers.delete('transfer-encoding');
  return new Request(`${origin}/mcp`, { method: request.method ?? 'GET', headers, signal });
}
