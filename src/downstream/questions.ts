import { errorText } from '../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';
import { LIMITS } from '../core/limits.ts';
import { createTransientMap } from '../core/transient-map.ts';
import type { Conversation, ConversationAnswer, RelayKind, Utterance } from './catalog.ts';
import { canBeAsked, questionKind } from './conversation.ts';
import type { Log, Timers } from './link.ts';
import { deniedText } from './message.ts';

const METHOD_NOT_FOUND = -32601;
const INTERNAL_ERROR = -32603;
const RELATED_TASK = 'io.modelcontextprotocol/related-task';

/** The place of one call of an agent among those in flight on a connection. */
export interface Seat {
  /** The call has ended. One that was given up may still be asked about, so it counts for a while. */
  leave(how: 'answered' | 'given_up'): void;
}

/** What a server says and asks on one connection, brought to the client that it concerns, or refused. */
export interface Questions {
  /** Takes part from when the call is sent. `standStill` stops its time limit while a question of its is open. */
  join(call: { conversation: Conversation; standStill: () => () => void }): Seat;
  /**
   * Takes a message that came on the response stream of one call, or on a channel that all calls share. False when it
   * is neither a question, nor the withdrawal of one, nor the news that a page was dealt with, nor a log message.
   */
  hear(message: JsonObject, on: Seat | 'shared' | undefined): boolean;
  /** The connection is gone: nobody waits for answers any more. */
  end(): void;
}

interface Place extends Seat {
  readonly number: number;
  readonly conversation: Conversation;
  readonly standStill: () => () => void;
  readonly open: Set<string>;
  /** The `elicitationId` of each page that its client was asked to open. */
  readonly pages: Set<string>;
  present: boolean;
  /** Until when a call that was given up counts. */
  until: number;
}

interface Question {
  readonly place: Place;
  readonly gone: AbortController;
  readonly resume: readonly (() => void)[];
}

/** The parameters of a question without the token of the server's own connection. */
function withoutToken(params: JsonObject): JsonObject {
  if (!isJsonObject(params._meta) || params._meta.progressToken === undefined) return params;
  const { progressToken: _token, ..._meta } = params._meta;
  return { ...params, _meta };
}

function isAboutTask({ _meta }: JsonObject): boolean {
  return isJsonObject(_meta) && _meta[RELATED_TASK] !== undefined;
}

/**
 * Who is asked is never guessed. What comes on the response stream of a call belongs to that call. What comes on a
 * shared channel belongs to the latest call of a session only while every call in flight there is of that session. What
 * is said there about a task (2025-11-25, `related-task`) belongs to no call in flight: the call that began it is over.
 */
