import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Countersign, type CountersignOptions } from '../../src/sdk/countersign.ts';
import { isPendingApproval } from '../../src/sdk/pending.ts';
import { json, page, problem, type Reply, type SeenRequest, startFakeGateway } from './fake-gateway.ts';
import { approvalDetailWire, approvalWire } from './wire-samples.ts';

async function setUp(options: CountersignOptions = {}) {
  const gateway = await startFakeGateway();
  onTestFinished(() => gateway[Symbol.asyncDispose]());
  const client = new Countersign({ baseUrl: gateway.origin, apiKey: 'cs_k', ...options });
  return { gateway, client };
}

test('an approval is mapped to camel case, member by member', async () => {
  const { gateway, client } = await setUp();
  gateway.on(
    'GET /v1/approvals/apr_1',
    json(200, { ...approvalDetailWire, result: { kind: 'result', text: '{}' } }),
  );
  const approval = await client.approvals.get('apr_1');
  expect(approval).toMatchObject({
    id: 'apr_1',
    stateReason: null,
    requestedAt: '2026-01-01T00:00:00.000Z',
    decidedAt: null,
    callDigest: 'sha256:00',
    viewCommit: '03',
    toolDefinition: { name: 'payments_refund' },
    result: { kind: 'result', text: '{}' },
  });
  expect(Object.keys(approval).filter((key) => key.includes('_'))).toEqual([]);
  expect(Object.keys(approval)).toHaveLength(Object.keys(approvalDetailWire).length);
});

