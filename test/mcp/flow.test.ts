import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { createLibrary, type Library } from '../support/downstreams/library.ts';
import { BASE_POLICY, startTestGateway, type TestGateway } from '../support/gateway.ts';
import type { EventStream } from './support/event-stream.ts';
import { sdkAgents } from './support/sdk-clients.ts';
import { mint, revoke } from './support/sessions.ts';
import { bothWires, legacyWire, modernWire } from './support/wire.ts';

const object = { type: 'object' };
const POLICY = `${BASE_POLICY}  - id: library
    match: { tools: ["library/*"] }
    effect: allow
`;

let gateway: TestGateway;
let library: Library;

beforeAll(async () => {
  library = createLibrary({
    tools: ['hang', 'progress'].map((name) => ({ name, inputSchema: object })),
  });
  gateway = await startTestGateway({ policy: POLICY, servers: { library: library.entry } });
});

afterAll(async () => {
  await gateway.close();
  library.remove();
});

const calls = (): any[] => library.requests('tools/call');
const cancelled = (): any[] =>
  library.requests('notifications/cancelled').map((one: any) => one.params.requestId);

describe('progress', () => {
  test('reaches the caller under its own token, growing only, and nothing comes after the result', async () => {
    for (const wire of await bothWires(gateway.app.session.mcp)) {
      for (const progressToken of ['mine', 7]) {
        const params = { name: 'progress', arguments: {} };
        const { messages } = await wire.request('tools/call', params, { id: 'p', meta: { progressToken } });
        expect(messages.slice(0, -1)).toEqual(
          [1, 3, 5].map((progress) => ({
            jsonrpc: '2.0',
            method: 'notifications/progress',
            params: { progress, total: 5, message: `step ${progress}`, progressToken },
          })),
        );
        expect(messages.at(-1)).toMatchObject({
          id: 'p',
          result: { content: [{ text: 'called progress' }] },
        });
      }
    }
  });

  test('is heard by every SDK client', async () => {
    for (const agent of await sdkAgents(gateway.app.session.mcp)) {
      const heard: number[] = [];
      await agent.call('progress', {}, { onprogress: ({ progress }) => void heard.push(progress) });
      expect(heard, agent.name).toEqual([1, 3, 5]);
      await agent.close();
    }
  });

  test('is not asked of the server when the caller gave no token', async () => {
    const before = calls().length;
    await modernWire(gateway.app.session.mcp).request('tools/call', { name: 'progress', arguments: {} });
    expect(calls()[before].params._meta?.progressToken).toBeUndefined();
  });
});

describe('a cancelled call is cancelled at the server', () => {
  const hang = { name: 'hang', arguments: {} };

  /** Starts a call that hangs, cancels it, and finds the cancellation of that very call at the server. */
  async function check(start: () => Promise<unknown>, cancel: () => unknown): Promise<unknown> {
    const before = calls().length;
    const running = start().catch(() => 'gone');
    await expect.poll(() => calls().length).toBe(before + 1);
    await cancel();
    await expect.poll(() => cancelled()).toContain(calls()[before].id);
    return running;
  }

  test.each([
    ['on the direct lane', {}],
    ['on the lane of streams', { progressToken: 1 }],
  ])('by notifications/cancelled, in the earlier revisions, %s, and its request ends', async (_, meta) => {
    const wire = await legacyWire(gateway.app.session.mcp);
    await check(
      () => wire.request('tools/call', hang, { id: 'c', meta }),
      () => wire.notify('notifications/cancelled', { requestId: 'c', reason: 'enough' }),
    );
  });

  test.each([
    ['on the direct lane', {}],
    ['on the lane of streams', { progressToken: 1 }],
  ])('by closing the response, in 2026-07-28, %s', async (_, meta) => {
    const controller = new AbortController();
    const wire = modernWire(gateway.app.session.mcp);
    const { signal } = controller;
    const ended = await check(
      () => wire.request('tools/call', hang, { meta, signal }),
      () => controller.abort(),
    );
    expect(ended).toBe('gone');
  });

  test('but not by a lost connection in the earlier revisions, where that means nothing', async () => {
    const controller = new AbortController();
    const wire = await legacyWire(gateway.app.session.mcp);
    const before = calls().length;
    const running = wire
      .request('tools/call', hang, { id: 'lost', signal: controller.signal })
      .catch(() => 'gone');
    await expect.poll(() => calls().length).toBe(before + 1);
    controller.abort();
    expect(await running).toBe('gone');
    const next = await wire.request('tools/call', { name: 'echo', arguments: { text: 'later' } });
    expect(next.message.result.content[0].text).toBe('later');
    expect(cancelled()).not.toContain(calls()[before].id);
    await wire.notify('notifications/cancelled', { requestId: 'lost' });
    await expect.poll(() => cancelled()).toContain(calls()[before].id);
  });

  test('by every SDK client', async () => {
    for (const agent of await sdkAgents(gateway.app.session.mcp)) {
      const controller = new AbortController();
      const { signal } = controller;
      await check(
        () => agent.call('hang', {}, { signal }),
        () => controller.abort(),
      );
      await agent.close();
    }
  });
});

