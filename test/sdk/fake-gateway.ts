import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Record<string, string>;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

export type Reply = (request: SeenRequest, response: ServerResponse) => void;

export interface FakeGateway extends AsyncDisposable {
  readonly origin: string;
  readonly seen: SeenRequest[];
  /** Answers `METHOD /path` with these replies in turn; the last one repeats. */
  on(route: string, ...replies: Reply[]): void;
}

export function json(status: number, body: unknown, headers: Record<string, string> = {}): Reply {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
}

export function problem(
  status: number,
  code: string,
  more: object = {},
  headers: Record<string, string> = {},
): Reply {
  return (_request, response) => {
    const body = {
      type: 'about:blank',
      title: code,
      status,
      code,
      detail: `It was ${code}.`,
      request_id: 'req_1',
      ...more,
    };
    response
      .writeHead(status, { 'content-type': 'application/problem+json', ...headers })
      .end(JSON.stringify(body));
  };
}

export function page(data: unknown[], next: string | null = null): Reply {
  return json(200, { data, next_cursor: next, has_more: next !== null });
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  if (request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true)
    return Object.fromEntries(new URLSearchParams(text));
  return text === '' ? undefined : JSON.parse(text);
}

/** An HTTP server on a free port that answers as the test says and remembers what it was asked. */
export async function startFakeGateway(): Promise<FakeGateway> {
  const seen: SeenRequest[] = [];
  const routes = new Map<string, Reply[]>();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://fake');
    void readBody(request).then((body) => {
      const { method = 'GET', headers } = request;
      const query = Object.fromEntries(url.searchParams);
      const one: SeenRequest = { method, path: url.pathname, query, headers, body };
      seen.push(one);
      const replies = routes.get(`${method} ${url.pathname}`) ?? [problem(404, 'not_found')];
      const reply = replies.length > 1 ? replies.shift() : replies[0];
      reply?.(one, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    on: (route, ...replies) => void routes.set(route, replies),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
