import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectV1 } from '../support/agents.ts';
import { createLibrary, type Library } from '../support/downstreams/library.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

const POLICY = `version: 1
defaults: { effect: deny }
rules:
  - id: notes
    match: { kinds: [resource], tools: ["library/note:open"] }
    effect: allow
  - id: all-but-notes
    match: { kinds: [tool, resource, action], tools: ["*"] }
    effect: hold
    mode: shadow
`;

let gateway: TestGateway;
let library: Library;

beforeAll(async () => {
  library = createLibrary({
    tools: [{ name: 'lend', inputSchema: { type: 'object' } }],
    resources: [
      { uri: 'note:open', name: 'open' },
      { uri: 'note:shut', name: 'shut' },
    ],
    answers: { 'note:open': '{"contents":[]}' },
  });
  gateway = await startTestGateway({ policy: POLICY, servers: { library: library.entry } });
});
afterAll(async () => {
  await gateway.close();
  library.remove();
});

const SHADOW = [{ rule: 'all-but-notes', effect: 'hold' }];

async function entries(type: string): Promise<any[]> {
  return (await gateway.api('GET', `/v1/logs?type=${type}&order=asc`)).body.data;
}

test('what a rule in shadow mode would have done stands beside every verdict: of calls, reads and actions', async () => {
  const agent = await connectV1(gateway.app.session.mcp);
  await agent.callTool({ name: 'lend', arguments: {} }).catch(() => undefined);
  await agent.readResource({ uri: 'note:shut' }).catch(() => undefined);
  await agent.readResource({ uri: 'note:open' });
  await agent.close();
  await gateway.api('POST', '/v1/approvals', { action: 'lend.book', resource: 'book:1' });
  expect(await entries('call.denied')).toMatchObject([
    { ref: { action: 'library/lend' }, body: { rule: null, shadow: SHADOW } },
    { ref: { action: 'resource:library/note:shut' }, body: { effect: 'deny', shadow: SHADOW } },
    { ref: { action: 'lend.book' }, body: { rule: null, shadow: SHADOW } },
  ]);
  expect(await entries('call.intent')).toMatchObject([
    {
      ref: { action: 'resource:library/note:open' },
      body: { method: 'resources/read', rule: 'notes', shadow: SHADOW },
    },
  ]);
  const { body } = await gateway.api('GET', '/v1/policies/shadow');
  expect(body).toMatchObject({ calls: 4, differing: 4 });
  expect(body.rules[0].transitions).toEqual([
    { from: 'deny', to: 'hold', calls: 3 },
    { from: 'allow', to: 'hold', calls: 1 },
  ]);
});
