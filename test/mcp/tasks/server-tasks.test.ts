import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Fixture, startFixture } from '../../conformance/fixture/start.ts';
import { type Approver, enrol } from '../../support/approver.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { mint, revoke } from '../support/sessions.ts';
import { legacyWire, modernWire } from '../support/wire.ts';
import { DISPOSITION, TASKS, taskClient } from './support/task-client.ts';
import { trail, trailOf } from './support/trail.ts';

const POLICY = `version: 1
defaults: { effect: deny }
rules:
  - id: work
    match: { tools: ["works/*"] }
    effect: allow
  - id: risky
    match: { tools: ["works/failing_job"] }
    effect: hold
    risk: high
    reason: It may fail.
`;
const ASKABLE = { elicitation: {} };

let server: Fixture;
let gateway: TestGateway;
let person: Approver;

const start = (relay: readonly string[] = ['elicitation']) =>
  startTestGateway({
    policy: POLICY,
    servers: { works: { type: 'http', url: server.url, relay } },
  });

beforeAll(async () => {
  server = await startFixture('modern');
  gateway = await start();
  person = await enrol(gateway.app.origin, gateway.app.enrolUrl ?? '');
});

afterAll(async () => {
  await gateway.close();
  await server.close();
});

const jobOf = async (id: string) => (await gateway.api('GET', `/v1/jobs/${id}`)).body;
const compute = (seconds: number) => ({ seconds, label: 'it' });

describe('a task of a server', () => {
  test('is followed to its result, under an id of the gateway’s own', async () => {
    const session = await mint(gateway);
    const client = taskClient(session.access);
    const created = await client.call('slow_compute', compute(0.2));
    expect(created).toMatchObject({ resultType: 'task', status: 'working' });
    expect(created.taskId).toMatch(/^job_[0-9A-Za-z]{22}$/);
    expect(await trail(gateway, session.id, 'call.outcome')).toEqual([]);
    const task = await client.end(created.taskId);
    expect(task).toMatchObject({
      taskId: created.taskId,
      status: 'completed',
      result: { content: [{ type: 'text', text: 'Computed it' }] },
    });
    const [intent] = await trail(gateway, session.id, 'call.intent');
    const outcomes = await trail(gateway, session.id, 'call.outcome');
    expect(outcomes).toHaveLength(1);
    expect(outcomes[0]).toMatchObject({ ref: { call: intent.ref.call }, body: { kind: 'result' } });
    expect(await jobOf(created.taskId)).toMatchObject({ source: 'task', state: 'completed' });
  });

  test('ends without anybody asking for it', async () => {
    const session = await mint(gateway);
    const { taskId } = await taskClient(session.access).call('slow_compute', compute(0.1));
    const { body } = await gateway.api('GET', `/v1/jobs/${taskId}/wait?timeout_ms=10000`);
    expect(body.state).toBe('completed');
  });

  test('fails with the error of the protocol', async () => {
    const session = await mint(gateway);
    const client = taskClient(session.access);
    const { taskId } = await client.call('protocol_error_job');
    const error = { code: -32603, message: 'The job could not be run' };
    expect(await client.end(taskId)).toMatchObject({ status: 'failed', error });
    const [outcome] = await trail(gateway, session.id, 'call.outcome');
    expect(outcome.body.kind).toBe('error');
  });

  test('is cancelled at its server', async () => {
    const session = await mint(gateway);
    const client = taskClient(session.access);
    const { taskId } = await client.call('slow_compute', compute(600));
    await client.request('tasks/cancel', { taskId });
    expect((await client.end(taskId)).status).toBe('cancelled');
    const [outcome] = await trail(gateway, session.id, 'call.outcome');
    expect(outcome.body).toMatchObject({ kind: 'unknown', reason: 'the server has cancelled the task' });
  });

  test('is cancelled when its session is revoked', async () => {
    const session = await mint(gateway);
    const { taskId } = await taskClient(session.access).call('slow_compute', compute(600));
    await revoke(gateway, session);
    await trailOf(gateway, session.id, { type: 'call.outcome', count: 1 });
    const { body } = await gateway.api('GET', `/v1/jobs/${taskId}/wait?timeout_ms=10000`);
    expect(body.state).toBe('cancelled');
  });

  test('of another session is not found, nor is its server’s own id', async () => {
    const { taskId } = await taskClient((await mint(gateway)).access).call('slow_compute', compute(600));
    const stranger = taskClient((await mint(gateway)).access);
    for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel']) {
      const { message } = await stranger.request(method, { taskId, inputResponses: {} });
      expect(message.error.code).toBe(-32602);
    }
    const job = await jobOf(taskId);
    expect(job.state).toBe('working');
    expect(JSON.stringify(job)).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-/);
  });

  test('goes on to be followed after the gateway was started again', async () => {
    const other = await start();
    try {
      const { taskId } = await taskClient(other.app.session.mcp).call('slow_compute', compute(1.5));
      await other.restart();
      const task = await taskClient(other.app.session.mcp).end(taskId);
      expect(task).toMatchObject({ status: 'completed', result: { content: [{ text: 'Computed it' }] } });
      const { body } = await other.api('GET', '/v1/logs?type=call.outcome');
      expect(body.data).toHaveLength(1);
    } finally {
      await other.close();
    }
  });
});

