import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openLibsql } from '../../src/storage/libsql.ts';
import { bothWires, type Wire } from '../mcp/support/wire.ts';
import { createLibrary, type Library } from '../support/downstreams/library.ts';
import { type Fault, faultyDatabase } from '../support/faulty-database.ts';
import { BASE_POLICY, startTestGateway, type TestGateway } from '../support/gateway.ts';

const object = { type: 'object' };
const POLICY = `${BASE_POLICY}  - id: library
    match: { tools: ["library/*"] }
    effect: allow
  - id: notes
    match: { kinds: [resource], tools: ["library/*"] }
    effect: allow
`;

const state = { fault: 'ok' as Fault, fails: (): boolean => true };
let gateway: TestGateway;
let library: Library;
let wires: readonly Wire[];

beforeAll(async () => {
  library = createLibrary({
    tools: [{ name: 'look', inputSchema: object }],
    resources: [{ uri: 'note:open', name: 'open' }],
  });
  gateway = await startTestGateway({
    policy: POLICY,
    servers: { library: library.entry },
    openDatabase: (file) =>
      faultyDatabase(openLibsql({ file }), {
        apply: (transitions) => (transitions > 0 && state.fails() ? state.fault : 'ok'),
      }),
  });
  wires = await bothWires(gateway.app.session.mcp);
});

afterEach(() => {
  Object.assign(state, { fault: 'ok', fails: () => true });
});

afterAll(async () => {
  await gateway.close();
  library.remove();
});

const LANES: readonly { progressToken?: number }[] = [{}, { progressToken: 1 }];
const dispatched = (): number => gateway.received().length + library.requests('tools/call').length;

describe.each(['lost', 'commit_lost', 'commit_kept'] as const)('with a ledger that fails (%s)', (fault) => {
  test.each([
    ['an allowed call', 'look'],
    ['a held call', 'pay'],
  ])('%s is refused and nothing is sent, in both eras and on both lanes', async (_, name) => {
    const before = dispatched();
    for (const wire of wires) {
      for (const meta of LANES) {
        const args = { amount_cents: 10, to: `${fault}-${wire.era}-${meta.progressToken}` };
        const params = { name, arguments: name === 'pay' ? args : {} };
        state.fault = fault;
        const reply = await wire.request('tools/call', params, { meta });
        state.fault = 'ok';
        expect(reply.message.error).toMatchObject({ code: -32603, data: { code: 'ledger_unavailable' } });
        expect(reply.message.error.message).not.toContain('SQL');
        if (meta.progressToken === undefined) expect(reply.status).toBe(503);
      }
    }
    expect(dispatched()).toBe(before);
  });

  test('a resource is not read', async () => {
    for (const wire of wires) {
      state.fault = fault;
      const reply = await wire.request('resources/read', { uri: 'note:open' });
      state.fault = 'ok';
      expect(reply.message.error.data.code).toBe('ledger_unavailable');
    }
    expect(library.requests('resources/read')).toHaveLength(0);
  });

  test('a call that was sent before the ledger failed is told as sent, never as refused', async () => {
    for (const wire of wires) {
      for (const meta of LANES) {
        const before = dispatched();
        Object.assign(state, { fault, fails: () => dispatched() > before });
        const reply = await wire.request('tools/call', { name: 'look', arguments: {} }, { meta });
        Object.assign(state, { fault: 'ok', fails: () => true });
        expect(dispatched()).toBe(before + 1);
        expect(reply.status).toBe(200);
        expect(reply.message.error).toMatchObject({ data: { code: 'outcome_unknown' } });
        expect(reply.message.error.message).toContain('check before calling it again');
      }
    }
  });
});

test('once the ledger can be written again, calls run', async () => {
  for (const wire of wires) {
    const reply = await wire.request('tools/call', { name: 'look', arguments: {} });
    expect(reply.message.result.content[0].text).toBe('called look');
  }
});
