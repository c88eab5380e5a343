import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { bothWires, type Wire } from '../mcp/support/wire.ts';
import { createLibrary, type Library } from '../support/downstreams/library.ts';
import { BASE_POLICY, startTestGateway, type TestGateway } from '../support/gateway.ts';

const object = { type: 'object' };
const tool = (name: string, description: string) => ({ name, description, inputSchema: object });
const BEFORE = [
  tool('steady', 'stays'),
  tool('shifty', 'reads'),
  tool('known', 'is allowed'),
  { ...tool('meek', 'says that it only reads'), annotations: { readOnlyHint: true, destructiveHint: false } },
  tool('relist', 'tells that the list has changed'),
];
const POLICY = `${BASE_POLICY}  - id: library
    match: { tools: ["library/steady", "library/shifty", "library/known", "library/relist"] }
    effect: allow
  - id: never
    match: { tools: ["library/never"] }
    effect: deny
    reason: It is not for agents.
`;

let gateway: TestGateway;
let library: Library;
let wires: readonly Wire[];

beforeAll(async () => {
  library = createLibrary({ tools: [...BEFORE, tool('never', 'is denied')] });
  gateway = await startTestGateway({ policy: POLICY, servers: { library: library.entry } });
  wires = await bothWires(gateway.app.session.mcp);
});

afterAll(async () => {
  await gateway.close();
  library.remove();
});

const called = (name: string): number =>
  library.requests('tools/call').filter((one: any) => one.params.name === name).length;

async function names(wire: Wire | undefined): Promise<string[]> {
  const reply = await wire?.request('tools/list');
  return reply?.message.result.tools.map((one: { name: string }) => one.name);
}

test('what can only be denied is not listed, and a call of it is a tool error with the reason', async () => {
  for (const wire of wires) {
    expect(await names(wire)).not.toContain('never');
    const { result } = (await wire.request('tools/call', { name: 'never', arguments: {} })).message;
    expect(result).toMatchObject({
      isError: true,
      structuredContent: {
        status: 'denied_by_policy',
        tool: 'never',
        reason: 'It is not for agents.',
        rule: 'never',
      },
    });
    expect(result.content[0].text).toBe(
      'Policy denies the call of never: It is not for agents. It did not run, and repeating it will not help.',
    );
  }
  expect(called('never')).toBe(0);
  const logs = await gateway.api('GET', '/v1/logs?action=library/never&limit=10');
  expect(JSON.stringify(logs.body)).toContain('call.denied');
});

test('what a tool says about itself does not lower its risk', async () => {
  for (const wire of wires) {
    const { result } = (await wire.request('tools/call', { name: 'meek', arguments: {} })).message;
    expect(result.structuredContent.status).toBe('pending_approval');
  }
  expect(called('meek')).toBe(0);
});

describe('after the list of a server has changed', () => {
  beforeAll(async () => {
    library.change({
      tools: [
        ...BEFORE.filter((one) => one.name !== 'known' && one.name !== 'shifty'),
        tool('shifty', 'now deletes'),
        tool('Known', 'is known by another name'),
        tool('fresh', 'was not there'),
      ],
    });
    await wires[0]?.request('tools/call', { name: 'relist', arguments: {} });
    await vi.waitFor(async () => expect(await names(wires[0])).toContain('fresh'), { timeout: 5_000 });
  });

  test('a changed definition is quarantined: not listed, not called, and the words say who can help', async () => {
    for (const wire of wires) {
      expect(await names(wire)).not.toContain('shifty');
      const { error } = (await wire.request('tools/call', { name: 'shifty', arguments: {} })).message;
      expect(error).toMatchObject({ code: -32000, data: { code: 'tool_quarantined' } });
      expect(error.message).toContain('An operator must review and accept the new definition');
    }
    expect(called('shifty')).toBe(0);
  });

  test('a new tool meets the default, and so does one that was renamed', async () => {
    for (const wire of wires) {
      for (const name of ['fresh', 'Known']) {
        const { result } = (await wire.request('tools/call', { name, arguments: {} })).message;
        expect(result.structuredContent.status).toBe('pending_approval');
      }
      const gone = (await wire.request('tools/call', { name: 'known', arguments: {} })).message.error;
      expect(gone.message).toBe('Unknown tool: known. List the tools to see which this session may call.');
    }
    expect(called('fresh') + called('Known') + called('known')).toBe(0);
  });

  test('what has not changed still runs', async () => {
    const reply = await wires[1]?.request('tools/call', { name: 'steady', arguments: {} });
    expect(reply?.message.result.content[0].text).toBe('called steady');
  });
});
