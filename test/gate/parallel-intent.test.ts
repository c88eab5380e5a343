import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openLibsql } from '../../src/storage/libsql.ts';
import { bothWires, modernWire, type Wire } from '../mcp/support/wire.ts';
import { createLibrary, type Library } from '../support/downstreams/library.ts';
import { type Fault, faultyDatabase } from '../support/faulty-database.ts';
import { BASE_POLICY, startTestGateway, type TestGateway } from '../support/gateway.ts';

const object = { type: 'object' };
const POLICY = `${BASE_POLICY}  - id: looks
    match: { tools: ["library/look*"] }
    effect: allow
    read_only: true
    intent: parallel
  - id: careful
    match: { tools: ["library/look_first"] }
    effect: allow
    intent: first
  - id: reads
    match: { tools: ["library/read"] }
    effect: allow
    read_only: true
`;

const state = { fault: 'ok' as Fault };
let gateway: TestGateway;
let library: Library;
let wires: readonly Wire[];

beforeAll(async () => {
  library = createLibrary({
    tools: ['look', 'look_first', 'read'].map((name) => ({ name, inputSchema: object })),
  });
  gateway = await startTestGateway({
    policy: POLICY,
    servers: { library: library.entry },
    openDatabase: (file) =>
      faultyDatabase(openLibsql({ file }), {
        apply: (transitions) => (transitions > 0 ? state.fault : 'ok'),
      }),
  });
  wires = await bothWires(gateway.app.session.mcp);
});

afterEach(() => {
  state.fault = 'ok';
});

afterAll(async () => {
  await gateway.close();
  library.remove();
});

const sent = (): number => library.requests('tools/call').length;
const call = (wire: Wire, name: string) => wire.request('tools/call', { name, arguments: {} });

describe('a rule with intent: parallel', () => {
  test('lets one call leave beside a write that fails, withholds its answer, and then nothing until a write succeeds', async () => {
    for (const wire of wires) {
      await call(wire, 'read');
      const before = sent();
      state.fault = 'lost';
      const first = await call(wire, 'look');
      expect(first.message.error).toMatchObject({ data: { code: 'outcome_unknown' } });
      expect(JSON.stringify(first.message)).not.toContain('called look');
      expect(sent()).toBe(before + 1);

      const second = await call(wire, 'look');
      expect(second.message.error).toMatchObject({ data: { code: 'ledger_unavailable' } });
      expect(second.status).toBe(503);
      expect(sent()).toBe(before + 1);

      state.fault = 'ok';
      const third = await call(wire, 'look');
      expect(third.message.result.content[0].text).toBe('called look');
    }
  });

  test('leaves calls of other read-only tools, and those that another rule vetoes, behind their intent', async () => {
    for (const wire of wires) {
      for (const name of ['read', 'look_first']) {
        await call(wire, name);
        const before = sent();
        state.fault = 'lost';
        const reply = await call(wire, name);
        state.fault = 'ok';
        expect(reply.message.error).toMatchObject({ data: { code: 'ledger_unavailable' } });
        expect(sent()).toBe(before);
      }
    }
  });

  test('keeps a cap on calls exactly: such a session waits for its intent', async () => {
    const asked = { subject: 'user:capped', tools: ['*'], call_cap: 2 };
    const { body: session } = await gateway.api('POST', '/v1/sessions', asked);
    const wire = modernWire(session.mcp);
    await call(wire, 'look');
    const before = sent();
    state.fault = 'lost';
    const lost = await call(wire, 'look');
    state.fault = 'ok';
    expect(lost.message.error).toMatchObject({ data: { code: 'ledger_unavailable' } });
    expect(sent()).toBe(before);
    await call(wire, 'look');
    const last = await call(wire, 'look');
    expect(last.message.error.message).toContain('has used all of its 2 calls');
  });

  test('has intent and outcome on the ledger, in this order', async () => {
    for (const wire of wires) {
      await call(wire, 'look');
      await call(wire, 'read');
    }
    const { body } = await gateway.api('GET', '/v1/logs?action=library/look&order=asc&limit=200');
    const calls = new Map<string, string[]>();
    for (const { type, ref } of body.data)
      if (type.startsWith('call.')) calls.set(ref.call, [...(calls.get(ref.call) ?? []), type]);
    for (const types of calls.values()) expect(types[0]).toBe('call.intent');
    expect([...calls.values()]).toContainEqual(['call.intent', 'call.outcome']);
  });
});
