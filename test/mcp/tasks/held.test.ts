import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Approver, enrol } from '../../support/approver.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { OPENS_PAGES } from '../support/opening-clients.ts';
import { mint, type TestSession } from '../support/sessions.ts';
import { legacyWire, modernWire } from '../support/wire.ts';
import { DISPOSITION, declaring, TASKS, taskClient } from './support/task-client.ts';

let gateway: TestGateway;
let person: Approver;
let amount = 100;

beforeAll(async () => {
  gateway = await startTestGateway();
  person = await enrol(gateway.app.origin, gateway.app.enrolUrl ?? '');
});

afterAll(() => gateway.close());

const approvalOf = (taskId: string): string => taskId.replace('job_', 'apr_');
const stateOf = async (id: string) => (await person.fetch('GET', `/v1/approvals/${id}`)).body.state;

/** A payment that no other test makes. */
function payment(): { amount_cents: number; to: string } {
  amount += 1;
  return { amount_cents: amount, to: 'c_1' };
}

/** Freezes a payment of a client that takes tasks. */
async function begin(session: TestSession) {
  const args = payment();
  const client = taskClient(session.access);
  const created = await client.call('pay', args);
  return { args, client, created, taskId: created.taskId as string, id: approvalOf(created.taskId) };
}

describe('a held call of a client that takes tasks', () => {
  test('is a task that works, and says where a person decides', async () => {
    const { created, id, taskId } = await begin(await mint(gateway));
    const { _meta, createdAt, lastUpdatedAt, ttlMs, ...rest } = created;
    const page = `${gateway.app.origin}/approvals/${id}`;
    expect(rest).toEqual({
      resultType: 'task',
      taskId,
      status: 'working',
      statusMessage: `The call of pay has not run: a person must approve it. Open ${page}`,
      pollIntervalMs: 2_000,
    });
    expect(taskId).toMatch(/^job_[0-9A-Za-z]{22}$/);
    expect(createdAt).toBe(lastUpdatedAt);
    expect(Number.isSafeInteger(ttlMs)).toBe(true);
    expect(Date.parse(createdAt) + ttlMs).toBeGreaterThan(
      Date.parse(_meta['countersign/approval'].expires_at),
    );
    expect(_meta['countersign/approval']).toMatchObject({ approval_id: id, approve_url: page });
    expect(_meta['io.modelcontextprotocol/model-immediate-response']).toContain(page);
    expect(await stateOf(id)).toBe('pending');
  });

  test('is told as a task before any other way that the client declared', async () => {
    const { access } = await mint(gateway);
    const created = await taskClient(access, OPENS_PAGES).call('pay', payment());
    expect(created).toMatchObject({ resultType: 'task', status: 'working' });
  });

  test('completes with the downstream’s own result, and says that it was approved and executed', async () => {
    const { args, client, id, taskId } = await begin(await mint(gateway));
    expect(await client.get(taskId)).toMatchObject({ resultType: 'complete', taskId, status: 'working' });
    await person.decide(id, 'approve');
    const task = await client.end(taskId);
    expect(task).toMatchObject({ resultType: 'complete', taskId, status: 'completed' });
    const { _meta, resultType, ...result } = task.result;
    expect(result).toEqual({
      content: [{ type: 'text', text: `paid ${args.amount_cents} cents to c_1` }],
      structuredContent: { paid_cents: args.amount_cents, to: 'c_1' },
    });
    expect(resultType).toBe('complete');
    expect(_meta[DISPOSITION]).toBe('approved-executed');
    expect(task).not.toHaveProperty('error');
  });

  test('completes, and does not fail, when a person denies it', async () => {
    const { client, id, taskId } = await begin(await mint(gateway));
    const before = gateway.received().length;
    await person.decide(id, 'deny', 'Not this one.');
    const task = await client.end(taskId);
    expect(task).toMatchObject({
      status: 'completed',
      result: {
        isError: true,
        structuredContent: { status: 'denied', reason: 'Not this one.' },
        _meta: { [DISPOSITION]: 'denied-not-executed' },
      },
    });
    expect(task.result.content[0].text).toContain('It did not run');
    expect(gateway.received()).toHaveLength(before);
  });

  test('is withdrawn by its cancellation, which can be asked for again', async () => {
    const { client, id, taskId } = await begin(await mint(gateway));
    for (const _ of [1, 2]) {
      const { status, message } = await client.request('tasks/cancel', { taskId });
      expect(status).toBe(200);
      expect(Object.keys(message.result).sort()).toEqual(['_meta', 'resultType']);
    }
    expect(await client.get(taskId)).toMatchObject({ status: 'cancelled' });
    expect(await stateOf(id)).toBe('cancelled');
    expect((await person.decide(id, 'approve')).status).toBe(409);
  });

  test('stays as it ended when it is cancelled too late', async () => {
    const { client, id, taskId } = await begin(await mint(gateway));
    await person.decide(id, 'approve');
    await client.end(taskId);
    await client.request('tasks/cancel', { taskId });
    expect(await client.get(taskId)).toMatchObject({ status: 'completed' });
  });

  test('is decided by nothing that is sent to it', async () => {
    const { client, id, taskId } = await begin(await mint(gateway));
    const before = gateway.received().length;
    const inputResponses = { approval: { action: 'accept' }, decision: { action: 'accept', content: {} } };
    const { message } = await client.request('tasks/update', { taskId, inputResponses });
    expect(message.result.resultType).toBe('complete');
    expect(await client.get(taskId)).toMatchObject({ status: 'working' });
    expect(await stateOf(id)).toBe('pending');
    expect(gateway.received()).toHaveLength(before);
  });

  test('made again is the same task while it is open, and its result at once when it is over', async () => {
    const { args, client, id, taskId } = await begin(await mint(gateway));
    expect((await client.call('pay', args)).taskId).toBe(taskId);
    await person.decide(id, 'approve');
    await client.end(taskId);
    const again = await client.call('pay', args);
    expect(again).toMatchObject({ resultType: 'complete', structuredContent: { to: 'c_1' } });
  });

  test('is there after the gateway was started again', async () => {
    const other = await startTestGateway();
    try {
      const who = await enrol(other.app.origin, other.app.enrolUrl ?? '');
      const first = taskClient(other.app.session.mcp);
      const open = await first.call('pay', payment());
      const denied = await first.call('pay', payment());
      await who.decide(approvalOf(denied.taskId), 'deny', 'No.');
      await other.restart();
      const client = taskClient(other.app.session.mcp);
      expect(await client.get(open.taskId)).toMatchObject({ status: 'working', createdAt: open.createdAt });
      const { status, result } = await client.get(denied.taskId);
      expect({ status, reason: result.structuredContent.reason }).toEqual({
        status: 'completed',
        reason: 'No.',
      });
    } finally {
      await other.close();
    }
  });
});

