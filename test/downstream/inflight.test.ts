import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { createInflight } from '../../src/downstream/inflight.ts';
import type { Call, Timers } from '../../src/downstream/link.ts';
import { FIRST_OWN_ID, readMessage } from '../../src/downstream/message.ts';
import { createQuestions } from '../../src/downstream/questions.ts';
import { ACCEPTED, talk } from '../support/downstreams/conversation.ts';
import { memoryLog } from '../support/downstreams/harness.ts';

/** Timers that run when the test moves time. */
function manualTimers(): Timers & { pass(ms: number): void } {
  const state = { now: 0, waiting: new Set<{ at: number; run: () => void }>() };
  return {
    now: () => state.now,
    after(ms, run) {
      const timer = { at: state.now + ms, run };
      state.waiting.add(timer);
      return { cancel: () => state.waiting.delete(timer) };
    },
    pass(ms) {
      state.now += ms;
      for (const timer of [...state.waiting]) {
        if (timer.at <= state.now && state.waiting.delete(timer)) timer.run();
      }
    },
  };
}

const CALL: Call = {
  method: 'tools/call',
  paramsText: '{"name":"x"}',
  meta: undefined,
  onProgress: undefined,
  signal: undefined,
  timeoutMs: 1_000,
};

const turn = () => new Promise((resolve) => setImmediate(resolve));

function open() {
  const timers = manualTimers();
  const writes: (readonly string[])[] = [];
  const write = (texts: readonly string[]) => writes.push(texts);
  const channel = { write, refusal: () => undefined, envelope: () => undefined };
  const answers: JsonObject[] = [];
  const questions = createQuestions({
    server: 'pipe',
    relayed: () => ['elicitation'],
    answer: (message) => answers.push(message),
    timers,
    log: memoryLog(),
  });
  const inflight = createInflight({ channel, timers, questions });
  const say = (message: object) =>
    inflight.deliver(readMessage(JSON.stringify({ jsonrpc: '2.0', ...message })));
  const progress = () =>
    say({ method: 'notifications/progress', params: { progressToken: FIRST_OWN_ID, progress: 1 } });
  return { timers, writes, answers, inflight, say, progress };
}

describe('calls that share a channel', () => {
  it('of one turn leave in one write', async () => {
    const { inflight, writes } = open();
    const calls = [inflight.call(CALL), inflight.call(CALL), inflight.call(CALL)];
    await turn();
    expect(writes.map((texts) => texts.length)).toEqual([3]);
    inflight.end('gone');
    expect(await Promise.all(calls)).toEqual([1, 2, 3].map(() => ({ kind: 'unknown', reason: 'gone' })));
  });

  it('that have not left when the channel ends were not sent, nor is any later one', async () => {
    const { inflight, writes } = open();
    const call = inflight.call(CALL);
    inflight.end('gone');
    expect(await call).toMatchObject({ kind: 'not_sent', reason: 'gone' });
    expect(await inflight.call(CALL)).toMatchObject({ kind: 'not_sent', reason: 'gone' });
    await turn();
    expect(writes).toEqual([]);
  });

  it('have their time limit reset by progress, up to a bound', async () => {
    const { inflight, timers, progress, writes } = open();
    const seen: unknown[] = [];
    const call = inflight.call({ ...CALL, onProgress: (params) => seen.push(params) });
    await turn();
    const end = CALL.timeoutMs * LIMITS.downstreamProgressFactor;
    while (timers.now() < end - 500) {
      timers.pass(500);
      progress();
    }
    expect(writes).toHaveLength(1);
    timers.pass(500);
    expect(await call).toEqual({ kind: 'unknown', reason: `no answer within ${end / 1_000} s` });
    expect(seen.length).toBeGreaterThan(20);
    expect(JSON.parse(writes[1]?.[0] ?? '')).toMatchObject({
      method: 'notifications/cancelled',
      params: { requestId: FIRST_OWN_ID },
    });
  });

  it('have their time limit stand still while a question is open, up to a bound', async () => {
    const { inflight, timers, say, answers } = open();
    const given = Promise.withResolvers<typeof ACCEPTED>();
    const conversation = talk({ answer: () => given.promise });
    const call = inflight.call({ ...CALL, conversation });
    await turn();
    timers.pass(600);
    say({ id: 'q', method: 'elicitation/create', params: { message: 'Which word?' } });
    timers.pass(LIMITS.downstreamAskedMs - 1);
    given.resolve(ACCEPTED);
    await turn();
    expect(answers).toEqual([{ jsonrpc: '2.0', id: 'q', ...ACCEPTED }]);
    timers.pass(399);
    say({ id: 'again', method: 'elicitation/create', params: { message: 'And now?' } });
    expect(conversation.signals[1]?.aborted).toBe(false);
    timers.pass(1);
    timers.pass(1);
    expect(await call).toMatchObject({ kind: 'unknown' });
    expect(conversation.signals[1]?.aborted).toBe(true);
  });

  it('take no answer before they have left, and none after they have ended', async () => {
    const { inflight, say, timers } = open();
    const call = inflight.call(CALL);
    expect(say({ id: FIRST_OWN_ID, result: { early: true } })).toBe(true);
    await turn();
    timers.pass(1_000);
    expect(await call).toMatchObject({ kind: 'unknown' });
    expect(say({ id: FIRST_OWN_ID, result: {} })).toBe(true);
  });

  it('leave messages of others alone', () => {
    const { say } = open();
    expect(say({ id: 1, result: {} })).toBe(false);
    expect(say({ id: 'probe', error: {} })).toBe(false);
    expect(say({ method: 'notifications/progress', params: { progressToken: 'theirs' } })).toBe(false);
    expect(say({ method: 'notifications/tools/list_changed' })).toBe(false);
  });
});
