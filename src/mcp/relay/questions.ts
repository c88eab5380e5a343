import type { NewId } from '../../core/ids.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import type { Utterance } from '../../downstream/catalog.ts';
import type { ClientAnswer } from '../../gate/call.ts';

/** What one client was asked over its connection and has not answered (the revisions before 2026-07-28). */
export interface Questions {
  /** Asks through `send`. Never rejects; `until` fires when nobody waits for the answer any more. */
  ask(request: Utterance, way: { send: (json: string) => void; until: AbortSignal }): Promise<ClientAnswer>;
  /** Takes a message of the client's that answers a question of ours; others are none of it. */
  answered(message: JsonObject): void;
  /** The client is gone: nothing is answered any more. */
  close(): void;
}

function answerOf({ result, error }: JsonObject): ClientAnswer {
  if (isJsonObject(result)) return { result };
  const { code, message } = isJsonObject(error) ? error : {};
  return {
    error: {
      code: typeof code === 'number' && Number.isSafeInteger(code) ? code : -32603,
      message: typeof message === 'string' ? message : 'The client answered with an error.',
    },
  };
}

/** One for each connection: an id of another connection's question is unknown here. */
export function createQuestions(deps: { newId: NewId }): Questions {
  const open = new Map<string, (answer: ClientAnswer) => void>();
  const gone = new AbortController();

  return {
    ask(request, { send, until }) {
      const over = AbortSignal.any([until, gone.signal]);
      const unanswered: ClientAnswer = { none: 'The client did not answer.' };
      if (over.aborted) return Promise.resolve(unanswered);
      const id = deps.newId('ask');
      return new Promise((resolve) => {
        const giveUp = (): void => {
          const requestId = { requestId: id, reason: 'Nobody waits for the answer any more.' };
          send(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params: requestId }));
          settle(unanswered);
        };
        const settle = (answer: ClientAnswer): void => {
          open.delete(id);
          over.removeEventListener('abort', giveUp);
          resolve(answer);
        };
        open.set(id, settle);
        over.addEventListener('abort', giveUp, { once: true });
        send(JSON.stringify({ jsonrpc: '2.0', id, ...request }));
      });
    },

    answered(message) {
      if (typeof message.id === 'string') open.get(message.id)?.(answerOf(message));
    },

    close: () => gone.abort(),
  };
}