export function createQuestions(deps: {
  server: string;
  /** What config relays, once the connection stands and as far as its revision has requests from servers. */
  relayed: () => readonly RelayKind[];
  answer: (message: JsonObject) => void;
  timers: Timers;
  log: Log;
}): Questions {
  const { server, relayed, answer, timers, log } = deps;
  const places = createTransientMap<number, Place>();
  const state = { nextPlace: 0 };
  const questions = new Map<string, Question>();
  const noted = new Set<RelayKind>();

  /** Those calls in flight that a message without an address can only concern, the latest last. */
  function onlySession(): Place[] {
    const present: Place[] = [];
    let session: string | undefined;
    for (const place of places.values()) {
      if (!place.present && place.until <= timers.now()) continue;
      session ??= place.conversation.session;
      if (place.conversation.session !== session) return [];
      if (place.present) present.push(place);
    }
    return present;
  }

  function forgetGivenUp(): void {
    const now = timers.now();
    for (const place of places.values()) if (!place.present && place.until <= now) places.take(place.number);
  }

  function close(key: string, question: Question): void {
    if (questions.get(key) !== question) return;
    questions.delete(key);
    question.place.open.delete(key);
    for (const resume of question.resume) resume();
  }

  function refuse(id: JsonValue, error: { code: number; message: string }): void {
    answer({ jsonrpc: '2.0', id, error });
  }

  /** Tells an operator once which key of the configuration would have let a question pass. */
  function note(kind: RelayKind): void {
    if (noted.has(kind)) return;
    noted.add(kind);
    log.info(
      { server, kind },
      `a server asked for what is not relayed; "relay": ["${kind}"] in its definition would allow it`,
    );
  }

  function ask(id: JsonValue, asked: Utterance, concerned: readonly Place[]): void {
    const key = JSON.stringify(id);
    const place = concerned.at(-1);
    const kind = questionKind(asked);
    const denied = { code: METHOD_NOT_FOUND, message: deniedText(asked.method) };
    if (kind === undefined || questions.has(key)) return;
    if (!relayed().includes(kind)) {
      note(kind);
      refuse(id, denied);
    } else if (place === undefined || !canBeAsked(place.conversation.capabilities, kind)) refuse(id, denied);
    else if (place.open.size >= LIMITS.downstreamQuestionsPerCall)
      refuse(id, { code: INTERNAL_ERROR, message: 'Too many questions are open for one call.' });
    else {
      const gone = new AbortController();
      const question: Question = { place, gone, resume: concerned.map(({ standStill }) => standStill()) };
      questions.set(key, question);
      place.open.add(key);
      if (typeof asked.params.elicitationId === 'string') place.pages.add(asked.params.elicitationId);
      const settle = (given: ConversationAnswer) => {
        if (questions.get(key) !== question) return;
        close(key, question);
        answer({ jsonrpc: '2.0', id, ...given });
      };
      const { method, params } = asked;
      place.conversation
        .ask({ method, params: withoutToken(params) }, gone.signal)
        .then(settle, (error: unknown) => {
          log.warn({ server, problem: errorText(error) }, 'a question of a server could not be passed on');
          settle({ error: { code: INTERNAL_ERROR, message: 'The question could not be passed on.' } });
        });
    }
  }

  /** The call in flight whose client was asked to open a page; none when several were asked for the same. */
  function askedToOpen(elicitationId: JsonValue | undefined): Place | undefined {
    if (typeof elicitationId !== 'string') return undefined;
    const found = places.values().filter(({ present, pages }) => present && pages.has(elicitationId));
    return found.length === 1 ? found[0] : undefined;
  }

  function withdraw(key: string): boolean {
    const question = questions.get(key);
    if (question === undefined) return false;
    close(key, question);
    question.gone.abort();
    return true;
  }

  function leave(place: Place, how: 'answered' | 'given_up'): void {
    if (!place.present) return;
    place.present = false;
    if (how === 'answered') places.take(place.number);
    else {
      place.until = timers.now() + LIMITS.downstreamGivenUpMs;
      forgetGivenUp();
    }
    for (const key of [...place.open]) {
      withdraw(key);
      refuse(JSON.parse(key) as JsonValue, {
        code: INTERNAL_ERROR,
        message: 'The call that this question belonged to has ended.',
      });
    }
  }

  return {
    join({ conversation, standStill }) {
      const place: Place = {
        number: state.nextPlace++,
        conversation,
        standStill,
        open: new Set(),
        pages: new Set(),
        present: true,
        until: 0,
        leave: (how) => leave(place, how),
      };
      places.set(place.number, place);
      return place;
    },
    hear(message, on) {
      const { id, method } = message;
      const params = isJsonObject(message.params) ? message.params : {};
      if (typeof method !== 'string') return false;
      const concerned = (): readonly Place[] => {
        if (on === 'shared') return isAboutTask(params) ? [] : onlySession();
        const place = places.values().find((one) => one === on);
        return place?.present ? [place] : [];
      };
      if (method === 'notifications/cancelled') return withdraw(JSON.stringify(params.requestId ?? null));
      if (method === 'notifications/message') {
        concerned().at(-1)?.conversation.tell({ method, params });
        return true;
      }
      if (method === 'notifications/elicitation/complete') {
        askedToOpen(params.elicitationId)?.conversation.tell({ method, params });
        return true;
      }
      if (questionKind({ method, params }) === undefined) return false;
      if (typeof id !== 'string' && typeof id !== 'number') return false;
      ask(id, { method, params }, concerned());
      return true;
    },
    end() {
      for (const key of [...questions.keys()]) withdraw(key);
      places.clear();
    },
  };
}