describe('a client that did not declare tasks', () => {
  test('gets the result itself, in either era', async () => {
    const { access } = await mint(gateway);
    for (const wire of [modernWire(access), await legacyWire(access)]) {
      const params = { name: 'slow_compute', arguments: compute(0.1) };
      const { result } = (await wire.request('tools/call', params)).message;
      expect(result.content).toEqual([{ type: 'text', text: 'Computed it' }]);
    }
  });

  test('is told which capability a tool needs that is nothing but a task', async () => {
    const { access } = await mint(gateway);
    const { message } = await modernWire(access).request('tools/call', { name: 'test_tool_with_task' });
    expect(message.error).toMatchObject({
      code: -32021,
      data: { requiredCapabilities: { extensions: { [TASKS]: {} } } },
    });
  });
});

describe('a server’s task that asks', () => {
  test('asks its client, with its name in front, and goes on with the answer', async () => {
    const session = await mint(gateway);
    const client = taskClient(session.access, ASKABLE);
    const { taskId } = await client.call('multi_input');
    const asking = await client.until(taskId, ({ status }) => status === 'input_required');
    expect(Object.keys(asking.inputRequests).sort()).toEqual(['first', 'second']);
    expect(asking.inputRequests.first).toMatchObject({
      method: 'elicitation/create',
      params: { message: 'From the server works: Go on? (first)' },
    });
    const answer = { action: 'accept', content: { confirm: true } };
    const update = (inputResponses: object) => client.request('tasks/update', { taskId, inputResponses });
    await update({ first: answer, forged: answer });
    const partly = await client.get(taskId);
    expect(Object.keys(partly.inputRequests)).toEqual(['second']);
    await update({ second: { action: 'decline' } });
    const task = await client.end(taskId);
    expect(task.result.content[0].text).toContain('"confirm":true');
    const asked = await trail(gateway, session.id, 'call.asked');
    expect(asked.map(({ body }) => body)).toEqual([
      { server: 'works', kind: 'elicitation', answer: 'accept' },
      { server: 'works', kind: 'elicitation', answer: 'decline' },
    ]);
  });

  test('is not answered with what is no answer', async () => {
    const client = taskClient((await mint(gateway)).access, ASKABLE);
    const { taskId } = await client.call('confirm_delete', { filename: 'x' });
    await client.until(taskId, ({ status }) => status === 'input_required');
    const inputResponses = { confirm: { action: 'approve' } };
    await client.request('tasks/update', { taskId, inputResponses });
    expect((await client.get(taskId)).status).toBe('input_required');
  });

  test('asks nobody who did not say that they can be asked', async () => {
    const { access } = await mint(gateway);
    const asked = taskClient(access, ASKABLE);
    const { taskId } = await asked.call('confirm_delete', { filename: 'x' });
    await asked.until(taskId, ({ status }) => status === 'input_required');
    const silent = taskClient(access);
    const task = await silent.get(taskId);
    expect(task).toMatchObject({
      status: 'working',
      statusMessage: 'The server asks for input that is not relayed.',
    });
    expect(task).not.toHaveProperty('inputRequests');
    const inputResponses = { confirm: { action: 'accept', content: { confirm: true } } };
    await silent.request('tasks/update', { taskId, inputResponses });
    expect((await asked.get(taskId)).status).toBe('input_required');
  });

  test('asks nobody where config does not relay it', async () => {
    const silent = await start([]);
    try {
      const client = taskClient(silent.app.session.mcp, ASKABLE);
      const { taskId } = await client.call('confirm_delete', { filename: 'x' });
      const task = await client.end(taskId);
      expect(task).not.toHaveProperty('inputRequests');
      expect(task.status).toBe('failed');
    } finally {
      await silent.close();
    }
  });
});

test('a held call of a tool that is nothing but a task is waited for, and its result is the approval’s', async () => {
  const session = await mint(gateway);
  const client = taskClient(session.access);
  const { taskId } = await client.call('failing_job');
  await person.decide(taskId.replace('job_', 'apr_'), 'approve');
  expect(await client.end(taskId)).toMatchObject({
    status: 'completed',
    result: {
      isError: true,
      content: [{ text: 'The job failed' }],
      _meta: { [DISPOSITION]: 'execution-error' },
    },
  });
});
