import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import type { CallClient, ClientAnswer, GateOutcome } from '../../src/gate/call.ts';
import { type Attendance, createParking } from '../../src/mcp/relay/parking.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const QUESTION = { method: 'roots/list', params: {} };
const DONE: GateOutcome = { kind: 'result', raw: '{}' };
const WAITS = new AbortController().signal;

function openLot() {
  let id = 0;
  const reports: unknown[] = [];
  const parking = createParking({
    newId: (prefix) => `${prefix}_${++id}`,
    report: (error) => reports.push(error),
  });
  return { parking, reports };
}

function attendance(more: Partial<Attendance> = {}): Attendance {
  return { session: { id: 'ses_a' }, capabilities: { roots: {} }, ...more };
}

/** Makes a call that asks once, and says what it was answered. */
async function parkOne(more: Partial<Attendance> = {}) {
  const lot = openLot();
  const answers: ClientAnswer[] = [];
  const seen: { client?: CallClient; signal?: AbortSignal | undefined } = {};
  const asked = await lot.parking.begin(attendance(more), async ({ client, signal }) => {
    Object.assign(seen, { client, signal });
    answers.push(await client.ask(QUESTION, WAITS));
    return DONE;
  });
  if (asked.kind !== 'asked') throw new Error('nothing was asked');
  return { ...lot, answers, asked, seen };
}

test('a client that does not come back leaves the question, and every later one, unanswered', async () => {
  const { parking, answers, asked, seen } = await parkOne();
  await vi.advanceTimersByTimeAsync(LIMITS.parkedCallMs - 1);
  expect(answers).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(answers).toEqual([{ none: 'Nobody answered.' }]);
  expect(await seen.client?.ask(QUESTION, WAITS)).toEqual({ none: 'Nobody answered.' });
  expect(seen.signal?.aborted).toBe(false);
  const back = { id: asked.id, round: asked.round, responses: { 'input-1': {} } };
  expect(parking.resume(attendance(), back)).toBeUndefined();
});

test('a call that its client has left behind ends with its session, and is waited for by a stop', async () => {
  for (const end of ['session', 'stop'] as const) {
    const { parking } = openLot();
    const seen: { signal?: AbortSignal | undefined } = {};
    const asked = await parking.begin(attendance(), async ({ client, signal }) => {
      seen.signal = signal;
      await client.ask(QUESTION, WAITS);
      await new Promise((resolve) => signal?.addEventListener('abort', resolve));
      return DONE;
    });
    expect(asked.kind).toBe('asked');
    await vi.advanceTimersByTimeAsync(LIMITS.parkedCallMs);
    expect(seen.signal?.aborted).toBe(false);
    parking.endSession('ses_b');
    expect(seen.signal?.aborted).toBe(false);
    if (end === 'session') parking.endSession('ses_a');
    else await parking.close();
    expect(seen.signal?.aborted).toBe(true);
  }
});

test('the time runs only while the client is away', async () => {
  const { parking } = openLot();
  const never = Promise.withResolvers<GateOutcome>();
  const asked = await parking.begin(attendance(), async ({ client }) => {
    await client.ask(QUESTION, WAITS);
    return never.promise;
  });
  if (asked.kind !== 'asked') throw new Error('nothing was asked');
  const { id, round } = asked;
  const resumed = parking.resume(attendance(), { id, round, responses: { 'input-1': {} } });
  await vi.advanceTimersByTimeAsync(2 * LIMITS.parkedCallMs);
  never.resolve(DONE);
  expect(await resumed).toEqual({ kind: 'outcome', outcome: DONE });
});

test('a client that closes the response to its retry cancels the call, and one that was sent back does not', async () => {
  const first = new AbortController();
  const { parking, asked, seen } = await parkOne({ signal: first.signal });
  first.abort();
  expect(seen.signal?.aborted).toBe(false);
  const retry = new AbortController();
  const { id, round } = asked;
  const resumed = parking.resume(attendance({ signal: retry.signal }), { id, round, responses: {} });
  retry.abort();
  expect(seen.signal?.aborted).toBe(true);
  await parking.close();
  await resumed;
});

