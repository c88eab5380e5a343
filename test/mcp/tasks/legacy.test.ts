import { expect, onTestFinished, test } from 'vitest';
import { connectV1 } from '../../support/agents.ts';
import { enrol } from '../../support/approver.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { mint } from '../support/sessions.ts';
import { legacyWire, modernWire } from '../support/wire.ts';
import { taskClient } from './support/task-client.ts';
import { trail } from './support/trail.ts';
import { startV1TaskServer } from './support/v1-task-server.ts';

const POLICY = `version: 1
defaults: { effect: deny }
rules:
  - id: work
    match: { tools: ["studio/*", "oracle/slow"] }
    effect: allow
  - id: risky
    match: { tools: ["studio/build"] }
    when: args.what == "risky"
    effect: hold
    risk: high
    reason: It is risky.
  - id: forbidden
    match: { tools: ["studio/build"] }
    when: args.what == "forbidden"
    effect: deny
    reason: Never.
`;

async function open() {
  const server = await startV1TaskServer();
  const gateway = await startTestGateway({
    policy: POLICY,
    servers: { studio: { type: 'http', url: server.url } },
  });
  onTestFinished(() => gateway.close());
  const session = await mint(gateway);
  const wire = await legacyWire(session.access);
  const call = async (name: string, what: string, task: object | null = {}): Promise<any> =>
    (await wire.request('tools/call', { name, arguments: { what }, ...(task && { task }) })).message;
  const ask = async (method: string, taskId: string): Promise<any> =>
    (await wire.request(method, { taskId })).message;
  return { server, gateway, session, wire, call, ask };
}

test('a client of the v1 SDK streams a task of a v1 server to its result, whether a task is required or not', async () => {
  const { server, session } = await open();
  const client = await connectV1(session.access);
  onTestFinished(() => client.close());
  await client.listTools();
  for (const name of ['build', 'render']) {
    const seen: string[] = [];
    const stream = client.experimental.tasks.callToolStream({ name, arguments: { what: name } });
    for await (const message of stream) {
      seen.push(message.type);
      if (message.type === 'taskCreated') {
        expect(message.task.taskId).toMatch(/^job_/);
        await server.finish('done');
      }
      if (message.type === 'error') throw message.error;
      if (message.type === 'result')
        expect(message.result).toMatchObject({ content: [{ type: 'text', text: `${name}: done` }] });
    }
    expect([seen[0], seen.at(-1)]).toEqual(['taskCreated', 'result']);
  }
});

test('tasks are announced to 2025-11-25 where a tool can be called as one, and to no revision before', async () => {
  const { session } = await open();
  const { capabilities } = (await legacyWire(session.access)).initialized.result;
  expect(capabilities.tasks).toEqual({ cancel: {}, requests: { tools: { call: {} } } });
  const before = await legacyWire(session.access, '2025-06-18');
  expect(before.initialized.result.capabilities).not.toHaveProperty('tasks');
});

test('a call as a task stands as this revision says, and its result names its task', async () => {
  const { server, gateway, session, call, ask } = await open();
  const { task } = (await call('build', 'a house')).result;
  expect(Object.keys(task).sort()).toEqual([
    'createdAt',
    'lastUpdatedAt',
    'pollInterval',
    'status',
    'taskId',
    'ttl',
  ]);
  expect(task.status).toBe('working');
  const result = ask('tasks/result', task.taskId);
  await server.finish('built');
  expect((await result).result).toMatchObject({
    content: [{ text: 'a house: built' }],
    _meta: { 'io.modelcontextprotocol/related-task': { taskId: task.taskId } },
  });
  expect((await ask('tasks/get', task.taskId)).result.status).toBe('completed');
  const outcomes = await trail(gateway, session.id, 'call.outcome');
  expect(outcomes.map(({ body }) => body.kind)).toEqual(['result']);
});

