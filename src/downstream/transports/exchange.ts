import { isUtf8 } from 'node:buffer';
import type { Dispatcher, Pool } from 'undici';
import type { JsonObject } from '../../core/json.ts';
import { LIMITS } from '../../core/limits.ts';
import type { DownstreamOutcome } from '../catalog.ts';
import { createDeadline } from '../deadline.ts';
import type { Call, Timers } from '../link.ts';
import { errorText, type Incoming, outcomeOf, progressOf, readMessage } from '../message.ts';
import type { Questions } from '../questions.ts';
import { createEventReader, type EventReader } from './event-stream.ts';

/** One POST of one request and whatever answers it (MCP Streamable HTTP). */
export interface Exchange {
  readonly pool: Pool;
  readonly path: string;
  /** Names and values in turn, without `last-event-id`. */
  readonly headers: readonly string[];
  readonly id: number;
  readonly body: string;
  readonly call: Call;
  readonly timers: Timers;
  /** A 404 then means that the server has forgotten the session and did not run the request (2025-11-25). */
  readonly inSession: boolean;
  /** Streams may be picked up again by `Last-Event-ID` (legacy revisions). */
  readonly resumable: boolean;
  /** The call may be answered with a wish for input. */
  readonly mayAsk: boolean;
  /** Where log messages and questions on this call's stream are taken. */
  readonly questions: Questions;
  /** Other notifications, except for progress, and other requests of the server. */
  readonly other: (message: JsonObject) => void;
  /** The request was refused with 401 (RFC 9110 §15.5.2), by nothing but HTTP: no server has run it. */
  readonly unauthorised?: ((answer: { readonly challenged: boolean }) => void) | undefined;
  /** The call was given up after it had left. */
  readonly gaveUp: (reason: string) => void;
  /** The server could not be reached, has forgotten the session, or answers as if it were unwell. */
  readonly suspect: (problem: { reason: string; lost: boolean }) => void;
}

const RESUME_MS = 1_000;
const REFUSED: DownstreamOutcome = {
  kind: 'not_sent',
  code: 'downstream_unavailable',
  reason: 'the server refuses the credential of the gateway (HTTP 401)',
};

function ownAnswer(text: string, id: number): Extract<Incoming, { kind: 'result' | 'error' }> | undefined {
  const message = readMessage(text);
  if (message.kind === 'result') return message.id === id ? message : undefined;
  return message.kind === 'error' && (message.id === id || message.id === null) ? message : undefined;
}

/** What a complete body that is not an event stream means, and whether it says something about the server's health. */
function readBody(input: {
  status: number;
  text: string;
  id: number;
  inSession: boolean;
  declared: { readonly input: boolean; readonly tasks: boolean };
}): {
  outcome: DownstreamOutcome;
  health: 'well' | 'doubtful' | 'session_lost';
} {
  const { status, text, id, inSession, declared } = input;
  if (status === 404 && inSession) {
    const reason = 'the server has forgotten the session; it is being opened again';
    return { outcome: { kind: 'not_sent', code: 'downstream_unavailable', reason }, health: 'session_lost' };
  }
  const answer = ownAnswer(text, id);
  if (answer !== undefined)
    return {
      outcome: outcomeOf(answer, declared),
      health: answer.id === null ? 'doubtful' : 'well',
    };
  if (status >= 300 && status < 500) {
    const raw = errorText(-32603, `The server refused the request with HTTP ${status}.`);
    return { outcome: { kind: 'error', raw }, health: 'doubtful' };
  }
  const reason = `the server answered with HTTP ${status}${status < 300 ? ' but without a JSON-RPC answer' : ''}`;
  return { outcome: { kind: 'unknown', reason }, health: 'doubtful' };
}