describe('bounds', () => {
  test('a session that has used all its calls is refused, on either lane, in both eras', async () => {
    const session = await mint(gateway, { call_cap: 3 });
    const wires = await bothWires(session.access);
    const echo = { name: 'echo', arguments: { text: 'capped' } };
    const before = gateway.received().length;
    await wires[0]?.request('tools/call', echo);
    await wires[1]?.request('tools/call', echo, { meta: { progressToken: 1 } });
    const held = { name: 'pay', arguments: { amount_cents: 3, to: 'cap' } };
    const frozen = (await wires[0]?.request('tools/call', held))?.message.result.structuredContent;
    expect(frozen.status).toBe('pending_approval');
    for (const wire of wires) {
      for (const meta of [{}, { progressToken: 1 }]) {
        for (const params of [echo, { name: 'pay', arguments: { amount_cents: 4, to: 'cap' } }]) {
          const { error } = (await wire.request('tools/call', params, { meta })).message;
          expect(error).toMatchObject({ code: -32000, data: { code: 'forbidden' } });
          expect(error.message).toBe('This session has used all of its 3 calls. Ask for a new session.');
        }
        const again = (await wire.request('tools/call', held, { meta })).message.result.structuredContent;
        expect(again.approval_id).toBe(frozen.approval_id);
      }
    }
    expect(gateway.received()).toHaveLength(before + 2);
  });

  test('a hundred calls at once cannot pass the cap', async () => {
    const session = await mint(gateway, { call_cap: 10 });
    const wire = modernWire(session.access);
    const before = gateway.received().length;
    const replies = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        wire.request('tools/call', { name: 'echo', arguments: { text: `n${index}` } }),
      ),
    );
    expect(replies.filter((reply) => reply.message.result !== undefined)).toHaveLength(10);
    expect(gateway.received()).toHaveLength(before + 10);
  });

  test('a session has at most so many streams open; others are not touched, and a closed one makes room', async () => {
    const session = await mint(gateway);
    const streams: EventStream[] = [];
    const modern = modernWire(session.access);
    while (streams.length < LIMITS.streamsPerSession) {
      streams.push(await (streams.length % 2 === 0 ? modern : await legacyWire(session.access)).listen());
    }
    const wanted = { notifications: { toolsListChanged: true } };
    const refused = await modern.request('subscriptions/listen', wanted);
    expect(refused.status).toBe(429);
    expect(refused.message.error.message).toContain(`${LIMITS.streamsPerSession} streams`);
    expect((await (await legacyWire(session.access)).listen()).status).toBe(429);
    const echo = await modern.request('tools/call', { name: 'echo', arguments: { text: 'still' } });
    expect(echo.message.result.content[0].text).toBe('still');
    await (await modernWire(gateway.app.session.mcp).listen()).close();

    await streams.pop()?.close();
    await expect
      .poll(async () => {
        const stream = await (await legacyWire(session.access)).listen();
        await stream.close();
        return stream.status;
      })
      .toBe(200);
    for (const stream of streams) await stream.close();
  });

  test('a session has at most so many requests under way, and others are not touched', async () => {
    const session = await mint(gateway);
    const wire = modernWire(session.access);
    const before = calls().length;
    const hanging = Array.from({ length: LIMITS.concurrentCallsPerSession }, () =>
      wire.request('tools/call', { name: 'hang', arguments: {} }).catch(() => undefined),
    );
    await expect
      .poll(() => calls().length, { timeout: 10_000 })
      .toBe(before + LIMITS.concurrentCallsPerSession);
    const refused = await wire.request('tools/list');
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(refused.message.error.message).toContain('Wait for some to end');
    const other = await modernWire(gateway.app.session.mcp).request('tools/list');
    expect(other.status).toBe(200);
    await revoke(gateway, session);
    await Promise.all(hanging);
  });
});
