import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { LIMITS } from '../../src/core/limits.ts';
import type { ConversationAnswer } from '../../src/downstream/catalog.ts';
import { canBeAsked, capabilitiesFor, RELAY_KINDS } from '../../src/downstream/conversation.ts';
import { createQuestions } from '../../src/downstream/questions.ts';
import { ACCEPTED, talk } from '../support/downstreams/conversation.ts';
import { memoryLog } from '../support/downstreams/harness.ts';

const settled = () => new Promise((resolve) => setImmediate(resolve));
const question = (id: string | number, params: JsonObject = { message: '?' }): JsonObject => ({
  jsonrpc: '2.0',
  id,
  method: 'elicitation/create',
  params,
});

function open() {
  const clock = { now: 0 };
  const answers: JsonObject[] = [];
  const questions = createQuestions({
    server: 'pipe',
    relayed: () => ['elicitation', 'elicitation_url'],
    answer: (message) => answers.push(message),
    timers: { now: () => clock.now, after: () => ({ cancel: () => undefined }) },
    log: memoryLog(),
  });
  const held = { open: 0 };
  const standStill = () => {
    held.open++;
    return () => {
      held.open--;
    };
  };
  return { clock, answers, questions, held, standStill };
}

const never = () => new Promise<ConversationAnswer>(() => undefined);

