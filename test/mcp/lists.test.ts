import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLibrary, type Library } from '../support/downstreams/library.ts';
import { BASE_POLICY, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { sdkAgents } from './support/sdk-clients.ts';
import { mint } from './support/sessions.ts';
import { bothWires, legacyWire, modernWire } from './support/wire.ts';

const object = { type: 'object' };
const THOUSAND = Array.from({ length: 1_000 }, (_, index) => ({
  name: `tool_${String(index).padStart(4, '0')}`,
  description: `Tool number ${index}`,
  inputSchema: object,
}));
const SETTINGS = { tools: [...THOUSAND, { name: 'relist', inputSchema: object }] };
const POLICY = `${BASE_POLICY}  - id: library
    match: { tools: ["library/*"] }
    effect: allow
`;

let gateway: TestGateway;
let library: Library;

beforeAll(async () => {
  library = createLibrary(SETTINGS);
  gateway = await startTestGateway({ policy: POLICY, servers: { library: library.entry } });
});

afterAll(async () => {
  await gateway.close();
  library.remove();
});

const names = (tools: { name: string }[]): string[] => tools.map(({ name }) => name);

describe('housekeeping', () => {
  test('ping is answered in the earlier revisions, on either lane', async () => {
    const wire = await legacyWire(gateway.app.session.mcp);
    for (const more of [{}, { meta: { progressToken: 1 } }]) {
      const reply = await wire.request('ping', {}, more);
      expect(reply).toMatchObject({ status: 200, message: { result: {} } });
    }
  });

  test.each(['2025-11-25', '2025-06-18', '2025-03-26'])(
    'revision %s is agreed on and served',
    async (revision) => {
      const wire = await legacyWire(gateway.app.session.mcp, revision);
      expect(wire.initialized.result).toMatchObject({
        protocolVersion: revision,
        serverInfo: { name: 'countersign' },
        capabilities: {
          tools: { listChanged: true },
          resources: { listChanged: true },
          prompts: { listChanged: true },
        },
      });
      expect(wire.initialized.result.instructions).toContain('approval_wait');
      const reply = await wire.request('tools/call', { name: 'echo', arguments: { text: revision } });
      expect(reply.message.result.content[0].text).toBe(revision);
    },
  );

  test('server/discover says what is offered, and by whom', async () => {
    const reply = await modernWire(gateway.app.session.mcp).request('server/discover');
    expect(reply.status).toBe(200);
    expect(reply.message.result).toMatchObject({
      resultType: 'complete',
      supportedVersions: ['2026-07-28'],
      capabilities: { tools: { listChanged: true } },
      _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'countersign' } },
    });
  });

  test.each([
    'ping',
    'tasks/list',
    'resources/subscribe',
    'logging/setLevel',
    'no/such',
    'toString',
    '__proto__',
  ])('%s is unknown to 2026-07-28: 404 and -32601', async (method) => {
    const reply = await modernWire(gateway.app.session.mcp).request(method);
    expect(reply.message.error.code).toBe(-32601);
    expect(reply.status, 'a method that nobody serves').toBe(404);
  });

  test.each(['tasks/list', 'resources/subscribe', 'logging/setLevel', 'no/such', 'constructor'])(
    '%s is unknown to the earlier revisions: -32601',
    async (method) => {
      const wire = await legacyWire(gateway.app.session.mcp);
      expect((await wire.request(method)).message.error.code).toBe(-32601);
    },
  );
});

describe('tools/list', () => {
  test('holds a thousand tools in a fixed order, with the gateway’s own at the end, for every client', async () => {
    const lists = [];
    for (const agent of await sdkAgents(gateway.app.session.mcp)) {
      lists.push(names(await agent.list()));
      await agent.close();
    }
    expect(lists[0]).toEqual([
      ...['relist', ...names(THOUSAND)],
      ...['crash', 'echo', 'fail', 'pay', 'slow'],
      'approval_wait',
    ]);
    for (const list of lists) expect(list).toEqual(lists[0]);
  });

  test('is the same text each time, and for every session with the same scope', async () => {
    const other = await mint(gateway);
    for (const [first, second] of [
      [modernWire(gateway.app.session.mcp), modernWire(other.access)],
      [await legacyWire(gateway.app.session.mcp), await legacyWire(other.access)],
    ] as const) {
      const texts = [
        await first.request('tools/list', {}, { id: 1 }),
        await second.request('tools/list', {}, { id: 1 }),
      ];
      expect(texts[0]?.text).toBe(texts[1]?.text);
    }
  });

  test('tells a modern client who answers and that the list is its own', async () => {
    const reply = await modernWire(gateway.app.session.mcp).request('tools/list');
    expect(reply.message.result).toMatchObject({
      resultType: 'complete',
      cacheScope: 'private',
      ttlMs: 0,
      _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'countersign' } },
    });
  });
});

describe('a change is told on every open stream', () => {
  const isChange = (message: any) => message.method === 'notifications/tools/list_changed';

  test('of the catalogue', async () => {
    const streams = await Promise.all(
      (await bothWires(gateway.app.session.mcp)).map((wire) => wire.listen()),
    );
    const wire = modernWire(gateway.app.session.mcp);
    library.change({ tools: [...SETTINGS.tools, { name: 'brand_new', inputSchema: object }] });
    await wire.request('tools/call', { name: 'relist', arguments: {} });
    for (const stream of streams) await stream.next(isChange);
    expect(names((await wire.request('tools/list')).message.result.tools)).toContain('brand_new');
    for (const stream of streams) await stream.close();
  });

  test('of the policy, once the new list is to be had', async () => {
    const wires = await bothWires(gateway.app.session.mcp);
    const opened = await Promise.all(wires.map(async (wire) => ({ wire, stream: await wire.listen() })));
    await gateway.writePolicy(`${POLICY}  - id: no-echo
    match: { tools: ["oracle/echo"] }
    effect: deny
`);
    for (const { wire, stream } of opened) {
      await stream.next(isChange);
      expect(names((await wire.request('tools/list')).message.result.tools)).not.toContain('echo');
      await stream.close();
    }
    const denied = await wires[0]?.request('tools/call', { name: 'echo', arguments: { text: 'a' } });
    expect(denied?.message.result).toMatchObject({
      isError: true,
      structuredContent: { status: 'denied_by_policy' },
    });
  });
});
