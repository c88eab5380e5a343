import { join } from 'node:path';
import Database from 'libsql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { McpAccess } from '../support/agents.ts';
import { createLibrary, type Library } from '../support/downstreams/library.ts';
import { BASE_POLICY, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { mint, revoke } from './support/sessions.ts';
import { bothWires, legacyWire, modernMessage, modernWire } from './support/wire.ts';

const POLICY = `${BASE_POLICY}  - id: library
    match: { tools: ["library/*"] }
    effect: allow
`;
const object = { type: 'object' };

let gateway: TestGateway;
let library: Library;

beforeAll(async () => {
  library = createLibrary({
    tools: [
      { name: 'hang', inputSchema: object },
      { name: 'look', inputSchema: object },
    ],
  });
  gateway = await startTestGateway({ policy: POLICY, servers: { library: library.entry } });
});

afterAll(async () => {
  await gateway.close();
  library.remove();
});

const RANDOM = `cst_${'A'.repeat(43)}`;

/** Everything of an answer but its date. MODERN is a POST of 2026-07-28, the others are of 2025-11-25. */
async function answerTo(access: McpAccess, method: string): Promise<string> {
  const modern = modernMessage(access, { id: 1, method: 'tools/list', params: {} });
  const legacy = {
    headers: { ...modern.headers, 'mcp-protocol-version': '2025-11-25', 'mcp-session-id': 'mcp_1' },
    body: '{"jsonrpc":"2.0","id":1,"method":"tools/list"}',
  };
  const asked = { MODERN: { method: 'POST', ...modern }, POST: { method, ...legacy } }[method];
  const response = await fetch(access.url, asked ?? { method, headers: legacy.headers });
  const headers = [...response.headers].filter(([name]) => name !== 'date').sort();
  return JSON.stringify([response.status, headers, await response.text()]);
}

test('an unknown, a malformed, an expired, a revoked and another workspace’s session get one identical 404, by header and by URL', async () => {
  const expired = await mint(gateway, { ttl_ms: 1_000 });
  const revoked = await mint(gateway);
  await modernWire(revoked.access).request('tools/list');
  await revoke(gateway, revoked);
  await expect
    .poll(async () => JSON.parse(await answerTo(expired.access, 'MODERN'))[0], { timeout: 5_000 })
    .toBe(404);

  const foreign = await mint(gateway);
  const database = new Database(join(gateway.dir, 'data', 'countersign.db'));
  database.exec(`UPDATE session SET workspace = 'other' WHERE id = '${foreign.id}'`);
  database.close();

  const tokens = [RANDOM, foreign.token, 'nonsense', `${expired.token}x`, expired.token, revoked.token];
  const url = `${gateway.app.origin}/mcp`;
  const answers = new Set<string>();
  for (const token of tokens) {
    for (const method of ['MODERN', 'POST', 'GET', 'DELETE']) {
      answers.add(await answerTo({ url, headers: { authorization: `Bearer ${token}` } }, method));
      answers.add(await answerTo({ url: `${url}/${token}`, headers: {} }, method));
    }
  }
  expect([...answers]).toHaveLength(1);
  expect([...answers][0]).toContain('unknown, expired or revoked');
  for (const token of tokens) expect([...answers][0]).not.toContain(token);
});

test('a session works by its header and by its secret URL alike, in both eras', async () => {
  const session = await mint(gateway);
  for (const access of [session.access, session.secret]) {
    for (const wire of await bothWires(access)) {
      const reply = await wire.request('tools/call', { name: 'echo', arguments: { text: 'both ways' } });
      expect(reply.message.result.content[0].text).toBe('both ways');
    }
  }
});

test('without any token the answer is 401 and says how to send one', async () => {
  const reply = await modernWire({ url: `${gateway.app.origin}/mcp`, headers: {} }).request('tools/list');
  expect(reply.status).toBe(401);
  expect(reply.message.error.message).toContain('Authorization: Bearer');
});

describe('when a session is revoked', () => {
  test('its GET stream, its subscription and its calls under way end within a second', async () => {
    const session = await mint(gateway);
    const other = await mint(gateway);
    const [modern, legacy] = [modernWire(session.access), await legacyWire(session.access)];
    const streams = [await modern.listen(), await legacy.listen()];
    const bystander = await modernWire(other.access).listen();
    const cut = { name: 'hang', arguments: {} };
    const calls = [
      modern.request('tools/call', cut),
      legacy.request('tools/call', cut),
      modern.request('tools/call', cut, { meta: { progressToken: 1 } }),
      legacy.request('tools/call', cut, { meta: { progressToken: 1 } }),
    ].map((call) =>
      call.then(
        (reply) => reply.message?.result ?? 'no result',
        () => 'cut',
      ),
    );
    await expect.poll(() => library.requests('tools/call').length).toBe(4);

    const started = performance.now();
    await revoke(gateway, session);
    await Promise.all(streams.map((stream) => stream.ended));
    const ended = await Promise.all(calls);
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(ended.every((one) => one === 'cut' || one === 'no result')).toBe(true);
    expect(await Promise.race([bystander.ended.then(() => 'ended'), Promise.resolve('open')])).toBe('open');
    await bystander.close();
    expect((await modern.request('tools/list')).status).toBe(404);
  });

  test('what waits for a person ends too', async () => {
    const session = await mint(gateway);
    const wire = modernWire(session.access);
    const held = await wire.request('tools/call', { name: 'pay', arguments: { amount_cents: 1, to: 'a' } });
    const { approval_id } = held.message.result.structuredContent;
    const waiting = wire.request('tools/call', { name: 'approval_wait', arguments: { approval_id } }).then(
      (reply) => reply.message?.result ?? 'no result',
      () => 'cut',
    );
    const started = performance.now();
    await revoke(gateway, session);
    expect(['cut', 'no result']).toContain(await waiting);
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  test('a request whose body is still on its way opens nothing any more', async () => {
    const session = await mint(gateway);
    const wanted = { notifications: { toolsListChanged: true } };
    const gate = Promise.withResolvers<void>();
    const sent = Promise.withResolvers<void>();
    const body = new ReadableStream<Uint8Array>({
      async start(controller) {
        const text = JSON.stringify({
          jsonrpc: '2.0',
          id: 1,
          method: 'subscriptions/listen',
          params: wanted,
        });
        controller.enqueue(Buffer.from(text.slice(0, 10)));
        sent.resolve();
        await gate.promise;
        controller.enqueue(Buffer.from(text.slice(10)));
        controller.close();
      },
    });
    const headers = { ...session.access.headers, 'content-type': 'application/json' };
    const answer = fetch(session.access.url, { method: 'POST', headers, body, duplex: 'half' }).then(
      (response) => response.status,
      () => 'cut',
    );
    await sent.promise;
    await revoke(gateway, session);
    gate.resolve();
    expect([404, 'cut']).toContain(await answer);
  });
});

test('an expired session’s open streams end by themselves', async () => {
  const session = await mint(gateway, { ttl_ms: 1_500 });
  const streams = [
    await modernWire(session.access).listen(),
    await (await legacyWire(session.access)).listen(),
  ];
  await Promise.all(streams.map((stream) => stream.ended));
  expect((await modernWire(session.access).request('tools/list')).status).toBe(404);
});

test('equal JSON-RPC ids on two sessions never cross, nor on two connections of one session', async () => {
  const [one, two] = [await mint(gateway), await mint(gateway)];
  const wires = [
    ...(await bothWires(one.access)),
    ...(await bothWires(two.access)),
    await legacyWire(one.access),
  ];
  const answers = await Promise.all(
    wires.flatMap((wire, index) =>
      [{}, { meta: { progressToken: 'same' } }].map(async (more) => {
        const params = { name: 'echo', arguments: { text: `wire ${index}` } };
        const reply = await wire.request('tools/call', params, { id: 7, ...more });
        return [reply.message.id, reply.message.result.content[0].text === `wire ${index}`];
      }),
    ),
  );
  expect(answers.every(([id, own]) => id === 7 && own === true)).toBe(true);
});

test('a cancellation on one connection does not reach a call of another with the same id', async () => {
  const session = await mint(gateway);
  const [first, second] = [await legacyWire(session.access), await legacyWire(session.access)];
  const slow = first.request('tools/call', { name: 'slow', arguments: { ms: 300 } }, { id: 7 });
  await expect.poll(() => gateway.received().some((line) => line.includes('"ms":300'))).toBe(true);
  await second.notify('notifications/cancelled', { requestId: 7 });
  expect((await slow).message.result.content[0].text).toBe('done');
});

test('an Mcp-Session-Id of another session is not found', async () => {
  const [mine, theirs] = [await mint(gateway), await mint(gateway)];
  const foreign = (await legacyWire(theirs.access)).headers['mcp-session-id'] ?? '';
  const wire = await legacyWire(mine.access);
  for (const method of ['tools/list', 'resources/list']) {
    const reply = await wire.request(method, {}, { headers: { 'mcp-session-id': foreign } });
    expect([reply.status, reply.message.error.code]).toEqual([404, -32001]);
  }
});
