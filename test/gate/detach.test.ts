import { expect, test } from 'vitest';
import { CountersignError } from '../../src/core/errors.ts';
import type { CallClient, ClientAnswer, GateCall, GateOutcome, LongWork } from '../../src/gate/call.ts';
import { createDetacher } from '../../src/gate/detach.ts';
import type { Job } from '../../src/jobs/job.ts';
import type { EndedJob, Jobs } from '../../src/jobs/ports.ts';
import type { Session } from '../../src/sessions/session.ts';

const RESULT: GateOutcome = { kind: 'result', raw: '{"content":[]}' };
const UNKNOWN: GateOutcome = { kind: 'refused', code: 'outcome_unknown', message: 'It may have run.' };

/** Jobs that are noted; `refuses` makes the next one fail to be written. */
function notedJobs() {
  const cancels = new Map<string, () => void>();
  const noted = { created: 0, told: [] as unknown[], ended: [] as EndedJob[], refuses: false };
  const jobs = {
    async create() {
      if (noted.refuses) throw new CountersignError('ledger_unavailable', 'The disk is full.');
      noted.created += 1;
      return { id: `job_${noted.created}` } as Job;
    },
    progressed: (_id: string, told: unknown) => void noted.told.push(told),
    async settle(_id: string, end: EndedJob) {
      noted.ended.push(end);
      return {} as Job;
    },
    onCancel(id: string, run: () => void) {
      cancels.set(id, run);
      return () => cancels.delete(id);
    },
  } as unknown as Jobs;
  return { noted, jobs, cancel: (id: string) => cancels.get(id)?.() };
}

/** A call whose end the test decides; it is sent at once unless `unsent`. */
function open({ unsent = false, detachAfterMs = 0 } = {}) {
  const { noted, jobs, cancel } = notedJobs();
  const end = Promise.withResolvers<GateOutcome>();
  const reported: unknown[] = [];
  const seen = { call: undefined as GateCall | undefined };
  const detacher = createDetacher({
    callTool: (call) => {
      seen.call = call;
      if (!unsent) call.longWork?.sent({} as Parameters<LongWork['sent']>[0]);
      return end.promise;
    },
    jobs,
    detachAfterMs,
    report: (error) => reported.push(error),
  });
  const controller = new AbortController();
  const call = {
    session: { id: 'ses_1' } as Session,
    name: 'slow',
    args: {},
    meta: undefined,
    idempotencyKey: undefined,
    signal: controller.signal,
  };
  return { noted, cancel, end, reported, seen, detacher, call, hangUp: () => controller.abort() };
}

test('a call that cannot be written down as a job is waited for, and still ends with its client', async () => {
  const { noted, detacher, call, end, reported, seen, hangUp } = open();
  noted.refuses = true;
  const outcome = detacher.call(call);
  await expect.poll(() => reported.length).toBe(1);
  hangUp();
  expect(seen.call?.signal?.aborted).toBe(true);
  end.resolve(RESULT);
  expect(await outcome).toEqual(RESULT);
  expect(noted.ended).toEqual([]);
});

test('a call that was not sent yet is no job', async () => {
  for (const always of [false, true]) {
    const { noted, detacher, call, end } = open({ unsent: true });
    const outcome = detacher.call(call, { always });
    setTimeout(() => end.resolve(RESULT), 20);
    expect(await outcome).toEqual(RESULT);
    expect(noted.created).toBe(0);
  }
});

test('a call that is sent only after the time of its caller is over is a job as soon as it is sent', async () => {
  for (const always of [false, true]) {
    const { noted, detacher, call, end, seen } = open({ unsent: true });
    const outcome = detacher.call(call, { always });
    setTimeout(() => seen.call?.longWork?.sent({} as Parameters<LongWork['sent']>[0]), 20);
    expect(await Promise.race([outcome, new Promise((resolve) => setTimeout(resolve, 1_000))])).toMatchObject(
      {
        kind: 'job',
      },
    );
    end.resolve(RESULT);
    await detacher.idle();
    expect(noted.ended).toMatchObject([{ state: 'completed' }]);
  }
});

test('a client that hangs up after it was given a job ends nothing', async () => {
  const { detacher, call, end, seen, hangUp, noted } = open();
  expect(await detacher.call(call)).toMatchObject({ kind: 'job', job: { id: 'job_1' } });
  hangUp();
  expect(seen.call?.signal?.aborted).toBe(false);
  end.resolve(RESULT);
  await detacher.idle();
  expect(noted.ended).toEqual([{ state: 'completed', result: { kind: 'result', text: '{"content":[]}' } }]);
});

