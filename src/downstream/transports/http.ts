import { type JSONRPCMessage, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Pool } from 'undici';
import { CountersignError, errorText } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { LIMITS } from '../../core/limits.ts';
import type { DownstreamOutcome } from '../catalog.ts';
import { type Handshake, shakeHands } from '../handshake.ts';
import { callMeta, mayAskBack } from '../inflight.ts';
import type { Call, Link, OpenLink } from '../link.ts';
import { FIRST_OWN_ID, requestText } from '../message.ts';
import { nameHeader } from '../mirrored-headers.ts';
import { authorised } from '../oauth/authorised-fetch.ts';
import { type Access, callWithToken } from '../oauth/call-with-token.ts';
import { createQuestions } from '../questions.ts';
import type { HttpServer } from '../server-config.ts';
import { createBoundedFetch } from './bounded-fetch.ts';
import { exchange } from './exchange.ts';

const KEEP_ALIVE_MS = 4_000;
const FAREWELL_MS = 1_000;
const OWN_HEADERS = new Set([
  'accept',
  'content-type',
  'content-length',
  'host',
  'connection',
  'mcp-session-id',
  'mcp-protocol-version',
  'mcp-method',
  'mcp-name',
]);

function flatten(headers: Readonly<Record<string, string>>): string[] {
  return Object.entries(headers)
    .filter(([name]) => !OWN_HEADERS.has(name.toLowerCase()))
    .flat();
}

/**
 * Opens a server over Streamable HTTP. The SDK's client agrees on the revision and keeps the notification stream; calls
 * are POSTs of our own over pooled keep-alive sockets, which are retired before Node's default of 5 s would close them.
 */
export async function openHttp(input: OpenLink & { readonly server: HttpServer }): Promise<Link> {
  const { server, events, timers, log, credentials } = input;
  const url = new URL(server.url);
  const { fetch: bare, close: closeFetch } = createBoundedFetch();
  const fetch = authorised(bare, { url: server.url, credentials });
  const sdk = new StreamableHTTPClientTransport(url, {
    fetch,
    requestInit: { headers: { ...server.headers } },
    reconnectionOptions: {
      initialReconnectionDelay: 1_000,
      maxReconnectionDelay: 30_000,
      reconnectionDelayGrowFactor: 1.5,
      maxRetries: Number.POSITIVE_INFINITY,
    },
  });
  const state = { nextId: FIRST_OWN_ID, down: undefined as string | undefined, checking: false };
  const stop = () => void sdk.close();
  input.signal.addEventListener('abort', stop, { once: true });
  let handshake: Handshake;
  try {
    handshake = await shakeHands({ ...input, transport: sdk });
  } catch (error) {
    await closeFetch();
    throw new CountersignError('downstream_unavailable', `it cannot be connected to: ${errorText(error)}`, {
      cause: error,
    });
  } finally {
    input.signal.removeEventListener('abort', stop);
  }
  const { client, era, envelope, capabilities, info, protocolVersion } = handshake;
  const pool = new Pool(url.origin, {
    connections: LIMITS.downstreamSockets,
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: 0,
    bodyTimeout: 0,
    allowH2: false,
    connectTimeout: LIMITS.downstreamConnectTimeoutMs,
  });
  const inSession = era === 'legacy' && sdk.sessionId !== undefined;
  const fixedHeaders = [
    ...flatten(server.headers),
    ...['content-type', 'application/json', 'accept', 'application/json, text/event-stream'],
    ...(protocolVersion === '' ? [] : ['mcp-protocol-version', protocolVersion]),
    ...(inSession ? ['mcp-session-id', sdk.sessionId ?? ''] : []),
  ];

  function fall(reason: string): void {
    if (state.down !== undefined) return;
    state.down = reason;
    events.down(reason);
  }

  /** Asks whether the server still knows us, one question at a time. */
  function check(reason: string): void {
    if (state.checking || state.down !== undefined) return;
    state.checking = true;
    const options = { timeout: LIMITS.downstreamProbeTimeoutMs };
    const asked = era === 'modern' ? client.discover(options) : client.ping(options);
    asked.then(
      () => {
        state.checking = false;
      },
      () => fall(reason),
    );
  }

  client.onerror = (error) => {
    log.debug({ server: server.name, problem: error.message }, 'the connection reported a problem');
    check(`its connection failed: ${error.message}`);
  };
  client.onclose = () => fall('the connection was closed');

  function tell(message: JsonObject): void {
    sdk.send(message as unknown as JSONRPCMessage).catch((error: unknown) => {
      log.debug({ server: server.name, problem: errorText(error) }, 'a message was not delivered');
    });
  }

  const questions = createQuestions({
    server: server.name,
    relayed: () => (era === 'legacy' ? server.relay : []),
    answer: tell,
    timers,
    log,
  });
  const toClient = sdk.onmessage;
  // What comes here came on the stream that all calls of a legacy session share, or belongs to the SDK's own requests.
  if (era === 'legacy') {
    sdk.onmessage = (message: JSONRPCMessage) => {
      if (!questions.hear(message as unknown as JsonObject, 'shared')) toClient?.(message);
    };
  }

  function hear(message: JsonObject): void {
    try {
      toClient?.(message as unknown as JSONRPCMessage);
    } catch (error) {
      log.debug(
        { server: server.name, problem: errorText(error) },
        'a message from the server was not understood',
      );
    }
  }

  function headersOf(call: Call): readonly string[] {
    if (era === 'legacy') return fixedHeaders;
    const name = nameHeader(call.method, JSON.parse(call.paramsText) as JsonObject);
    const own =
      name === undefined ? ['mcp-method', call.method] : ['mcp-method', call.method, 'mcp-name', name];
    return [...fixedHeaders, ...own, ...Object.entries(call.paramHeaders ?? {}).flat()];
  }

  function send(request: Call, access?: Access): Promise<DownstreamOutcome> {
    if (state.down !== undefined) {
      return Promise.resolve({ kind: 'not_sent', code: 'downstream_unavailable', reason: state.down });
    }
    const id = state.nextId++;
    const { method, paramsText, retry } = request;
    return exchange({
      pool,
      path: `${url.pathname}${url.search}`,
      headers: access === undefined ? headersOf(request) : [...headersOf(request), ...access.headers],
      unauthorised: access?.unauthorised,
      id,
      body: requestText({ id, method, paramsText, retry, meta: callMeta({ call: request, id, envelope }) }),
      call: request,
      timers,
      inSession,
      resumable: era === 'legacy',
      mayAsk: mayAskBack(request, envelope),
      questions,
      other: hear,
      gaveUp(reason) {
        if (era === 'legacy')
          tell({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id, reason } });
      },
      suspect: ({ reason, lost }) => (lost ? fall(reason) : check(reason)),
    });
  }

  async function stopListening(): Promise<void> {
    state.down ??= 'the connection was closed';
    questions.end();
    client.onerror = () => undefined;
    if (inSession) {
      const farewell = sdk.terminateSession().catch((error: unknown) => {
        log.debug({ server: server.name, problem: errorText(error) }, 'the session could not be ended');
      });
      await Promise.race([farewell, new Promise<void>((resolve) => timers.after(FAREWELL_MS, resolve))]);
    }
    await client.close();
    await closeFetch();
  }

  return {
    era,
    capabilities,
    info,
    call: credentials === undefined ? send : (request) => callWithToken(credentials, request, send),
    follow: handshake.follow,
    async retire() {
      await pool.close();
      await stopListening();
    },
    async close() {
      await Promise.all([pool.destroy(), stopListening()]);
    },
  };
}
