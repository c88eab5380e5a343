import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { openLibsql } from '../../src/storage/libsql.ts';
import { connectV1, connectV2, type McpAccess } from '../support/agents.ts';
import { type Approver, enrol } from '../support/approver.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { openingV1, openingV2 } from './support/opening-clients.ts';
import { mint } from './support/sessions.ts';
import { taskClient } from './tasks/support/task-client.ts';

/** A call as an SDK makes it when it is given no options. */
type Call = (name: string, args: Record<string, unknown>) => Promise<any>;

const MINUTE_MS = 60_000;
const STEP_MS = 2_500;

let gateway: TestGateway;
let person: Approver;
let amount = 100;

beforeAll(async () => {
  // An engine that is handed in runs in this thread, and so by this thread's clock.
  gateway = await startTestGateway({ openDatabase: (file) => openLibsql({ file }) });
  person = await enrol(gateway.app.origin, gateway.app.enrolUrl ?? '');
  // From here on gateway and clients, which share this process, have one clock, and it stands still.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] });
});

afterAll(async () => {
  vi.useRealTimers();
  await gateway.close();
});

/** Lets what is under way on sockets and in the database go on: these two answers can only come after it. */
async function settle(): Promise<void> {
  for (const path of ['/v1/approvals?limit=1', '/v1/logs?limit=1'])
    expect((await gateway.api('GET', path)).status).toBe(200);
}

async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += STEP_MS) {
    await vi.advanceTimersByTimeAsync(STEP_MS);
    await settle();
  }
}

/** Lets everything happen that happens without time, such as the answers of the server's process, until `isThere`. */
async function until(isThere: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await isThere())) await settle();
}

/** The newest approval, as the operator sees it. */
const newest = async (): Promise<any> => (await gateway.api('GET', '/v1/approvals?limit=1')).body.data[0];

/** Calls as a model does that reads what it is told: approval_wait as often as a result says that it is pending. */
async function asModel(call: Call, args: Record<string, unknown>): Promise<{ result: any; waits: number }> {
  let result = await call('pay', args);
  let waits = 0;
  for (; result.structuredContent?.status === 'pending_approval'; waits += 1)
    result = await call('approval_wait', { approval_id: result.structuredContent.approval_id });
  return { result, waits };
}

const accept = () => ({ action: 'accept' }) as const;

async function plainV1(access: McpAccess): Promise<Call> {
  const client = await connectV1(access);
  onTestFinished(() => client.close());
  return (name, args) => client.callTool({ name, arguments: args });
}

async function plainV2(access: McpAccess, mode: 'legacy' | 'modern'): Promise<Call> {
  const client = await connectV2(access, mode);
  onTestFinished(() => client.close());
  return (name, args) => client.callTool({ name, arguments: args });
}

/** The SDKs' own clients know no tasks of this revision: this one polls, and gives up when they would. */
async function polling(access: McpAccess): Promise<Call> {
  const client = taskClient(access);
  const patient = <T>(answer: Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('Request timed out')), MINUTE_MS);
      answer.then(resolve, reject).finally(() => clearTimeout(timer));
    });
  return async (name, args) => {
    const created = await patient(client.call(name, args));
    for (;;) {
      const task = await patient(client.get(created.taskId));
      if (task.status !== 'working') return task.result;
      await new Promise((resolve) => setTimeout(resolve, task.pollIntervalMs));
    }
  };
}

const CLIENTS: readonly (readonly [name: string, connect: (access: McpAccess) => Promise<Call>])[] = [
  ['v1, told by the plain result,', plainV1],
  ['v2 of 2025-11-25, told by the plain result,', (access) => plainV2(access, 'legacy')],
  ['v2 of 2026-07-28, told by the plain result,', (access) => plainV2(access, 'modern')],
  ['v1, asked over its connection,', async (access) => (await openingV1(access, accept)).call],
  [
    'v2 of 2025-11-25, asked over its connection,',
    async (access) => (await openingV2(access, 'legacy', accept)).call,
  ],
  [
    'v2 of 2026-07-28, asked to come back,',
    async (access) => (await openingV2(access, 'modern', accept)).call,
  ],
];

describe('with the defaults of its SDK, a client', { timeout: 60_000 }, () => {
  const errors: unknown[] = [];
  afterEach(() => {
    expect(errors.splice(0)).toEqual([]);
  });

  /** Pays, approved after ten minutes; gives how often the model had to ask for the result. */
  async function payLate(connect: (access: McpAccess) => Promise<Call>): Promise<number> {
    const call = await connect((await mint(gateway)).access);
    amount += 1;
    const [known, before] = [await newest(), gateway.received().length];
    const outcome = asModel(call, { amount_cents: amount, to: 'c_1' });
    const state = { isOver: false };
    outcome
      .catch((error: unknown) => errors.push(error))
      .finally(() => {
        state.isOver = true;
      });
    await until(async () => (await newest())?.id !== known?.id);
    await pass(10 * MINUTE_MS);
    expect(errors).toEqual([]);
    const { id, ...rest } = await newest();
    expect(rest).toMatchObject({ state: 'pending', exposed: 'pay' });
    expect(gateway.received()).toHaveLength(before);
    expect((await person.decide(id, 'approve')).status).toBe(200);
    await until(async () => (await newest()).state === 'succeeded');
    // A client that polls asks when its time has come.
    await until(async () => {
      if (!state.isOver) await vi.advanceTimersByTimeAsync(100);
      return state.isOver;
    });
    const { result, waits } = await outcome;
    expect(result.structuredContent).toEqual({ paid_cents: amount, to: 'c_1' });
    expect(result.isError ?? false).toBe(false);
    expect(gateway.received()).toHaveLength(before + 1);
    return waits;
  }

  test.each(CLIENTS)(
    '%s whose call waits ten minutes for a person ends in its result',
    async (_, connect) => {
      const waits = await payLate(connect);
      // Each wait lasts 25 s: a gateway that answered sooner would be asked more often, one that held longer less.
      expect(waits).toBeGreaterThan(15);
      expect(waits).toBeLessThan(26);
    },
  );

  test('given a task whose call waits ten minutes for a person ends in its result', async () => {
    expect(await payLate(polling)).toBe(0);
  });

  test.each(CLIENTS)(
    '%s gives up after a minute of silence, so that too long a wait would be seen',
    async (_, connect) => {
      const call = await connect((await mint(gateway)).access);
      const before = gateway.received().length;
      const outcome = call('slow', { ms: 3_600_000 }).then(
        () => 'answered',
        (error: Error) => error.message,
      );
      await until(() => gateway.received().length > before);
      await pass(MINUTE_MS - STEP_MS);
      expect(await Promise.race([outcome, settle()])).toBeUndefined();
      await pass(2 * STEP_MS);
      expect(await outcome).toMatch(/timed out/i);
      // The server hears of it before time goes on.
      expect((await call('echo', { text: 'still here' })).content[0].text).toBe('still here');
    },
  );
});