test('two retries of one round at a time are one retry', async () => {
  const { parking, asked, answers } = await parkOne();
  const { id, round } = asked;
  const one = parking.resume(attendance(), { id, round, responses: { 'input-1': { n: 1 } } });
  const two = parking.resume(attendance(), { id, round, responses: { 'input-1': { n: 2 } } });
  expect(two).toBeUndefined();
  expect(await one).toEqual({ kind: 'outcome', outcome: DONE });
  expect(answers).toEqual([{ result: { n: 1 } }]);
});

test('questions of one breath are one round, and one asked while the client is away is the next', async () => {
  const { parking } = openLot();
  const seen: { client?: CallClient } = {};
  const asked = await parking.begin(attendance(), async ({ client }) => {
    seen.client = client;
    await Promise.all([client.ask(QUESTION, WAITS), client.ask(QUESTION, WAITS)]);
    return new Promise(() => {});
  });
  if (asked.kind !== 'asked') throw new Error('nothing was asked');
  expect(Object.keys(asked.questions)).toEqual(['input-1', 'input-2']);
  void seen.client?.ask(QUESTION, WAITS);
  const { id, round } = asked;
  const responses = { 'input-1': {}, 'input-2': {} };
  const next = await parking.resume(attendance(), { id, round, responses });
  expect(next).toMatchObject({ kind: 'asked', round: round + 1, questions: { 'input-3': QUESTION } });
});

test('a question that its server takes back is asked of nobody', async () => {
  const { parking } = openLot();
  const taken = new AbortController();
  const answers: ClientAnswer[] = [];
  const outcome = parking.begin(attendance(), async ({ client }) => {
    const answer = client.ask(QUESTION, taken.signal);
    taken.abort();
    answers.push(await answer);
    return DONE;
  });
  expect(await outcome).toEqual({ kind: 'outcome', outcome: DONE });
  expect(answers).toEqual([{ none: 'Nobody answered.' }]);
});

test('progress and log messages go to the request that is open', async () => {
  const { parking } = openLot();
  const heard: string[] = [];
  const as = (name: string): Attendance =>
    attendance({
      onProgress: ({ progress }) => heard.push(`${name} progress ${String(progress)}`),
      tell: ({ method }) => heard.push(`${name} ${method}`),
    });
  const asked = await parking.begin(as('first'), async ({ client, onProgress }) => {
    onProgress?.({ progress: 1 });
    await client.ask(QUESTION, WAITS);
    client.tell({ method: 'notifications/message', params: {} });
    onProgress?.({ progress: 2 });
    return DONE;
  });
  if (asked.kind !== 'asked') throw new Error('nothing was asked');
  const { id, round } = asked;
  await parking.resume(as('second'), { id, round, responses: { 'input-1': {} } });
  expect(heard).toEqual(['first progress 1', 'second notifications/message', 'second progress 2']);
});

test('the end of a session ends its calls alone', async () => {
  const { parking, answers, asked, seen } = await parkOne();
  parking.endSession('ses_other');
  expect(seen.signal?.aborted).toBe(false);
  const { id, round } = asked;
  const foreign = attendance({ session: { id: 'ses_other' } });
  expect(parking.resume(foreign, { id, round, responses: { 'input-1': {} } })).toBeUndefined();
  parking.endSession('ses_a');
  expect(seen.signal?.aborted).toBe(true);
  await vi.waitFor(() => expect(answers).toEqual([{ none: 'Nobody answered.' }]));
});

test('a call that fails while its client is away is reported, once', async () => {
  const { parking, reports } = openLot();
  const taken = new AbortController();
  await parking.begin(attendance(), async ({ client }) => {
    await client.ask(QUESTION, taken.signal);
    throw new Error('it broke');
  });
  taken.abort();
  await vi.waitFor(() => expect(reports).toEqual([new Error('it broke')]));
});

test('a gateway that stops cancels every call that waits, has its outcome, and parks no other', async () => {
  const { parking } = openLot();
  const ended: string[] = [];
  const run = async ({ client, signal }: { client: CallClient; signal?: AbortSignal | undefined }) => {
    await client.ask(QUESTION, WAITS);
    ended.push(signal?.aborted ? 'cancelled' : 'not cancelled');
    return DONE;
  };
  await parking.begin(attendance(), run);
  await parking.close();
  expect(ended).toEqual(['cancelled']);
  expect(await parking.begin(attendance(), run)).toEqual({ kind: 'outcome', outcome: DONE });
});
