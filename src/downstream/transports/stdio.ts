import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/client';
import { CountersignError, errorText } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { LIMITS } from '../../core/limits.ts';
import { type Handshake, shakeHands } from '../handshake.ts';
import { createInflight } from '../inflight.ts';
import { ENDED_EARLY, type Link, type OpenLink } from '../link.ts';
import { readMessage } from '../message.ts';
import { createQuestions } from '../questions.ts';
import type { StdioServer } from '../server-config.ts';
import { startChild } from './child.ts';
import { createLineReader } from './lines.ts';

/**
 * Starts a server as a child process and agrees on a revision with it. One pipe carries the SDK client's messages
 * and ours; answers to ours keep their bytes. Garbage, an overlong line or the end of the process ends this link only.
 */
export async function openStdio(input: OpenLink & { readonly server: StdioServer }): Promise<Link> {
  const { server, events, timers, log } = input;
  const child = startChild(input);
  const state = {
    garbage: 0,
    down: undefined as string | undefined,
    handshake: undefined as Handshake | undefined,
  };

  const questions = createQuestions({
    server: server.name,
    relayed: () => (state.handshake?.era === 'legacy' ? server.relay : []),
    answer: (message) => writeLines([JSON.stringify(message)]),
    timers,
    log,
  });
  const inflight = createInflight({
    timers,
    questions,
    channel: {
      write: (texts) => writeLines(texts),
      refusal: () =>
        child.stdin.writableLength > LIMITS.downstreamLineBytes ? 'it does not read its input' : undefined,
      envelope: (): JsonObject | undefined => state.handshake?.envelope,
    },
  });

  const transport: Transport & { stderr: null; pid: number | undefined } = {
    stderr: null,
    pid: child.pid,
    start: async () => undefined,
    async send(message: JSONRPCMessage) {
      if (state.down !== undefined) throw new CountersignError('downstream_unavailable', state.down);
      writeLines([JSON.stringify(message)]);
    },
    close: async () => fall('the connection was closed'),
  };

  function writeLines(texts: readonly string[]): void {
    if (state.down !== undefined) return;
    const lines = texts.map((text) =>
      text.includes('\n') || text.includes('\r') ? text.replaceAll(/[\r\n]/g, ' ') : text,
    );
    child.stdin.write(`${lines.join('\n')}\n`);
  }

  function fall(reason: string): void {
    if (state.down !== undefined) return;
    state.down = reason;
    inflight.end(reason);
    transport.onclose?.();
    if (state.handshake !== undefined) events.down(reason);
  }

  function garbage(): void {
    state.garbage++;
    log.debug({ server: server.name, lines: state.garbage }, 'the server wrote a line that is not JSON-RPC');
    if (state.garbage > LIMITS.downstreamGarbageLines)
      fall(`it wrote more than ${LIMITS.downstreamGarbageLines} lines that are not JSON-RPC`);
  }

  function receive(line: string): void {
    const message = readMessage(line);
    if (message.kind === 'garbage') {
      garbage();
      return;
    }
    if (inflight.deliver(message)) return;
    try {
      transport.onmessage?.(message.message as unknown as JSONRPCMessage);
    } catch (error) {
      log.debug(
        { server: server.name, problem: errorText(error) },
        'a message from the server was not understood',
      );
    }
  }

  const read = createLineReader({
    maxBytes: LIMITS.downstreamLineBytes,
    sink: {
      line: receive,
      malformed: garbage,
      overflow: () => fall(`it wrote a line of more than ${LIMITS.downstreamLineBytes} bytes`),
    },
  });
  child.stdout.on('data', read);
  child.stdout.on('error', (error: Error) => fall(`its output cannot be read: ${error.message}`));
  child.stdin.on('error', (error: Error) => fall(`its input cannot be written: ${error.message}`));
  input.signal.addEventListener('abort', () => fall('it is no longer wanted'), { once: true });
  const ended = child.ended.then((reason) => {
    fall(reason);
    return reason;
  });

  try {
    state.handshake = await shakeHands({ ...input, transport });
  } catch (error) {
    const reason = state.down ?? errorText(error);
    const early = state.down !== undefined && !input.legacyOnly && child.pid !== undefined;
    fall(reason);
    await child.stop();
    const why = state.garbage > 0 ? `${reason} (it also wrote lines that are not JSON-RPC)` : reason;
    throw new CountersignError('downstream_unavailable', why, {
      cause: early ? ENDED_EARLY : error,
    });
  }
  if (state.down !== undefined) {
    await child.stop();
    throw new CountersignError('downstream_unavailable', state.down);
  }
  const { client, era, capabilities, info, follow } = state.handshake;

  async function close(): Promise<void> {
    state.down ??= 'the connection was closed';
    inflight.end(state.down);
    await child.stop();
    await ended;
    await client.close();
  }

  return { era, capabilities, info, call: inflight.call, follow, retire: close, close };
}
