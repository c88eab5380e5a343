import { CLIENT_CAPABILITIES_META_KEY, LOG_LEVEL_META_KEY } from '@modelcontextprotocol/client';
import type { JsonObject } from '../core/json.ts';
import { createTransientMap } from '../core/transient-map.ts';
import type { DownstreamOutcome } from './catalog.ts';
import { createDeadline } from './deadline.ts';
import type { Call, Timers } from './link.ts';
import { FIRST_OWN_ID, type Incoming, outcomeOf, progressOf, requestText } from './message.ts';
import type { Questions, Seat } from './questions.ts';
import { TASKS_EXTENSION } from './tasks/task.ts';

/** The calls that share one channel (a pipe, or an HTTP+SSE pair), matched to their answers by id. */
export interface Inflight {
  call(call: Call): Promise<DownstreamOutcome>;
  /** True when the message concerned a call of ours, also when it came late or twice and was dropped. */
  deliver(message: Incoming): boolean;
  /** The channel is gone: calls still queued were not sent, all others are unknown. Later calls are refused. */
  end(reason: string): void;
}

/** Where texts go. `write` gets all that was queued within one turn of the event loop, in order. */
export interface Channel {
  write(texts: readonly string[]): void;
  /** Why nothing can be written now, or undefined. */
  refusal(): string | undefined;
  /** Members that this era puts into every `_meta`. */
  readonly envelope: () => JsonObject | undefined;
}

interface Entry {
  readonly id: number;
  readonly text: string;
  readonly settle: (outcome: DownstreamOutcome) => void;
  readonly onProgress: ((progress: JsonObject) => void) | undefined;
  readonly progressed: () => void;
  readonly mayAsk: boolean;
  readonly tasks: boolean;
  sent: boolean;
}

/** Whether a call may be answered with `input_required` (2026-07-28): its client can be asked for something. */
export function mayAskBack({ conversation }: Call, envelope: JsonObject | undefined): boolean {
  return (
    envelope !== undefined && conversation !== undefined && Object.keys(conversation.capabilities).length > 0
  );
}

/** What 2026-07-28 wants to know about the client of one call. */
function clientOf({ conversation, tasks }: Call): JsonObject {
  if (conversation === undefined && tasks !== true) return {};
  const { capabilities, logLevel } = conversation ?? { capabilities: {}, logLevel: undefined };
  const extensions = tasks === true ? { extensions: { [TASKS_EXTENSION]: {} } } : {};
  return {
    [CLIENT_CAPABILITIES_META_KEY]: { ...capabilities, ...extensions },
    ...(logLevel === undefined ? {} : { [LOG_LEVEL_META_KEY]: logLevel }),
  };
}

/** The `_meta` of one call: the caller's members, then what the era and the progress token need. */
export function callMeta({
  call,
  id,
  envelope,
}: {
  call: Call;
  id: number;
  envelope: JsonObject | undefined;
}): JsonObject | undefined {
  const token = call.onProgress === undefined ? undefined : { progressToken: id };
  if (call.meta === undefined && envelope === undefined && token === undefined) return undefined;
  return { ...call.meta, ...envelope, ...(envelope === undefined ? {} : clientOf(call)), ...token };
}

export function createInflight(input: { channel: Channel; timers: Timers; questions: Questions }): Inflight {
  const { channel, timers, questions } = input;
  const entries = createTransientMap<number, Entry>();
  const state = {
    nextId: FIRST_OWN_ID,
    queue: [] as Entry[],
    scheduled: false,
    ended: undefined as string | undefined,
  };

  function flush(): void {
    state.scheduled = false;
    const queue = state.queue.filter((entry) => entries.get(entry.id) !== undefined);
    state.queue = [];
    if (queue.length === 0 || state.ended !== undefined) return;
    for (const entry of queue) entry.sent = true;
    channel.write(queue.map((entry) => entry.text));
  }

  function enqueue(entry: Entry): void {
    state.queue.push(entry);
    if (state.scheduled) return;
    state.scheduled = true;
    setImmediate(flush);
  }

  function cancel(id: number, reason: string): void {
    const envelope = channel.envelope();
    const params = { requestId: id, reason, ...(envelope === undefined ? {} : { _meta: envelope }) };
    channel.write([JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params })]);
  }

  function call(request: Call): Promise<DownstreamOutcome> {
    const refusal = state.ended ?? channel.refusal();
    if (refusal !== undefined)
      return Promise.resolve({ kind: 'not_sent', code: 'downstream_unavailable', reason: refusal });
    if (request.signal?.aborted)
      return Promise.resolve({ kind: 'not_sent', code: 'cancelled', reason: 'cancelled before it was sent' });
    const id = state.nextId++;
    const { paramsText, method, retry, conversation } = request;
    const envelope = channel.envelope();
    const meta = callMeta({ call: request, id, envelope });
    const text = requestText({ id, method, paramsText, meta, retry });
    return new Promise((resolve) => {
      const deadline = createDeadline({ timers, timeoutMs: request.timeoutMs, expire });
      let seat: Seat | undefined;

      function settle(outcome: DownstreamOutcome): void {
        if (entries.take(id) === undefined) return;
        deadline.stop();
        seat?.leave(outcome.kind === 'unknown' ? 'given_up' : 'answered');
        request.signal?.removeEventListener('abort', abort);
        resolve(outcome);
      }

      function giveUp(reason: string, unsent: 'downstream_unavailable' | 'cancelled'): void {
        const { sent } = entry;
        settle(
          sent
            ? { kind: 'unknown', reason }
            : { kind: 'not_sent', code: unsent, reason: `${reason} before it was sent` },
        );
        if (sent && state.ended === undefined) cancel(id, reason);
      }

      function expire(): void {
        giveUp(`no answer within ${Math.round(deadline.elapsedMs() / 1_000)} s`, 'downstream_unavailable');
      }

      function abort(): void {
        giveUp('cancelled by the caller', 'cancelled');
      }

      const { onProgress } = request;
      const { progressed, standStill } = deadline;
      const mayAsk = mayAskBack(request, envelope);
      const tasks = request.tasks === true;
      const entry: Entry = { id, text, settle, onProgress, progressed, mayAsk, tasks, sent: false };
      entries.set(id, entry);
      if (conversation !== undefined) seat = questions.join({ conversation, standStill });
      request.signal?.addEventListener('abort', abort, { once: true });
      enqueue(entry);
    });
  }

  function deliver(message: Incoming): boolean {
    if (message.kind === 'garbage') return false;
    if (message.kind === 'other') {
      const token = message.params.progressToken;
      if (message.method !== 'notifications/progress' || typeof token !== 'number' || token < FIRST_OWN_ID)
        return questions.hear(message.message, 'shared');
      const entry = entries.get(token);
      if (entry?.sent) {
        entry.progressed();
        entry.onProgress?.(progressOf(message.params));
      }
      return true;
    }
    if (typeof message.id !== 'number' || message.id < FIRST_OWN_ID) return false;
    const entry = entries.get(message.id);
    if (entry?.sent) entry.settle(outcomeOf(message, { input: entry.mayAsk, tasks: entry.tasks }));
    return true;
  }

  function end(reason: string): void {
    state.ended ??= reason;
    for (const entry of entries.values()) {
      entry.settle(
        entry.sent
          ? { kind: 'unknown', reason }
          : { kind: 'not_sent', code: 'downstream_unavailable', reason },
      );
    }
    questions.end();
  }

  return { call, deliver, end };
}