describe('waiting', () => {
  const held = json(202, approvalWire, { 'retry-after': '1' });

  test('polls in steps of at most 25 seconds until the call is settled', async () => {
    const { gateway, client } = await setUp();
    const executing = json(202, { ...approvalWire, state: 'executing' });
    gateway.on(
      'GET /v1/approvals/apr_1/wait',
      held,
      executing,
      json(200, { ...approvalWire, state: 'succeeded' }),
    );
    const states: string[] = [];
    const approval = await client.approvals.wait('apr_1', { onUpdate: (one) => states.push(one.state) });
    expect(approval.state).toBe('succeeded');
    expect(states).toEqual(['pending', 'executing', 'succeeded']);
    expect(gateway.seen.map((one) => one.query)).toEqual(Array(3).fill({ timeout_ms: '25000' }));
  });

  test('gives the approval as it stands when its own time is over', async () => {
    const times = [0, 0, 25_000, 50_000];
    const { gateway, client } = await setUp({ stopwatch: () => times.shift() ?? 60_000 });
    gateway.on('GET /v1/approvals/apr_1/wait', held);
    const approval = await client.approvals.wait('apr_1', { timeoutMs: 60_000 });
    expect(isPendingApproval(approval)).toBe(true);
    expect(gateway.seen.map((one) => one.query.timeout_ms)).toEqual(['25000', '25000', '10000']);
  });

  test('asks once when the time is zero', async () => {
    const { gateway, client } = await setUp({ stopwatch: () => 0 });
    gateway.on('GET /v1/approvals/apr_1/wait', held);
    await client.approvals.wait('apr_1', { timeoutMs: 0 });
    expect(gateway.seen.map((one) => one.query.timeout_ms)).toEqual(['0']);
  });

  test('throws what the gateway refuses', async () => {
    const { gateway, client } = await setUp();
    gateway.on('GET /v1/approvals/apr_1/wait', held, problem(404, 'not_found'));
    await expect(client.approvals.wait('apr_1')).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('deciding', () => {
  test('with an API key throws the page where a person can decide, and sends nothing', async () => {
    const { gateway, client } = await setUp();
    gateway.on('GET /v1/approvals/apr_1', json(200, approvalDetailWire));
    const refused = { code: 'needs_person', approvalUrl: approvalWire.url };
    await expect(client.approvals.approve('apr_1')).rejects.toMatchObject(refused);
    await expect(client.approvals.deny('apr_1', { reason: 'no' })).rejects.toMatchObject(refused);
    expect(gateway.seen.every((one) => one.method === 'GET')).toBe(true);
  });

  test('of a decided approval throws a conflict that names its state', async () => {
    const { gateway, client } = await setUp();
    gateway.on('GET /v1/approvals/apr_1', json(200, { ...approvalDetailWire, state: 'denied' }));
    const error = { code: 'conflict', message: 'Approval apr_1 is denied and can no longer be decided.' };
    await expect(client.approvals.approve('apr_1')).rejects.toMatchObject(error);
  });

  function account() {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const signer = async (bytes: Uint8Array) => new Uint8Array(sign(null, bytes, privateKey));
    return { publicKey, serviceAccount: { id: 'svc_1', sign: signer } };
  }

  function statementReply(statement: string, challenge?: string): Reply {
    const digest = createHash('sha256').update(`countersign/statement/v1\n${statement}`).digest('base64url');
    const rest = { expires_at: approvalWire.expires_at, rp_id: 'localhost', allow_credentials: [] };
    return json(200, { statement_id: 'stm_1', statement, challenge: challenge ?? digest, ...rest });
  }

  test('as a service account signs the challenge of the very statement that was asked for', async () => {
    const { publicKey, serviceAccount } = account();
    const { gateway, client } = await setUp({ serviceAccount });
    const statement = '{"approval":"apr_1","decision":"approve","typ":"approval-statement/v1"}';
    gateway.on('POST /v1/approvals/apr_1/statement', statementReply(statement));
    gateway.on('POST /v1/approvals/apr_1/decide', json(200, { ...approvalWire, state: 'approved' }));
    await expect(client.approvals.approve('apr_1', { reason: 'fine' })).resolves.toMatchObject({
      state: 'approved',
    });
    const [asked, decided] = gateway.seen;
    expect(asked?.body).toEqual({ decision: 'approve', reason: 'fine' });
    expect(asked?.headers['x-countersign-service-account']).toBe('svc_1');
    const { statement_id, signature } = (decided as SeenRequest).body as {
      statement_id: string;
      signature: string;
    };
    const challenge = createHash('sha256').update(`countersign/statement/v1\n${statement}`).digest();
    expect(statement_id).toBe('stm_1');
    expect(verify(null, challenge, publicKey, Buffer.from(signature, 'base64url'))).toBe(true);
  });

  test.each([
    ['another approval', '{"approval":"apr_2","decision":"deny"}', undefined],
    ['another decision', '{"approval":"apr_1","decision":"approve"}', undefined],
    ['a foreign challenge', '{"approval":"apr_1","decision":"deny"}', 'AAAA'],
  ])('as a service account never signs %s', async (_name, statement, challenge) => {
    const { serviceAccount } = account();
    const { gateway, client } = await setUp({ serviceAccount });
    gateway.on('POST /v1/approvals/apr_1/statement', statementReply(statement, challenge));
    await expect(client.approvals.deny('apr_1')).rejects.toMatchObject({ code: 'bad_response' });
    expect(gateway.seen).toHaveLength(1);
  });
});

describe('for one user', () => {
  test('lists carry the subject, whatever the filter says', async () => {
    const { gateway, client } = await setUp();
    gateway.on('GET /v1/approvals', page([approvalWire]));
    await client.forUser('user-1').approvals.list({ subject: 'user-2', state: 'pending' });
    expect(gateway.seen[0]?.query).toEqual({ subject: 'user-1', state: 'pending' });
  });

  test("another user's approval is not found by any method", async () => {
    const { gateway, client } = await setUp();
    gateway.on('GET /v1/approvals/apr_1', json(200, approvalDetailWire));
    const { approvals } = client.forUser('user-2');
    const attempts = [
      approvals.get('apr_1'),
      approvals.wait('apr_1'),
      approvals.approve('apr_1'),
      approvals.deny('apr_1'),
      approvals.cancel('apr_1'),
      approvals.resolve('apr_1', { as: 'failed', note: 'n' }),
    ];
    for (const attempt of attempts)
      await expect(attempt).rejects.toMatchObject({ code: 'not_found', status: 404 });
    expect(gateway.seen.every((one) => one.path === '/v1/approvals/apr_1')).toBe(true);
  });

  test('an empty id is refused', async () => {
    const { client } = await setUp();
    expect(() => client.forUser('')).toThrow('forUser: expected an id');
  });
});

describe('isPendingApproval', () => {
  const structuredContent = {
    status: 'pending_approval',
    approval_id: 'apr_1',
    approve_url: 'u',
    expires_at: 't',
  };

  test('is false for a result that names an approval that was decided', () => {
    const decided = { ...structuredContent, status: 'succeeded' };
    expect(isPendingApproval({ content: [], structuredContent: decided })).toBe(false);
  });

  test('is true for the result of a held MCP call', () => {
    const res: { content: unknown[]; structuredContent?: unknown } = { content: [], structuredContent };
    expect(isPendingApproval(res)).toBe(true);
    if (isPendingApproval(res)) expect(res.structuredContent.approval_id).toBe('apr_1');
  });

  test('is false for results, settled approvals and things that are no object', () => {
    const others = [
      { content: [] },
      { structuredContent: { status: 'done' } },
      { state: 'pending' },
      null,
      undefined,
      'x',
    ];
    expect(others.map((one) => isPendingApproval(one))).toEqual(others.map(() => false));
  });
});
