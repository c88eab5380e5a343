import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Handler } from './listen.ts';

/** A file of the dashboard, ready to send. */
export interface PageFile {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

type Fetch = (request: Request) => Response | Promise<Response>;

const CONTROL_PATH = '/mcp/control';
const API_PATHS = /^\/(?:(?:v1|access|ledger|\.well-known)(?:\/|$)|healthz$|readyz$)/;

/**
 * Sends each request where it belongs: agents' messages, the API, or the dashboard's files. Paths are compared as
 * they came, never decoded. The API and what agents need are loaded in the
 * background, and by the first request that wants them.
 */
export function createFront(input: {
  loadApi: () => Promise<Fetch>;
  mcp: {
    matches(path: string): boolean;
    handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
    warm(): void;
  };
  /** The gateway's own MCP server, at a path below that of the agents' endpoint. */
  control: Handler;
  file: (path: string) => PageFile | undefined;
}): Handler {
  let api: Promise<Handler> | undefined;

  function loadApi(): Promise<Handler> {
    api ??= Promise.all([import('@hono/node-server'), input.loadApi()]).then(
      ([{ getRequestListener }, fetch]) => getRequestListener(fetch, { overrideGlobalObjects: false }),
    );
    return api;
  }
  setImmediate(() => {
    input.mcp.warm();
    loadApi().catch(() => {
      // The first request that wants it meets the same failure and reports it.
      api = undefined;
    });
  });

  return async (request, response) => {
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    if (path === CONTROL_PATH) return input.control(request, response);
    if (input.mcp.matches(path)) return input.mcp.handle(request, response);
    if (!API_PATHS.test(path) && (request.method === 'GET' || request.method === 'HEAD')) {
      const file = input.file(path);
      if (file !== undefined) {
        response.writeHead(file.status, { ...file.headers });
        response.end(request.method === 'HEAD' ? undefined : file.body);
        return undefined;
      }
    }
    return (await loadApi())(request, response);
  };
}
