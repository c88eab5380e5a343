import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Approver, enrol } from '../../support/approver.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { type EventStream, eventStream } from '../support/event-stream.ts';
import { mint, revoke, type TestSession } from '../support/sessions.ts';
import { modernMessage } from '../support/wire.ts';
import { declaring, taskClient } from './support/task-client.ts';

let gateway: TestGateway;
let person: Approver;
let amount = 100;

beforeAll(async () => {
  gateway = await startTestGateway({ settings: { jobs: { detach_after: '20ms' } } });
  person = await enrol(gateway.app.origin, gateway.app.enrolUrl ?? '');
});

afterAll(() => gateway.close());

const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';
const SUBSCRIPTION = 'io.modelcontextprotocol/subscriptionId';

async function begin(session: TestSession) {
  amount += 1;
  const created = await taskClient(session.access).call('pay', { amount_cents: amount, to: 'c_1' });
  return { taskId: created.taskId as string, id: created.taskId.replace('job_', 'apr_') as string };
}

async function open(
  session: TestSession,
  notifications: object,
  meta: object = declaring(),
): Promise<Response> {
  const request = { id: 'l-1', method: 'subscriptions/listen', params: { notifications }, meta };
  return fetch(session.access.url, { method: 'POST', ...modernMessage(session.access, request) });
}

/** A stream that is open, with what was acknowledged. */
async function listen(
  session: TestSession,
  notifications: object,
): Promise<{ stream: EventStream; ack: any }> {
  const stream = eventStream(await open(session, notifications));
  onTestFinished(() => stream.close());
  return { stream, ack: await stream.next(({ method }) => method === ACKNOWLEDGED) };
}

describe('a client that listens for tasks', () => {
  test('is told of each change as the whole task, and the stream ends with the last of them', async () => {
    const session = await mint(gateway);
    const { taskId, id } = await begin(session);
    const { stream, ack } = await listen(session, { taskIds: [taskId] });
    expect(ack.params).toMatchObject({
      notifications: { taskIds: [taskId] },
      _meta: { [SUBSCRIPTION]: 'l-1' },
    });
    const first = await stream.next();
    expect(first).toMatchObject({ method: 'notifications/tasks', params: { taskId, status: 'working' } });
    expect(first.params._meta[SUBSCRIPTION]).toBe('l-1');
    await person.decide(id, 'approve');
    const last = await stream.next(({ params }) => params?.status === 'completed');
    expect(last.params.result.structuredContent).toMatchObject({ to: 'c_1' });
    const { _meta, ...told } = last.params;
    const { _meta: ours, resultType, ...got } = await taskClient(session.access).get(taskId);
    expect(told).toEqual(got);
    expect(await stream.next()).toMatchObject({ id: 'l-1', result: { resultType: 'complete' } });
    await stream.ended;
  });

  test('is told of a detached call too', async () => {
    const session = await mint(gateway);
    const { taskId } = await taskClient(session.access).call('slow', { ms: 300 });
    const { stream } = await listen(session, { taskIds: [taskId] });
    const last = await stream.next(({ params }) => params?.status === 'completed');
    expect(last.params.result.content[0].text).toBe('done');
  });

  test('of its own session alone', async () => {
    const session = await mint(gateway);
    const { taskId } = await begin(session);
    const { taskId: foreign } = await begin(await mint(gateway));
    const { stream, ack } = await listen(session, { taskIds: [foreign, taskId, 'job_never'] });
    expect(ack.params.notifications.taskIds).toEqual([taskId]);
    expect((await stream.next()).params.taskId).toBe(taskId);
  });

  test('and for other changes is told of both, on a stream that stays', async () => {
    const session = await mint(gateway);
    const { taskId, id } = await begin(session);
    const { stream, ack } = await listen(session, { taskIds: [taskId], toolsListChanged: true });
    expect(ack.params.notifications).toEqual({ toolsListChanged: true, taskIds: [taskId] });
    await person.decide(id, 'deny');
    await stream.next(({ params }) => params?.status === 'completed');
    await gateway.writePolicy(
      'version: 1\ndefaults: { effect: hold }\nrules:\n  - { id: slow, match: { tools: ["oracle/slow"] }, effect: allow }\n',
    );
    await stream.next(({ method }) => method === 'notifications/tools/list_changed');
  });

  test('without having declared them is refused', async () => {
    const session = await mint(gateway);
    const { taskId } = await begin(session);
    const response = await open(session, { taskIds: [taskId] }, {});
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ id: 'l-1', error: { code: -32021 } });
  });

  test('is cut off when its session is revoked', async () => {
    const session = await mint(gateway);
    const { taskId } = await begin(session);
    const { stream } = await listen(session, { taskIds: [taskId] });
    await revoke(gateway, session);
    await stream.ended;
  });
});
