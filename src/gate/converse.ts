import { CountersignError } from '../core/errors.ts';
import { isDeeperThan, parseExact } from '../core/exact-json.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';
import { LIMITS } from '../core/limits.ts';
import type { Conversation, ConversationAnswer, RelayKind, Retry, Utterance } from '../downstream/catalog.ts';
import { deniedText } from '../downstream/message.ts';
import type { EntryRef } from '../ledger/entry.ts';
import type { CallClient, CallRetry, ClientAnswer, GateDeps, GateOutcome } from './call.ts';
import { type AnswerKind, answerKind, askable, type GateQuestion, question } from './question.ts';

const METHOD_NOT_FOUND = -32601;
const SERVER_ERROR = -32000;

type ConverseDeps = Pick<GateDeps, 'downstreams' | 'ledger' | 'report' | 'warn' | 'publicOrigin'>;

function failed(message: string): ConversationAnswer {
  return { error: { code: SERVER_ERROR, message } };
}

/** Puts on the ledger that a question was asked, and what kind of answer came; never what was said. */
export async function recordAsked(
  deps: Pick<GateDeps, 'ledger'>,
  ref: EntryRef,
  asked: readonly { readonly server: string; readonly relay: RelayKind; readonly answer: AnswerKind }[],
): Promise<void> {
  const entries = asked.map(({ server, relay, answer }) => ({
    type: 'call.asked' as const,
    ref,
    body: { server, kind: relay, answer },
  }));
  if (entries.length > 0) await deps.ledger.commit({ entries });
}

/** What a server is told of an answer, and what the ledger is. */
export function heard(
  relay: RelayKind,
  given: ClientAnswer,
): { readonly answer: ConversationAnswer; readonly kind: AnswerKind } {
  if ('none' in given) return { answer: failed(given.none), kind: 'none' };
  const kind = answerKind(relay, given);
  if (kind !== undefined) return { answer: given, kind };
  return { answer: failed('The client’s answer is not one to such a question.'), kind: 'error' };
}

/**
 * What a server may say to the client of this call: its questions are judged, asked with its name in front, and their
 * kind of answer is durable before the server hears it. What is not relayed is refused in the words for any method.
 */
export function converse(
  deps: ConverseDeps,
  input: { client: CallClient; server: string; ref: EntryRef },
): Conversation {
  const { client, server, ref } = input;
  const { downstreams, publicOrigin } = deps;
  const relays = downstreams.relays(server);
  const declared = client.capabilities;

  async function ask(asked: Utterance, signal: AbortSignal): Promise<ConversationAnswer> {
    const judged = question(asked, { server, relays, declared, publicOrigin });
    if (judged.kind === 'denied') {
      deps.warn(
        { server, method: asked.method, reason: judged.reason },
        'a question of a server was refused',
      );
      return { error: { code: METHOD_NOT_FOUND, message: deniedText(asked.method) } };
    }
    const { relay, request } = judged;
    const { answer, kind } = heard(relay, await client.ask(request, signal));
    await recordAsked(deps, ref, [{ server, relay, answer: kind }]);
    return answer;
  }

  return {
    session: client.key,
    capabilities: askable(declared, relays),
    ...(client.logLevel === undefined ? {} : { logLevel: client.logLevel }),
    ask: (asked, signal) =>
      ask(asked, signal).catch((error: unknown) => {
        deps.report(error);
        return failed('The answer could not be recorded and is withheld.');
      }),
    tell: (notification) => {
      if (notification.method === 'notifications/message') client.tell(notification);
    },
  };
}

/** The members of a request by which its server can ask, or is answered. */
export function talk(
  deps: ConverseDeps,
  input: { client?: CallClient | undefined; retry?: CallRetry | undefined; server: string; ref: EntryRef },
): { conversation?: Conversation; retry?: Retry } {
  const { client, retry, server, ref } = input;
  if (client === undefined) return {};
  const conversation = converse(deps, { client, server, ref });
  if (retry === undefined) return { conversation };
  const { inputResponses, requestState } = retry;
  return { conversation, retry: { inputResponses, ...(requestState === undefined ? {} : { requestState }) } };
}

/** What a server was told in answer is for that server alone, whoever bears the name of its tool by now. Throws `conflict`. */
export function refuseForeignAnswers(retry: CallRetry | undefined, server: string): void {
  if (retry === undefined || retry.server === server) return;
  const message = `The answers were for the server ${retry.server}, and this is offered by ${server} now. Make the call again from the start.`;
  throw new CountersignError('conflict', message);
}

/** The member of an intent that names the call whose server wanted answers first. */
export function continued({ retry }: { retry?: CallRetry | undefined }): JsonObject {
  return retry === undefined ? {} : { continues: retry.continues };
}

/** The questions of a result that is `input_required`, in the order they stand there; undefined when it is malformed. */
function questionsIn(
  raw: string,
): { asked: [string, Utterance][]; state: JsonValue | undefined } | undefined {
  if (isDeeperThan(raw, LIMITS.noticeDepth)) return undefined;
  const { inputRequests = {}, requestState } = parseExact(raw) as JsonObject;
  if (!isJsonObject(inputRequests)) return undefined;
  const asked: [string, Utterance][] = [];
  for (const [key, one] of Object.entries(inputRequests)) {
    if (!isJsonObject(one) || typeof one.method !== 'string') return undefined;
    asked.push([key, { method: one.method, params: isJsonObject(one.params) ? one.params : {} }]);
  }
  const isEmpty = asked.length === 0 && requestState === undefined;
  return isEmpty || asked.length > LIMITS.questionsPerRound ? undefined : { asked, state: requestState };
}

function refusedInput(message: string): GateOutcome {
  return { kind: 'error', raw: JSON.stringify({ code: -32603, message }) };
}

/** What a server's `input_required` becomes: all of its questions as they may go on, or an error when one may not. */
export function inputOutcome(
  deps: ConverseDeps,
  input: { client?: CallClient | undefined; server: string; ref: EntryRef; raw: string },
): GateOutcome {
  const { client, server, ref } = input;
  const found = questionsIn(input.raw);
  if (found === undefined)
    return refusedInput('The server asked for input in a form that nobody can answer.');
  const relays = deps.downstreams.relays(server);
  const declared = client?.capabilities ?? {};
  const questions: GateQuestion[] = [];
  for (const [key, asked] of found.asked) {
    const judged = question(asked, { server, relays, declared, publicOrigin: deps.publicOrigin });
    if (judged.kind === 'denied') {
      deps.warn(
        { server, method: asked.method, reason: judged.reason },
        'a question of a server was refused',
      );
      return refusedInput('The server asked for input from a person, which Countersign does not relay.');
    }
    questions.push({ key, relay: judged.relay, request: judged.request });
  }
  const { call = '', action = '' } = ref;
  return { kind: 'input_required', server, call, action, questions, requestState: found.state };
}
