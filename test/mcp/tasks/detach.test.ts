import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { mint, revoke } from '../support/sessions.ts';
import { legacyWire, modernWire } from '../support/wire.ts';
import { declaring, isOver, taskClient } from './support/task-client.ts';
import { trail, trailOf } from './support/trail.ts';

let gateway: TestGateway;

const DETACHES = { jobs: { detach_after: '50ms' } };
/** Longer than any test waits. */
const FOR_EVER = { ms: 600_000 };

beforeAll(async () => {
  gateway = await startTestGateway({ settings: DETACHES });
});

afterAll(() => gateway.close());

const kinds = (entries: any[]): string[] => entries.map(({ body }) => body.kind);
const jobOf = async (id: string) => (await gateway.api('GET', `/v1/jobs/${id}`)).body;

describe('a call that lasts, of a client that takes tasks', () => {
  test('becomes a task, goes on, and ends in its result', async () => {
    const session = await mint(gateway);
    const client = taskClient(session.access);
    const created = await client.call('slow', { ms: 300 });
    expect(created).toMatchObject({ resultType: 'task', status: 'working', pollIntervalMs: 2_000 });
    expect(await trail(gateway, session.id, 'call.outcome')).toEqual([]);
    const task = await client.end(created.taskId);
    expect(task.status).toBe('completed');
    expect(task.result.content).toEqual([{ type: 'text', text: 'done' }]);
    const [intent] = await trail(gateway, session.id, 'call.intent');
    const [outcome] = await trail(gateway, session.id, 'call.outcome');
    expect(outcome).toMatchObject({ ref: { call: intent.ref.call }, body: { kind: 'result' } });
    expect(await jobOf(created.taskId)).toMatchObject({
      source: 'call',
      state: 'completed',
      server: 'oracle',
      tool: 'slow',
      progress: { progress: 1, total: 2 },
    });
  });

  test('is sent once, and on the lane of streams becomes the same', async () => {
    const session = await mint(gateway);
    const before = gateway.received().length;
    const meta = { ...declaring(), progressToken: 'p' };
    const params = { name: 'slow', arguments: { ms: 300 } };
    const { message } = await modernWire(session.access).request('tools/call', params, { meta });
    expect(message.result).toMatchObject({ resultType: 'task', status: 'working' });
    expect((await taskClient(session.access).end(message.result.taskId)).status).toBe('completed');
    expect(gateway.received()).toHaveLength(before + 1);
  });

  test('goes on when its client hangs up, once there is a task', async () => {
    const session = await mint(gateway);
    const client = taskClient(session.access);
    const controller = new AbortController();
    const params = { name: 'slow', arguments: { ms: 300 } };
    const { message } = await client.request('tools/call', params, { signal: controller.signal });
    controller.abort();
    expect((await client.end(message.result.taskId)).status).toBe('completed');
  });

  test('is cancelled at its server when the client cancels the task, and may have run', async () => {
    const session = await mint(gateway);
    const client = taskClient(session.access);
    const { taskId } = await client.call('slow', FOR_EVER);
    const { message } = await client.request('tasks/cancel', { taskId });
    expect(message.result.resultType).toBe('complete');
    const task = await client.end(taskId);
    expect(task.status).toBe('cancelled');
    expect(task.statusMessage).toContain('It may have run');
    expect(task).not.toHaveProperty('result');
    expect(kinds(await trail(gateway, session.id, 'call.outcome'))).toEqual(['unknown']);
    await client.request('tasks/cancel', { taskId });
    expect((await client.get(taskId)).status).toBe('cancelled');
  });

  test('is cancelled when its session is revoked', async () => {
    const session = await mint(gateway);
    const { taskId } = await taskClient(session.access).call('slow', FOR_EVER);
    await revoke(gateway, session);
    const [outcome] = await trailOf(gateway, session.id, { type: 'call.outcome', count: 1 });
    expect(outcome.body.kind).toBe('unknown');
    const { body } = await gateway.api('GET', `/v1/jobs/${taskId}/wait?timeout_ms=5000`);
    expect(isOver({ status: body.state }) || body.state === 'unknown').toBe(true);
  });

  test('of another session is not found', async () => {
    const { taskId } = await taskClient((await mint(gateway)).access).call('slow', FOR_EVER);
    const stranger = taskClient((await mint(gateway)).access);
    for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel']) {
      const { message } = await stranger.request(method, { taskId, inputResponses: {} });
      expect(message.error.code).toBe(-32602);
    }
    expect((await jobOf(taskId)).state).toBe('working');
  });

  test('has an unknown outcome after its gateway was stopped, and the task says so', async () => {
    const other = await startTestGateway({ settings: DETACHES });
    try {
      const { taskId } = await taskClient(other.app.session.mcp).call('slow', FOR_EVER);
      await other.restart();
      const task = await taskClient(other.app.session.mcp).get(taskId);
      expect(task).toMatchObject({ status: 'failed', error: { data: { code: 'outcome_unknown' } } });
      expect(other.received()).toHaveLength(1);
    } finally {
      await other.close();
    }
  });
});