describe('a task', () => {
  test('of another session is as unknown as one that never was', async () => {
    const { taskId } = await begin(await mint(gateway));
    const stranger = taskClient((await mint(gateway)).access);
    for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel']) {
      const answers = [];
      for (const id of [taskId, `job_${'0'.repeat(22)}`]) {
        const { status, message } = await stranger.request(method, { taskId: id, inputResponses: {} });
        answers.push({
          status,
          error: { ...message.error, message: message.error.message.replace(id, '…') },
        });
      }
      expect(answers[0]).toEqual(answers[1]);
      expect(answers[0]?.error).toMatchObject({ code: -32602, message: 'This session has no task ….' });
    }
    expect(await stateOf(approvalOf(taskId))).toBe('pending');
  });

  test('is nothing for a client that did not declare tasks with this request', async () => {
    const session = await mint(gateway);
    const { taskId } = await begin(session);
    for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel']) {
      const params = { taskId, inputResponses: {} };
      const { status, message } = await modernWire(session.access).request(method, params);
      expect(status).toBe(400);
      expect(message.error).toMatchObject({
        code: -32021,
        data: { requiredCapabilities: { extensions: { [TASKS]: {} } } },
      });
    }
    expect(await stateOf(approvalOf(taskId))).toBe('pending');
  });

  test('whose id is not that of the header is refused, with a header that is missing too', async () => {
    const { client, taskId } = await begin(await mint(gateway));
    for (const name of ['job_another', undefined]) {
      const { status, message } = await client.request(
        'tasks/cancel',
        { taskId },
        { headers: { 'mcp-name': name } },
      );
      expect(status).toBe(400);
      expect(message.error.code).toBe(-32020);
    }
    expect(await client.get(taskId)).toMatchObject({ status: 'working' });
  });

  test('is the same on the lane of streams', async () => {
    const { client, taskId } = await begin(await mint(gateway));
    const withToken = { meta: { ...declaring(), progressToken: 1 } };
    const told = (await client.request('tasks/get', { taskId }, withToken)).message.result;
    const { _meta, ...direct } = await client.get(taskId);
    expect(told).toMatchObject(direct);
    await client.request('tasks/cancel', { taskId }, withToken);
    expect(await client.get(taskId)).toMatchObject({ status: 'cancelled' });
  });

  test.each(['tasks/list', 'tasks/result'])('knows no %s in 2026-07-28', async (method) => {
    const { client, taskId } = await begin(await mint(gateway));
    const { status, message } = await client.request(method, { taskId });
    expect(status).toBe(404);
    expect(message.error.code).toBe(-32601);
  });

  test('is announced with the draft for approvals, in 2026-07-28 alone', async () => {
    const { access } = await mint(gateway);
    const { capabilities } = (await modernWire(access).request('server/discover')).message.result;
    expect(capabilities.extensions).toMatchObject({
      [TASKS]: {},
      'io.modelcontextprotocol/tool-approval': {},
    });
    const { initialized } = await legacyWire(access);
    expect(Object.keys(initialized.result.capabilities.extensions)).not.toContain(TASKS);
    expect(initialized.result.capabilities).not.toHaveProperty('tasks');
  });
});

describe('one approval is behind a task and every other way', () => {
  test('begun as a task, it is collected by approval_wait in either era', async () => {
    const session = await mint(gateway);
    const { args, id } = await begin(session);
    await person.decide(id, 'approve');
    const waiting = { name: 'approval_wait', arguments: { approval_id: id } };
    for (const wire of [modernWire(session.access), await legacyWire(session.access)]) {
      const { result } = (await wire.request('tools/call', waiting)).message;
      expect(result.structuredContent).toEqual({ paid_cents: args.amount_cents, to: 'c_1' });
    }
  });

  test('begun by the plain result, it is collected as a task', async () => {
    const session = await mint(gateway);
    const args = payment();
    const wire = await legacyWire(session.access);
    const plain = (await wire.request('tools/call', { name: 'pay', arguments: args })).message.result;
    const client = taskClient(session.access);
    const { taskId } = await client.call('pay', args);
    expect(approvalOf(taskId)).toBe(plain.structuredContent.approval_id);
    await person.decide(approvalOf(taskId), 'deny');
    expect((await client.end(taskId)).result.structuredContent.status).toBe('denied');
  });
});
