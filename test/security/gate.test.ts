import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { sdkAgents } from '../mcp/support/sdk-clients.ts';
import { mint, type TestSession } from '../mcp/support/sessions.ts';
import { legacyWire, modernWire, type Wire } from '../mcp/support/wire.ts';
import type { McpAccess } from '../support/agents.ts';
import { createLibrary, type Library } from '../support/downstreams/library.ts';
import { BASE_POLICY, startTestGateway, type TestGateway } from '../support/gateway.ts';

const POLICY = `${BASE_POLICY}  - id: library
    match: { tools: ["library/read", "library/note:open", "library/greet"], kinds: [tool, resource, prompt] }
    effect: allow
  - id: large
    match: { tools: ["library/move"] }
    when: "args.amount > 100"
    effect: hold
  - id: small
    match: { tools: ["library/move"] }
    effect: allow
  - id: never
    match: { tools: ["library/never"] }
    effect: deny
    reason: It is not for agents.
`;
const number = { type: 'object', properties: { amount: { type: 'number' } } };
const plain = (name: string): JsonObject => ({ name, inputSchema: { type: 'object' } });

let gateway: TestGateway;
let library: Library;
let session: TestSession;

beforeAll(async () => {
  library = createLibrary({
    tools: [
      plain('read'),
      plain('never'),
      plain('new'),
      plain('hidden'),
      { ...plain('move'), inputSchema: number },
    ],
    resources: [
      { uri: 'note:open', name: 'open' },
      { uri: 'note:shut', name: 'shut' },
    ],
    prompts: [{ name: 'greet' }, { name: 'shut' }],
  });
  gateway = await startTestGateway({ policy: POLICY, servers: { library: library.entry } });
  session = await mint(gateway, {
    tools: ['oracle/*', 'library/*', 'prompt:library/*', 'resource:library/*', '!library/hidden'],
  });
});

afterAll(async () => {
  await gateway.close();
  library.remove();
});

/** A wire of each revision that agents speak, by header and by secret URL. */
async function everyWire(): Promise<[string, Wire][]> {
  const wires: [string, Wire][] = [];
  for (const access of [session.access, session.secret]) {
    wires.push(['2026-07-28', modernWire(access)]);
    for (const revision of ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'])
      wires.push([revision, await legacyWire(access, revision)]);
  }
  return wires;
}

/** What was found: the stable name of the refusal, what the gateway told instead of a result, or that there is one. */
function verdictOf({ result, error }: { result?: any; error?: any }): string {
  if (error !== undefined) return error.data?.code ?? `error ${error.code}`;
  return result.structuredContent?.status ?? 'done';
}

const REQUESTS: readonly (readonly [string, string, JsonObject, string])[] = [
  ['an allowed call', 'tools/call', { name: 'read', arguments: {} }, 'done'],
  [
    'a call that a rule holds',
    'tools/call',
    { name: 'pay', arguments: { amount_cents: 1, to: 'a' } },
    'pending_approval',
  ],
  ['a call of a tool that no rule names', 'tools/call', { name: 'new', arguments: {} }, 'pending_approval'],
  ['a call below a threshold', 'tools/call', { name: 'move', arguments: { amount: 100 } }, 'done'],
  ['a call above it', 'tools/call', { name: 'move', arguments: { amount: 100.5 } }, 'pending_approval'],
  ['a denied call', 'tools/call', { name: 'never', arguments: {} }, 'denied_by_policy'],
  ['a call of no tool', 'tools/call', { name: 'none', arguments: {} }, 'not_found'],
  ['a call outside the scope', 'tools/call', { name: 'hidden', arguments: {} }, 'not_found'],
  ['a reading that is allowed', 'resources/read', { uri: 'note:open' }, 'done'],
  ['a reading that is not', 'resources/read', { uri: 'note:shut' }, 'denied_by_policy'],
  ['a prompt that is allowed', 'prompts/get', { name: 'greet' }, 'done'],
  ['a prompt that is not', 'prompts/get', { name: 'shut' }, 'denied_by_policy'],
  [
    'a completion of what may not be read',
    'completion/complete',
    { ref: { type: 'ref/prompt', name: 'shut' }, argument: { name: 'a', value: '' } },
    'denied_by_policy',
  ],
];

describe('in every revision, by header and by URL, streamed or not', () => {
  test.each(REQUESTS)('%s has one and the same verdict', async (_what, method, params, wanted) => {
    const approvals = new Set<string>();
    for (const [revision, wire] of await everyWire()) {
      for (const meta of [{}, { progressToken: 'p' }]) {
        const { message } = await wire.request(method, params, { meta });
        expect(verdictOf(message), `${revision} ${JSON.stringify(meta)}`).toBe(wanted);
        approvals.add(String(message.result?.structuredContent?.approval_id));
      }
    }
    expect(approvals.size, 'one approval is behind all of them').toBe(1);
    if (wanted === 'done') return;
    expect(library.requests(method).filter((one) => isSame(one.params as JsonObject, params))).toEqual([]);
    expect(gateway.received()).toEqual([]);
  });

  test('every SDK client meets the verdicts of the wire', async () => {
    const access: McpAccess = session.access;
    for (const agent of await sdkAgents(access)) {
      for (const [what, method, params, wanted] of REQUESTS.filter(([, one]) => one === 'tools/call')) {
        const found = await agent.call(String(params.name), params.arguments as JsonObject).then(
          (result) => verdictOf({ result }),
          (error) => verdictOf({ error }),
        );
        expect(found, `${agent.name}, ${method}: ${what}`).toBe(wanted);
      }
      await agent.close();
    }
  });
});

function isSame(sent: JsonObject, params: JsonObject): boolean {
  return (
    sent.name === params.name &&
    sent.uri === params.uri &&
    JSON.stringify(sent.arguments) === JSON.stringify(params.arguments)
  );
}
