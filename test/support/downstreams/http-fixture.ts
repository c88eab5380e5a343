import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { JsonObject } from '../../../src/core/json.ts';
import type { HttpServer } from '../../../src/downstream/server-config.ts';

export interface Received {
  readonly verb: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What a tool of the fixture gets: the request's id, its parameters, and the raw response to answer with. */
export interface Turn {
  readonly id: number;
  readonly params: JsonObject;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  json(text: string, status?: number): void;
  /** Begins an event stream; the function writes one message. */
  stream(): (message: string, eventId?: string) => void;
}

export interface HttpFixture {
  readonly url: string;
  readonly received: Received[];
  /** Tool calls only, as sent. */
  calls(): Received[];
  /** Live sessions; delete one to make the server forget it. */
  readonly sessions: Set<string>;
  /** Tools in the list, changed by tests. */
  tools: JsonObject[];
  /** Sends a notification on every open listening stream. */
  notify(method: string): void;
  close(): Promise<void>;
}

export function httpServer(server: Partial<HttpServer> & { name: string; url: string }): HttpServer {
  return {
    kind: 'http',
    headers: {},
    prefix: undefined,
    timeoutMs: undefined,
    trustAnnotations: false,
    forwardCapability: false,
    relay: [],
    disabled: false,
    place: 'test.json:1',
    ...server,
  };
}

function bodyOf(request: IncomingMessage): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
  });
}

const VERSION = 'io.modelcontextprotocol/protocolVersion';

/** A hand-written MCP server on `node:http` that speaks one era and answers calls with the given functions. */
export async function startHttpFixture(options: {
  era: 'legacy' | 'modern';
  port?: number;
  calls: Readonly<Record<string, (turn: Turn) => void>>;
}): Promise<HttpFixture> {
  const { era, calls } = options;
  const listeners = new Set<{ response: ServerResponse; id: string | undefined }>();
  const sessions = new Set<string>();
  const received: Received[] = [];
  const fixture = {
    tools: Object.keys(calls).map((name): JsonObject => ({ name, inputSchema: { type: 'object' } })),
  };
  const capabilities = { tools: { listChanged: true } };

  function answer(turn: Turn, message: JsonObject, sessionId: string | undefined): void {
    const { method } = message;
    const result = (value: JsonObject) =>
      turn.json(JSON.stringify({ jsonrpc: '2.0', id: message.id ?? null, result: value }));
    const complete: JsonObject =
      era === 'modern' ? { resultType: 'complete', ttlMs: 0, cacheScope: 'private' } : {};
    if (method === 'server/discover' && era === 'modern') {
      result({ ...complete, supportedVersions: ['2026-07-28'], capabilities });
    } else if (method === 'initialize' && era === 'legacy') {
      const id = `session-${sessions.size + 1}-${received.length}`;
      sessions.add(id);
      turn.response.setHeader('mcp-session-id', id);
      result({ protocolVersion: '2025-11-25', capabilities, serverInfo: { name: 'fixture', version: '1' } });
    } else if (era === 'legacy' && (sessionId === undefined || !sessions.has(sessionId))) {
      turn.json('{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"Session not found"}}', 404);
    } else if (method === 'tools/list') result({ ...complete, tools: fixture.tools });
    else if (method === 'ping') result({});
    else if (method === 'tools/call') calls[String(turn.params.name)]?.(turn);
    else if (method === 'subscriptions/listen') {
      const write = turn.stream();
      const id = String(message.id);
      const _meta = { 'io.modelcontextprotocol/subscriptionId': id };
      const { notifications = {} } = turn.params;
      write(
        JSON.stringify({
          jsonrpc: '2.0',
          method: 'notifications/subscriptions/acknowledged',
          params: { _meta, notifications },
        }),
      );
      listeners.add({ response: turn.response, id });
    } else
      turn.json(
        JSON.stringify({
          jsonrpc: '2.0',
          id: message.id ?? null,
          error: { code: -32601, message: 'Method not found' },
        }),
        era === 'modern' ? 404 : 200,
      );
  }

  const server = createServer(async (request, response) => {
    const body = await bodyOf(request);
    received.push({ verb: request.method ?? '', headers: request.headers, body });
    const sessionId = request.headers['mcp-session-id'];
    const json = (text: string, status = 200) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(text);
    const stream = () => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      return (message: string, eventId?: string) => {
        response.write(`${eventId === undefined ? '' : `id: ${eventId}\n`}data: ${message}\n\n`);
      };
    };
    if (request.method === 'GET') {
      if (era === 'modern') return void response.writeHead(405).end();
      if (!sessions.has(String(sessionId))) return void response.writeHead(404).end();
      const lastEvent = request.headers['last-event-id'];
      const write = stream();
      response.flushHeaders();
      if (typeof lastEvent === 'string')
        return void calls[`resume_${lastEvent}`]?.({
          id: 0,
          params: {},
          request,
          response,
          json,
          stream: () => write,
        });
      listeners.add({ response, id: undefined });
      return;
    }
    if (request.method === 'DELETE') {
      sessions.delete(String(sessionId));
      return void response.writeHead(200).end();
    }
    const message = JSON.parse(body) as JsonObject;
    if (message.id === undefined || message.method === undefined) return void response.writeHead(202).end();
    const params = (message.params ?? {}) as JsonObject;
    if (era === 'modern') {
      const meta = (params._meta ?? {}) as JsonObject;
      const { 'mcp-method': method, 'mcp-protocol-version': version, 'mcp-name': name } = request.headers;
      const wanted = message.method === 'tools/call' ? params.name : undefined;
      if (method !== message.method || version !== meta[VERSION] || name !== wanted) {
        const error = {
          code: meta[VERSION] === undefined ? -32602 : -32020,
          message: 'headers do not match the body',
        };
        return json(JSON.stringify({ jsonrpc: '2.0', id: message.id, error }), 400);
      }
    }
    answer(
      { id: Number(message.id), params, request, response, json, stream },
      message,
      sessionId as string | undefined,
    );
  });

  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  async function close(): Promise<void> {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  onTestFinished(close);
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    received,
    calls: () => received.filter(({ body }) => body.includes('"tools/call"')),
    sessions,
    get tools() {
      return fixture.tools;
    },
    set tools(tools) {
      fixture.tools = tools;
    },
    notify(method) {
      for (const { response, id } of listeners) {
        const params =
          id === undefined ? {} : { params: { _meta: { 'io.modelcontextprotocol/subscriptionId': id } } };
        response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', method, ...params })}\n\n`);
      }
    },
    close,
  };
}

/** A call that answers at once with a result of this text. */
export function says(text: string): (turn: Turn) => void {
  return ({ id, json }) =>
    json(
      `{"jsonrpc":"2.0","id":${id},"result":{"content":[{"type":"text","text":${JSON.stringify(text)}}]}}`,
    );
}