test('a task of the server is claimed once: by its own job, or by the job that the call is already', async () => {
  const late = open();
  await late.detacher.call(late.call);
  expect(late.seen.call?.longWork?.claim()).toBe(false);
  late.end.resolve(RESULT);

  const early = open({ detachAfterMs: 20 });
  const outcome = early.detacher.call(early.call);
  expect(early.seen.call?.longWork?.claim()).toBe(true);
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(early.noted.created).toBe(0);
  early.end.resolve({ kind: 'job', job: { id: 'job_server' } as Job });
  expect(await outcome).toMatchObject({ job: { id: 'job_server' } });
});

test('progress goes to the client while it waits, and to the job from then on, with the last that was told', async () => {
  const { detacher, call, end, seen, noted } = open({ detachAfterMs: 20 });
  const told: unknown[] = [];
  const outcome = detacher.call({ ...call, onProgress: (progress) => told.push(progress) });
  seen.call?.onProgress?.({ progress: 1 });
  await outcome;
  seen.call?.onProgress?.({ progress: 2 });
  expect(told).toEqual([{ progress: 1 }]);
  expect(noted.told).toEqual([{ progress: 1 }, { progress: 2 }]);
  end.resolve(RESULT);
});

test.each<[string, GateOutcome, EndedJob['state'], EndedJob['state']]>([
  ['an unknown outcome', UNKNOWN, 'unknown', 'cancelled'],
  ['nothing sent', { kind: 'refused', code: 'downstream_unavailable', message: 'Down.' }, 'failed', 'failed'],
  ['an error', { kind: 'error', raw: '{"code":1,"message":"no"}' }, 'failed', 'failed'],
  ['a result', RESULT, 'completed', 'completed'],
])(
  'a job that ends in %s is told so, also after its end was asked for',
  async (_what, outcome, state, asked) => {
    for (const [isAsked, expected] of [
      [false, state],
      [true, asked],
    ] as const) {
      const { detacher, call, end, noted, cancel, seen } = open();
      await detacher.call(call);
      if (isAsked) cancel('job_1');
      expect(seen.call?.signal?.aborted).toBe(isAsked);
      end.resolve(outcome);
      await detacher.idle();
      expect(noted.ended.map((one) => one.state)).toEqual([expected]);
    }
  },
);

test('a client is not let go while it is being asked something, and its time begins anew with its answer', async () => {
  const { detacher, call, end, seen, noted } = open({ detachAfterMs: 30 });
  const answer = Promise.withResolvers<ClientAnswer>();
  const client: CallClient = {
    key: 'k',
    capabilities: {},
    ask: () => answer.promise,
    tell: () => undefined,
  };
  const outcome = detacher.call({ ...call, client });
  const question = { method: 'elicitation/create', params: {} };
  const asked = seen.call?.client?.ask(question, new AbortController().signal);
  await new Promise((resolve) => setTimeout(resolve, 80));
  expect(noted.created).toBe(0);
  answer.resolve({ result: { action: 'accept' } });
  expect(await asked).toEqual({ result: { action: 'accept' } });
  expect(noted.created).toBe(0);
  expect(await outcome).toMatchObject({ kind: 'job' });
  const later = await seen.call?.client?.ask(question, new AbortController().signal);
  expect(later).toMatchObject({ none: expect.stringContaining('given a task') });
  end.resolve(RESULT);
});

test('a call that broke off has an unknown outcome', async () => {
  const { detacher, call, end, noted } = open();
  await detacher.call(call);
  end.reject(new Error('out of memory'));
  await detacher.idle();
  expect(noted.ended).toEqual([{ state: 'unknown', reason: 'It broke off: out of memory' }]);
});

test('the end of a session cancels what goes on for it, and for no other', async () => {
  const { detacher, call, seen, end } = open();
  await detacher.call(call);
  detacher.endSession('ses_2');
  expect(seen.call?.signal?.aborted).toBe(false);
  detacher.endSession('ses_1');
  expect(seen.call?.signal?.aborted).toBe(true);
  end.resolve(UNKNOWN);
  await detacher.idle();
});

test('who asks for a job gets one also of what is over at once, but none of what waits for a person', async () => {
  const over = open({ detachAfterMs: 60_000 });
  over.end.resolve(RESULT);
  expect(await over.detacher.call(over.call, { always: true })).toMatchObject({ kind: 'job' });
  await over.detacher.idle();
  expect(over.noted.ended).toHaveLength(1);

  const held = open({ unsent: true, detachAfterMs: 60_000 });
  held.end.resolve({ kind: 'denied', reason: 'Never.', rule: undefined });
  expect(await held.detacher.call(held.call, { always: true })).toMatchObject({ kind: 'denied' });
});
