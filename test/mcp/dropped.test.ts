import { afterAll, beforeAll, expect, test } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { createLibrary, type Library } from '../support/downstreams/library.ts';
import { BASE_POLICY, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { mint, revoke } from './support/sessions.ts';
import { legacyWire, modernWire } from './support/wire.ts';
import { trailOf } from './tasks/support/trail.ts';

const POLICY = `${BASE_POLICY}  - id: library
    match: { tools: ["library/*"] }
    effect: allow
`;
const HANG = { name: 'hang', arguments: {} };

let gateway: TestGateway;
let library: Library;

beforeAll(async () => {
  library = createLibrary({ tools: [{ name: 'hang', inputSchema: { type: 'object' } }] });
  gateway = await startTestGateway({ policy: POLICY, servers: { library: library.entry } });
});

afterAll(async () => {
  await gateway.close();
  library.remove();
});

const calls = (): number => library.requests('tools/call').length;
const cancelled = (): number => library.requests('notifications/cancelled').length;

/** What the gateway has been sent before is read by it before it answers this. */
async function settle(): Promise<void> {
  const { access } = await mint(gateway);
  for (let round = 0; round < 3; round += 1) await modernWire(access).request('tools/list');
}

test('a legacy client that drops its responses has its calls under way still, and gets no room for others', async () => {
  const session = await mint(gateway);
  const wire = await legacyWire(session.access);
  const before = calls();
  const dropping = new AbortController();
  const dropped = Array.from({ length: LIMITS.concurrentCallsPerSession }, (_, id) =>
    wire.request('tools/call', HANG, { id, signal: dropping.signal }).catch(() => undefined),
  );
  await expect.poll(calls, { timeout: 10_000 }).toBe(before + LIMITS.concurrentCallsPerSession);
  dropping.abort();
  await Promise.all(dropped);
  await settle();
  expect((await modernWire(session.access).request('tools/list')).status).toBe(429);
  expect((await wire.request('tools/list')).status).toBe(429);
  expect(
    (await fetch(session.access.url, { headers: { ...wire.headers, accept: 'text/event-stream' } })).status,
  ).toBe(429);
  expect(cancelled()).toBe(0);
  expect((await wire.notify('notifications/cancelled', { requestId: 7 })).status).toBe(202);
  await expect.poll(async () => (await wire.request('tools/list')).status, { timeout: 10_000 }).toBe(200);
  await revoke(gateway, session);
  await expect.poll(cancelled, { timeout: 10_000 }).toBe(LIMITS.concurrentCallsPerSession);
});

test('a modern client that drops its responses has cancelled its calls, and gets room for others', async () => {
  const session = await mint(gateway);
  const wire = modernWire(session.access);
  const before = calls();
  const dropping = new AbortController();
  const dropped = Array.from({ length: LIMITS.concurrentCallsPerSession }, () =>
    wire.request('tools/call', HANG, { signal: dropping.signal }).catch(() => undefined),
  );
  await expect.poll(calls, { timeout: 10_000 }).toBe(before + LIMITS.concurrentCallsPerSession);
  dropping.abort();
  await Promise.all(dropped);
  await expect.poll(async () => (await wire.request('tools/list')).status, { timeout: 10_000 }).toBe(200);
});

test('two legacy calls that bear one id are both cancelled with their session', async () => {
  const session = await mint(gateway);
  const wire = await legacyWire(session.access);
  const [before, ended] = [calls(), cancelled()];
  const twins = [1, 2].map(() => wire.request('tools/call', HANG, { id: 'twin' }).catch(() => undefined));
  await expect.poll(calls, { timeout: 10_000 }).toBe(before + 2);
  await revoke(gateway, session);
  await Promise.all(twins);
  await expect.poll(cancelled, { timeout: 10_000 }).toBe(ended + 2);
  const outcomes = await trailOf(gateway, session.id, { type: 'call.outcome', count: 2 });
  expect(outcomes.map(({ body }) => body)).toEqual([
    { kind: 'unknown', reason: 'cancelled by the caller' },
    { kind: 'unknown', reason: 'cancelled by the caller' },
  ]);
});