test('a tool’s own error is the failure of its task, in this revision', async () => {
  const { server, call, ask } = await open();
  const { task } = (await call('render', 'a film')).result;
  await server.finish('no light', true);
  const { result } = await ask('tasks/result', task.taskId);
  expect(result).toMatchObject({ isError: true, content: [{ text: 'a film: no light' }] });
  expect((await ask('tasks/get', task.taskId)).result.status).toBe('failed');
});

test('a task is cancelled at its server, once', async () => {
  const { server, call, ask } = await open();
  const { task } = (await call('render', 'a film')).result;
  expect((await ask('tasks/cancel', task.taskId)).result).toMatchObject({ status: 'cancelled' });
  expect(server.cancelled).toHaveLength(1);
  expect((await ask('tasks/cancel', task.taskId)).error.code).toBe(-32602);
  expect((await ask('tasks/result', task.taskId)).error.message).toContain('cancelled');
});

test('a held call as a task waits for a person, and is withdrawn by its cancellation', async () => {
  const { gateway, session, wire, call, ask } = await open();
  const person = await enrol(gateway.app.origin, gateway.app.enrolUrl ?? '');
  const { task, _meta } = (await call('build', 'risky')).result;
  expect(task).toMatchObject({
    status: 'working',
    statusMessage: expect.stringContaining('/approvals/apr_'),
  });
  expect(_meta['countersign/approval'].approval_id).toBe(task.taskId.replace('job_', 'apr_'));
  const result = ask('tasks/result', task.taskId);
  await person.decide(task.taskId.replace('job_', 'apr_'), 'deny', 'No.');
  expect((await result).result.structuredContent).toMatchObject({ status: 'denied', reason: 'No.' });
  const other = (
    await wire.request('tools/call', {
      name: 'build',
      arguments: { what: 'risky' },
      task: {},
      _meta: { 'countersign/idempotency-key': 'two' },
    })
  ).message.result.task;
  expect((await ask('tasks/cancel', other.taskId)).result.status).toBe('cancelled');
  const stranger = await legacyWire((await mint(gateway)).access);
  for (const method of ['tasks/get', 'tasks/result', 'tasks/cancel'])
    expect((await stranger.request(method, { taskId: task.taskId })).message.error.code).toBe(-32602);
  expect(session.id).not.toBe('');
});

test('what is denied, or no task can be of, is an error', async () => {
  const { call } = await open();
  expect((await call('build', 'forbidden')).error.message).toContain('Policy denies');
  expect((await call('plain', 'words')).error.code).toBe(-32601);
  expect((await call('plain', 'words', null)).result.content[0].text).toBe('words');
});

test('a tool outside the scope is as unknown to a call as a task as one that never was', async () => {
  const { gateway } = await open();
  const narrow = await legacyWire((await mint(gateway, { tools: ['oracle/slow'] })).access);
  const errors = [];
  for (const name of ['plain', 'build', 'never'])
    errors.push((await narrow.request('tools/call', { name, arguments: {}, task: {} })).message.error);
  const said = errors.map(({ code, message }, at) => [
    code,
    message.replace(['plain', 'build', 'never'][at], ''),
  ]);
  expect(new Set(said.map((one) => JSON.stringify(one))).size).toBe(1);
});

test('a tool that must be called as a task can be called by clients that know none', async () => {
  const { session, call } = await open();
  expect((await call('render', 'at once', null)).result.content[0].text).toBe('at once: done');
  const params = { name: 'render', arguments: { what: 'at once' } };
  const { result } = (await modernWire(session.access).request('tools/call', params)).message;
  expect(result.content[0].text).toBe('at once: done');
});

test('a client of 2026-07-28 gets a task of a v1 server as a task of its own revision', async () => {
  const { server, session } = await open();
  const client = taskClient(session.access);
  const { taskId } = await client.call('build', { what: 'a bridge' });
  await server.finish('built');
  expect(await client.end(taskId)).toMatchObject({
    status: 'completed',
    result: { content: [{ text: 'a bridge: built' }] },
  });
});
