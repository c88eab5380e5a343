import type { IncomingMessage, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { Handler } from './listen.ts';

/** A file of the dashboard, ready to send. */
export interface PageFile {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

const API_PATHS = /^\/(?:v1(?:\/|$)|healthz$|readyz$)/;

/** Sends each request where it belongs: agents' messages, the API, or the dashboard's files. Exact paths, never decoded. */
export function createFront(input: {
  api: (request: Request) => Response | Promise<Response>;
  mcp: {
    matches(path: string): boolean;
    handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  };
  file: (path: string) => PageFile | undefined;
}): Handler {
  const api = getRequestListener(input.api, { overrideGlobalObjects: false });
  return (request, response) => {
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    if (input.mcp.matches(path)) return input.mcp.handle(request, response);
    if (!API_PATHS.test(path) && (request.method === 'GET' || request.method === 'HEAD')) {
      const file = input.file(path);
      if (file !== undefined) {
        response.writeHead(file.status, { ...file.headers });
        response.end(request.method === 'HEAD' ? undefined : file.body);
        return undefined;
      }
    }
    return api(request, response);
  };
}
