import { type JSONRPCMessage, SSEClientTransport } from '@modelcontextprotocol/client';
import { CountersignError, errorText } from '../../core/errors.ts';
import { type Handshake, shakeHands } from '../handshake.ts';
import { createInflight } from '../inflight.ts';
import type { Link, OpenLink } from '../link.ts';
import { readMessage } from '../message.ts';
import { authorised } from '../oauth/authorised-fetch.ts';
import { createQuestions } from '../questions.ts';
import type { HttpServer } from '../server-config.ts';
import { createBoundedFetch } from './bounded-fetch.ts';

/** The text of what the SDK has read; undefined for what is nested deeper than can be written, and concerns nobody. */
function written(message: JSONRPCMessage): string | undefined {
  try {
    return JSON.stringify(message);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/**
 * Opens a server over the HTTP+SSE transport of revision 2024-11-05. Requests are posted byte for byte; answers pass
 * through the SDK's parser, so that they keep their values but not their spelling.
 */
export async function openSse(input: OpenLink & { readonly server: HttpServer }): Promise<Link> {
  const { server, events, log } = input;
  const { fetch: bare, close: closeFetch } = createBoundedFetch();
  const fetch = authorised(bare, { url: server.url, credentials: input.credentials });
  const state = {
    endpoint: undefined as string | undefined,
    down: undefined as string | undefined,
    handshake: undefined as Handshake | undefined,
  };
  const sdk = new SSEClientTransport(new URL(server.url), {
    requestInit: { headers: { ...server.headers } },
    fetch(url, init) {
      if (init?.method === 'POST') state.endpoint = String(url);
      return fetch(url, init);
    },
  });

  function fall(reason: string): void {
    if (state.down !== undefined) return;
    state.down = reason;
    inflight.end(reason);
    if (state.handshake !== undefined) events.down(reason);
  }

  async function post(body: string): Promise<void> {
    const headers = { ...server.headers, 'content-type': 'application/json' };
    const response = await fetch(state.endpoint ?? server.url, {
      method: 'POST',
      headers,
      body,
      redirect: 'error',
    });
    await response.body?.cancel();
    if (!response.ok)
      throw new CountersignError('downstream_unavailable', `it answered with HTTP ${response.status}`);
  }

  const questions = createQuestions({
    server: server.name,
    relayed: () => server.relay,
    answer: (message) => send(JSON.stringify(message)),
    timers: input.timers,
    log,
  });

  function send(text: string): void {
    if (state.down !== undefined) return;
    post(text).catch((error: unknown) => fall(`a message could not be delivered: ${errorText(error)}`));
  }

  const inflight = createInflight({
    timers: input.timers,
    questions,
    channel: {
      write(texts) {
        for (const text of texts) send(text);
      },
      refusal: () => state.down,
      envelope: () => undefined,
    },
  });

  const stop = () => void sdk.close();
  input.signal.addEventListener('abort', stop, { once: true });
  try {
    state.handshake = await shakeHands({ ...input, transport: sdk, legacyOnly: true });
  } catch (error) {
    await closeFetch();
    throw new CountersignError('downstream_unavailable', `it cannot be connected to: ${errorText(error)}`, {
      cause: error,
    });
  } finally {
    input.signal.removeEventListener('abort', stop);
  }
  const { client, capabilities, info } = state.handshake;
  const toClient = sdk.onmessage;
  sdk.onmessage = (message: JSONRPCMessage) => {
    const text = written(message);
    if (text !== undefined && !inflight.deliver(readMessage(text))) toClient?.(message);
  };
  client.onclose = () => fall('the connection was closed');
  client.onerror = (error) => {
    log.debug({ server: server.name, problem: error.message }, 'the connection reported a problem');
    fall(`its stream failed: ${error.message}`);
  };

  async function close(): Promise<void> {
    state.down ??= 'the connection was closed';
    inflight.end(state.down);
    await client.close();
    await closeFetch();
  }

  const { call } = inflight;
  return { era: 'legacy', capabilities, info, call, follow: undefined, retire: close, close };
}
