import type { McpAccess } from '../../support/agents.ts';
import { type EventStream, eventStream, messagesOf } from './event-stream.ts';

/** What came back over HTTP. `message` is the last JSON-RPC message of the answer. */
export interface WireReply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly message: any;
  readonly messages: any[];
}

/** One agent on the raw wire of one era. Every request gets its own id. */
export interface Wire {
  readonly era: 'modern' | 'legacy';
  request(method: string, params?: object, more?: MoreOfRequest): Promise<WireReply>;
  notify(method: string, params: object): Promise<WireReply>;
  /** The era's stream of list changes: `subscriptions/listen`, or GET. */
  listen(): Promise<EventStream>;
}

export interface MoreOfRequest {
  readonly id?: string | number;
  /** Replaces headers by lower-case name; undefined removes one. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly meta?: object;
  readonly signal?: AbortSignal;
}

const NAMED: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
};
export const ENVELOPE = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'wire', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

/** Posts a text and reads the whole answer. */
export async function post(
  url: string,
  input: { body: string | Uint8Array; headers: Record<string, string>; signal?: AbortSignal },
): Promise<WireReply> {
  const response = await fetch(url, { method: 'POST', ...input } as RequestInit);
  const text = await response.text();
  const isStream = (response.headers.get('content-type') ?? '').startsWith('text/event-stream');
  const messages = isStream ? messagesOf(text) : text === '' ? [] : [JSON.parse(text)];
  return { status: response.status, headers: response.headers, text, messages, message: messages.at(-1) };
}

export function headersWith(
  headers: Record<string, string>,
  changes: MoreOfRequest['headers'] = {},
): Record<string, string> {
  const merged: Record<string, string | undefined> = { ...headers, ...changes };
  return Object.fromEntries(
    Object.entries(merged).filter((one): one is [string, string] => one[1] !== undefined),
  );
}

const BOTH = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' };

/** The headers and the body of one 2026-07-28 request. */
export function modernMessage(
  access: McpAccess,
  request: { id: string | number; method: string; params: object; meta?: object },
): { headers: Record<string, string>; body: string } {
  const { id, method, params, meta = {} } = request;
  const named = NAMED[method];
  const name = named === undefined ? undefined : (params as Record<string, unknown>)[named];
  const headers = {
    ...access.headers,
    ...BOTH,
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': method,
    ...(typeof name === 'string' ? { 'mcp-name': name } : {}),
  };
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id,
    method,
    params: { ...params, _meta: { ...ENVELOPE, ...meta } },
  });
  return { headers, body };
}

export function modernWire(access: McpAccess): Wire {
  let nextId = 1;
  return {
    era: 'modern',
    request(method, params = {}, more = {}) {
      const { id = nextId++, meta = {}, signal } = more;
      const { headers, body } = modernMessage(access, { id, method, params, meta });
      const sent = { headers: headersWith(headers, more.headers), body };
      return post(access.url, signal === undefined ? sent : { ...sent, signal });
    },
    notify(method, params) {
      const headers = {
        ...access.headers,
        ...BOTH,
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': method,
      };
      return post(access.url, { headers, body: JSON.stringify({ jsonrpc: '2.0', method, params }) });
    },
    async listen() {
      const wanted = { toolsListChanged: true, resourcesListChanged: true, promptsListChanged: true };
      const request = {
        id: `listen-${nextId++}`,
        method: 'subscriptions/listen',
        params: { notifications: wanted },
      };
      const stream = eventStream(
        await fetch(access.url, { method: 'POST', ...modernMessage(access, request) }),
      );
      await stream.next((message) => message.method === 'notifications/subscriptions/acknowledged');
      return stream;
    },
  };
}

export interface LegacyWire extends Wire {
  /** The headers that every request of this connection carries. */
  readonly headers: Record<string, string>;
  readonly initialized: any;
}

/** Initializes a connection of an earlier revision. */
export async function legacyWire(
  access: McpAccess,
  revision = '2025-11-25',
  capabilities: object = {},
): Promise<LegacyWire> {
  let nextId = 1;
  const first = { ...access.headers, ...BOTH };
  const params = { protocolVersion: revision, capabilities, clientInfo: { name: 'wire', version: '1' } };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params });
  const opened = await post(access.url, { headers: first, body });
  const headers = {
    ...first,
    'mcp-session-id': opened.headers.get('mcp-session-id') ?? '',
    'mcp-protocol-version': revision,
  };
  const wire: LegacyWire = {
    era: 'legacy',
    headers,
    initialized: opened.message,
    request(method, given = {}, more = {}) {
      const { id = nextId++, meta, signal } = more;
      const withMeta = meta === undefined ? given : { ...given, _meta: meta };
      const message = JSON.stringify({ jsonrpc: '2.0', id, method, params: withMeta });
      const sent = { headers: headersWith(headers, more.headers), body: message };
      return post(access.url, signal === undefined ? sent : { ...sent, signal });
    },
    notify(method, given) {
      return post(access.url, { headers, body: JSON.stringify({ jsonrpc: '2.0', method, params: given }) });
    },
    async listen() {
      const accept = { ...headers, accept: 'text/event-stream' };
      return eventStream(await fetch(access.url, { headers: accept }));
    },
  };
  await wire.notify('notifications/initialized', {});
  return wire;
}

/** A wire of each era on one session. */
export async function bothWires(access: McpAccess): Promise<readonly Wire[]> {
  return [modernWire(access), await legacyWire(access)];
}