/** Sends one request. Never rejects, and never sends anything twice. */
export function exchange(input: Exchange): Promise<DownstreamOutcome> {
  const { pool, path, headers, id, body, call, timers, inSession, resumable, mayAsk, questions } = input;
  const { other, unauthorised, gaveUp, suspect } = input;
  const declared = { input: mayAsk, tasks: call.tasks === true };
  if (call.signal?.aborted)
    return Promise.resolve({ kind: 'not_sent', code: 'cancelled', reason: 'cancelled before it was sent' });
  return new Promise((resolve) => {
    const deadline = createDeadline({ timers, timeoutMs: call.timeoutMs, expire });
    const { standStill } = deadline;
    const seat =
      call.conversation === undefined
        ? undefined
        : questions.join({ conversation: call.conversation, standStill });
    const state = {
      sent: false,
      settled: false,
      controller: undefined as Dispatcher.DispatchController | undefined,
    };

    function settle(outcome: DownstreamOutcome): void {
      if (state.settled) return;
      state.settled = true;
      deadline.stop();
      seat?.leave(outcome.kind === 'unknown' ? 'given_up' : 'answered');
      call.signal?.removeEventListener('abort', abort);
      resolve(outcome);
    }

    function giveUp(reason: string, unsent: 'downstream_unavailable' | 'cancelled'): void {
      if (state.settled) return;
      if (!state.sent) {
        settle({ kind: 'not_sent', code: unsent, reason: `${reason} before it was sent` });
        return;
      }
      settle({ kind: 'unknown', reason });
      gaveUp(reason);
      state.controller?.abort(new Error(reason));
    }

    function expire(): void {
      giveUp(`no answer within ${Math.round(deadline.elapsedMs() / 1_000)} s`, 'downstream_unavailable');
    }

    function abort(): void {
      giveUp('cancelled by the caller', 'cancelled');
    }

    function progressed(params: JsonObject): void {
      deadline.progressed();
      call.onProgress?.(progressOf(params));
    }

    function streamed(data: string): void {
      const message = readMessage(data);
      if (message.kind === 'garbage') return;
      if (message.kind === 'other') {
        if (message.method === 'notifications/progress' && message.params.progressToken === id)
          progressed(message.params);
        else if (!questions.hear(message.message, seat)) other(message.message);
      } else if (message.id === id) settle(outcomeOf(message, declared));
    }

    function interrupted(reason: string, events: EventReader | undefined): void {
      const lastId = events?.lastEventId() ?? '';
      if (state.settled) return;
      if (!resumable || lastId === '') {
        settle({ kind: 'unknown', reason });
        return;
      }
      timers.after(events?.retryMs() ?? RESUME_MS, () => {
        if (!state.settled) send('GET', [...headers, 'last-event-id', lastId], undefined);
      });
    }

    function send(
      method: 'POST' | 'GET',
      withHeaders: readonly string[],
      withBody: string | undefined,
    ): void {
      const reply = {
        status: 0,
        challenged: false,
        chunks: [] as Buffer[],
        bytes: 0,
        events: undefined as EventReader | undefined,
      };
      const decoder = new TextDecoder('utf-8');

      function tooLarge(controller: Dispatcher.DispatchController): void {
        settle({ kind: 'unknown', reason: `the answer is larger than ${LIMITS.downstreamLineBytes} bytes` });
        controller.abort(new Error('the answer is too large'));
      }

      pool.dispatch(
        { method, path, headers: [...withHeaders], body: withBody ?? null },
        {
          onRequestStart(controller) {
            if (state.settled) return controller.abort(new Error('no longer wanted'));
            state.sent = true;
            state.controller = controller;
          },
          onResponseStart(_controller, status, responseHeaders) {
            reply.status = status;
            reply.challenged = responseHeaders['www-authenticate'] !== undefined;
            const type = String(responseHeaders['content-type'] ?? '');
            if (status === 200 && /^\s*text\/event-stream\b/i.test(type)) reply.events = createEventReader();
          },
          onResponseData(controller, chunk) {
            if (state.settled) return controller.abort(new Error('already answered'));
            if (reply.events !== undefined) {
              for (const event of reply.events.push(decoder.decode(chunk, { stream: true }))) {
                if (event.type === 'message') streamed(event.data);
              }
              if (reply.events.held() > LIMITS.downstreamLineBytes) tooLarge(controller);
              return;
            }
            reply.bytes += chunk.length;
            if (reply.bytes > LIMITS.downstreamLineBytes) return tooLarge(controller);
            reply.chunks.push(chunk);
          },
          onResponseEnd() {
            if (reply.events !== undefined)
              return interrupted('the response ended without an answer', reply.events);
            if (method === 'GET')
              return settle({ kind: 'unknown', reason: 'the response stream could not be picked up again' });
            const bytes =
              reply.chunks.length === 1 ? (reply.chunks[0] as Buffer) : Buffer.concat(reply.chunks);
            const text = isUtf8(bytes) ? bytes.toString('utf8') : '';
            const { status, challenged } = reply;
            if (unauthorised !== undefined && status === 401 && ownAnswer(text, id)?.id !== id) {
              unauthorised({ challenged });
              return settle(REFUSED);
            }
            const { outcome, health } = readBody({ status, text, id, inSession, declared });
            settle(outcome);
            if (health !== 'well') {
              suspect({ reason: `it answered with HTTP ${reply.status}`, lost: health === 'session_lost' });
            }
          },
          onResponseError(_controller, error) {
            if (state.settled) return;
            if (!state.sent) {
              settle({
                kind: 'not_sent',
                code: 'downstream_unavailable',
                reason: `the server cannot be reached: ${error.message}`,
              });
              return suspect({ reason: `it cannot be reached: ${error.message}`, lost: true });
            }
            interrupted(`the connection failed before an answer: ${error.message}`, reply.events);
            suspect({ reason: `a connection to it failed: ${error.message}`, lost: false });
          },
        },
      );
    }

    call.signal?.addEventListener('abort', abort, { once: true });
    send('POST', headers, body);
  });
}