describe('a call stays a call', () => {
  test('when it ends soon enough', async () => {
    const session = await mint(gateway);
    const result = await taskClient(session.access).call('echo', { text: 'quick' });
    expect(result).toMatchObject({ resultType: 'complete', content: [{ text: 'quick' }] });
    expect(await trail(gateway, session.id, 'job.created')).toEqual([]);
  });

  test('of a client that did not declare tasks, in either era, however long it takes', async () => {
    const session = await mint(gateway);
    for (const wire of [modernWire(session.access), await legacyWire(session.access)]) {
      const params = { name: 'slow', arguments: { ms: 200 } };
      const { result } = (await wire.request('tools/call', params)).message;
      expect(result.content).toEqual([{ type: 'text', text: 'done' }]);
    }
    expect(await trail(gateway, session.id, 'job.created')).toEqual([]);
  });

  test('that ends with its client when that hangs up before there is a task', async () => {
    const slow = await startTestGateway({ settings: { jobs: { detach_after: '5m' } } });
    try {
      const session = await mint(slow);
      const controller = new AbortController();
      const params = { name: 'slow', arguments: FOR_EVER };
      const given = taskClient(session.access)
        .request('tools/call', params, { signal: controller.signal })
        .catch(() => 'given up');
      await trailOf(slow, session.id, { type: 'call.intent', count: 1 });
      controller.abort();
      expect(await given).toBe('given up');
      await trailOf(slow, session.id, { type: 'call.outcome', count: 1 });
      expect(await trail(slow, session.id, 'job.created')).toEqual([]);
    } finally {
      await slow.close();
    }
  });
});

test('a client that is asked by a server is not let go meanwhile, and its answer arrives', async () => {
  const asker = fileURLToPath(new URL('../../support/downstreams/v1-asker-main.ts', import.meta.url));
  const old = { command: process.execPath, args: [asker], prefix: 'old', relay: ['elicitation'] };
  const policy =
    'version: 1\ndefaults: { effect: deny }\nrules:\n  - { id: a, match: { tools: ["old/*"] }, effect: allow }\n';
  const asking = await startTestGateway({ settings: DETACHES, policy, servers: { old } });
  try {
    const client = taskClient(asking.app.session.mcp, { elicitation: {} });
    const call = { name: 'old_ask', arguments: { kind: 'elicitation' } };
    const { requestState, inputRequests } = await client.call(call.name, call.arguments);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const answer = { action: 'accept', content: { word: 'one' } };
    const inputResponses = Object.fromEntries(Object.keys(inputRequests).map((key) => [key, answer]));
    const { message } = await client.request('tools/call', { ...call, requestState, inputResponses });
    expect(JSON.parse(message.result.content[0].text)).toEqual(answer);
  } finally {
    await asking.close();
  }
});

test('the time after which a client is let go is refused when it is none, or too long', async () => {
  for (const detach_after of ['soon', '6m']) {
    await expect(startTestGateway({ settings: { jobs: { detach_after } } })).rejects.toThrow(
      /jobs\.detach_after: expected a time such as "15s", of at most 5 minutes/,
    );
  }
});
