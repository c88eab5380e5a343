import type { JsonObject } from '../../../src/core/json.ts';
import type { Conversation, ConversationAnswer, Utterance } from '../../../src/downstream/catalog.ts';

/** A client that can be asked, with all that it was asked and told. */
export interface TestConversation extends Conversation {
  readonly asked: Utterance[];
  readonly told: Utterance[];
  readonly signals: AbortSignal[];
}

export const EVERYTHING: JsonObject = {
  elicitation: { form: {}, url: {} },
  sampling: {},
  roots: {},
};

export const ACCEPTED: ConversationAnswer = { result: { action: 'accept', content: { word: 'yes' } } };

/** A conversation of a session, able to answer everything unless `capabilities` says less. */
export function talk(
  options: {
    session?: string;
    capabilities?: JsonObject;
    logLevel?: string;
    answer?: (asked: Utterance) => ConversationAnswer | Promise<ConversationAnswer>;
  } = {},
): TestConversation {
  const { session = 'ses_a', capabilities = EVERYTHING, logLevel, answer = () => ACCEPTED } = options;
  const asked: Utterance[] = [];
  const told: Utterance[] = [];
  const signals: AbortSignal[] = [];
  return {
    session,
    capabilities,
    logLevel,
    asked,
    told,
    signals,
    ask(request, signal) {
      asked.push(request);
      signals.push(signal);
      return Promise.resolve(answer(request));
    },
    tell: (notification) => told.push(notification),
  };
}