describe('a question of a server', () => {
  it('that the server withdraws is withdrawn from the client, and gets no answer', async () => {
    const { questions, answers, held, standStill } = open();
    const late = Promise.withResolvers<ConversationAnswer>();
    const conversation = talk({ answer: () => late.promise });
    const seat = questions.join({ conversation, standStill });
    expect(questions.hear(question('q'), seat)).toBe(true);
    expect(held.open).toBe(1);
    const cancelled = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'q' } };
    expect(questions.hear(cancelled, 'shared')).toBe(true);
    expect(conversation.signals[0]?.aborted).toBe(true);
    expect(held.open).toBe(0);
    late.resolve(ACCEPTED);
    await settled();
    expect(answers).toEqual([]);
    expect(questions.hear(cancelled, 'shared')).toBe(false);
  });

  it('whose id is in use is not asked a second time', () => {
    const { questions, answers, standStill } = open();
    const conversation = talk({ answer: never });
    const seat = questions.join({ conversation, standStill });
    questions.hear(question(1), seat);
    questions.hear(question(1), seat);
    questions.hear(question('1'), seat);
    expect(conversation.asked).toHaveLength(2);
    expect(answers).toEqual([]);
  });

  it('is refused when too many of one call are open', () => {
    const { questions, answers, standStill } = open();
    const conversation = talk({ answer: never });
    const seat = questions.join({ conversation, standStill });
    for (let id = 0; id <= LIMITS.downstreamQuestionsPerCall; id++) questions.hear(question(id), seat);
    expect(conversation.asked).toHaveLength(LIMITS.downstreamQuestionsPerCall);
    expect(answers).toMatchObject([{ id: LIMITS.downstreamQuestionsPerCall, error: { code: -32603 } }]);
  });

  it.each(['answered', 'given_up'] as const)(
    'ends with a call that was %s, and no later one of it is asked',
    (how) => {
      const { questions, answers, standStill, held } = open();
      const conversation = talk({ answer: never });
      const seat = questions.join({ conversation, standStill });
      questions.hear(question('q'), seat);
      seat.leave(how);
      expect(conversation.signals[0]?.aborted).toBe(true);
      expect(held.open).toBe(0);
      questions.hear(question('r'), seat);
      expect(answers.map(({ id }) => id)).toEqual(['q', 'r']);
      expect(conversation.asked).toHaveLength(1);
    },
  );

  it('is asked by the latest call of the only session, and stops the time of all its calls', () => {
    const { questions, standStill, held } = open();
    const [first, second] = [talk({ answer: never }), talk({ answer: never })];
    questions.join({ conversation: first, standStill });
    questions.join({ conversation: second, standStill });
    questions.hear(question('q'), 'shared');
    expect([first.asked.length, second.asked.length]).toEqual([0, 1]);
    expect(held.open).toBe(2);
  });

  it('on the stream of a call that nobody stands behind is never asked elsewhere', () => {
    const { questions, answers, standStill } = open();
    const conversation = talk();
    questions.join({ conversation, standStill });
    questions.hear(question('q'), undefined);
    expect(conversation.asked).toEqual([]);
    expect(answers).toMatchObject([{ id: 'q', error: { code: -32601 } }]);
  });

  it('about a task is asked of nobody on a shared channel, and its log is told to nobody', () => {
    const { questions, answers, standStill } = open();
    const conversation = talk();
    questions.join({ conversation, standStill });
    const _meta = { 'io.modelcontextprotocol/related-task': { taskId: 'task-of-another-session' } };
    questions.hear(question('q', { message: '?', _meta }), 'shared');
    const log = {
      jsonrpc: '2.0',
      method: 'notifications/message',
      params: { level: 'info', data: 1, _meta },
    };
    expect(questions.hear(log, 'shared')).toBe(true);
    expect([conversation.asked, conversation.told]).toEqual([[], []]);
    expect(answers).toMatchObject([{ id: 'q', error: { code: -32601 } }]);
  });

  it('may come without an address again some time after a call of another session was given up', () => {
    const { questions, standStill, clock } = open();
    const conversation = talk({ answer: never });
    questions.join({ conversation: talk({ session: 'ses_b' }), standStill }).leave('given_up');
    questions.join({ conversation, standStill });
    clock.now = LIMITS.downstreamGivenUpMs - 1;
    questions.hear(question('q'), 'shared');
    expect(conversation.asked).toHaveLength(0);
    clock.now++;
    questions.hear(question('r'), 'shared');
    expect(conversation.asked).toHaveLength(1);
  });

  it('goes to the client without the token of the server’s own connection', () => {
    const { questions, standStill } = open();
    const conversation = talk();
    const seat = questions.join({ conversation, standStill });
    questions.hear(question('q', { message: '?', _meta: { progressToken: 7, vendor: 1 } }), seat);
    expect(conversation.asked[0]?.params).toEqual({ message: '?', _meta: { vendor: 1 } });
  });

  it('to open a page is followed by the news that it was dealt with, while its call lasts', () => {
    const { questions, standStill } = open();
    const [conversation, other] = [talk(), talk({ session: 'ses_b' })];
    const seat = questions.join({ conversation, standStill });
    questions.join({ conversation: other, standStill });
    const page = { mode: 'url', message: '?', url: 'https://example.com', elicitationId: 'e1' };
    questions.hear(question('q', page), seat);
    const news = (elicitationId: string) => {
      const method = 'notifications/elicitation/complete';
      return questions.hear({ jsonrpc: '2.0', method, params: { elicitationId } }, 'shared');
    };
    expect([news('e1'), news('e2')]).toEqual([true, true]);
    expect(conversation.told.map(({ params }) => params)).toEqual([{ elicitationId: 'e1' }]);
    seat.leave('answered');
    news('e1');
    expect(conversation.told).toHaveLength(1);
    expect(other.told).toEqual([]);
  });

  it('that could not be passed on is answered with an error', async () => {
    const { questions, answers, standStill } = open();
    const conversation = talk({ answer: () => Promise.reject(new Error('broken')) });
    questions.hear(question('q'), questions.join({ conversation, standStill }));
    await settled();
    expect(answers).toMatchObject([{ id: 'q', error: { code: -32603 } }]);
  });

  it('is no longer waited for once the connection is gone', () => {
    const { questions, answers, standStill } = open();
    const conversation = talk({ answer: never });
    questions.hear(question('q'), questions.join({ conversation, standStill }));
    questions.end();
    expect(conversation.signals[0]?.aborted).toBe(true);
    expect(answers).toEqual([]);
  });
});

describe('client capabilities', () => {
  it('stand for the kinds of questions that they were made of, and no others', () => {
    for (const kind of RELAY_KINDS) {
      const capabilities = capabilitiesFor([kind]);
      expect(RELAY_KINDS.filter((other) => canBeAsked(capabilities, other))).toEqual([kind]);
    }
    expect(capabilitiesFor([])).toEqual({});
    expect(capabilitiesFor(RELAY_KINDS)).toEqual({
      elicitation: { form: {}, url: {} },
      sampling: {},
      roots: {},
    });
  });

  it('with an elicitation that names no mode mean forms', () => {
    expect(canBeAsked({ elicitation: {} }, 'elicitation')).toBe(true);
    expect(canBeAsked({ elicitation: {} }, 'elicitation_url')).toBe(false);
  });
});
