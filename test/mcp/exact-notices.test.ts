import { afterAll, beforeAll, expect, test } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { readMessage } from '../../src/downstream/message.ts';
import { createLibrary, type Library } from '../support/downstreams/library.ts';
import { BASE_POLICY, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { bothWires, type WireReply } from './support/wire.ts';

const POLICY = `${BASE_POLICY}  - id: library
    match: { tools: ["library/*"] }
    effect: allow
`;
const DEEP = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
const notice = (method: string, params: string): string =>
  `{"jsonrpc":"2.0","method":"notifications/${method}","params":${params}}`;
const progress = (members: string): string => notice('progress', `{"progressToken":TOKEN,${members}}`);
const log = (data: string): string => notice('message', `{"level":"error","data":${data}}`);
const LEVEL = { 'io.modelcontextprotocol/logLevel': 'debug' };

let gateway: TestGateway;
let library: Library;

beforeAll(async () => {
  library = createLibrary({ tools: [{ name: 'say', inputSchema: { type: 'object' } }], said: [] });
  gateway = await startTestGateway({ policy: POLICY, servers: { library: library.entry } });
});

afterAll(async () => {
  await gateway.close();
  library.remove();
});

/** What a client of either era is told while its call runs at a server that says this. */
async function heard(said: readonly string[]): Promise<WireReply[]> {
  library.change({ tools: [{ name: 'say', inputSchema: { type: 'object' } }], said });
  const replies: WireReply[] = [];
  for (const wire of await bothWires(gateway.app.session.mcp)) {
    const meta = { progressToken: 'p', ...(wire.era === 'modern' ? LEVEL : {}) };
    replies.push(await wire.request('tools/call', { name: 'say', arguments: {} }, { meta }));
  }
  return replies;
}

test('progress and log messages arrive with the digits that their server wrote, in either era', async () => {
  const numbers = ['9007199254740993', '-12345678901234567890', '0.12345678901234567890', '1e400', '1.5'];
  for (const number of numbers) {
    const said = [progress(`"progress":${number},"total":${number}`), log(`{"n":[${number}]}`)];
    for (const { text, message } of await heard(said)) {
      expect(text).toContain(`"progress":${number}`);
      expect(text).toContain(`"total":${number}`);
      expect(text).toContain(`"data":{"n":[${number}]}`);
      expect(message.result.content[0].text).toBe('called say');
    }
  }
});

test('progress grows also where two numbers are the same double, and is dropped where it does not', async () => {
  const steps = [
    '9007199254740992',
    '9007199254740993',
    '9007199254740993',
    '9007199254740991',
    '9007199254740994',
  ];
  for (const { text } of await heard(steps.map((step) => progress(`"progress":${step}`))))
    expect([...text.matchAll(/"progress":(\d+)/g)].map(([, number]) => number)).toEqual([
      '9007199254740992',
      '9007199254740993',
      '9007199254740994',
    ]);
});

test('what only looks like a number kept as text is passed on as the object that it is', async () => {
  for (const { text } of await heard([log('{"rawJSON":"9007199254740993","n":9007199254740993}')]))
    expect(text).toContain('{"rawJSON":"9007199254740993","n":9007199254740993}');
});

test('what is nested deeper than anybody can write it again reaches nobody, and harms no call', async () => {
  const said = [progress(`"progress":1,"message":${DEEP}`), log(DEEP), progress('"progress":2')];
  for (const { messages } of await heard(said)) {
    expect(messages.slice(0, -1).map(({ params }) => params.progress)).toEqual([2]);
    expect(messages.at(-1).result.content[0].text).toBe('called say');
  }
});

test('what a server says is read down to a depth that can be written again, and below that as garbage', () => {
  const nested = (depth: number): string => `${'['.repeat(depth)}"[[\\"["${']'.repeat(depth)}`;
  // The message and its parameters are two levels.
  const { noticeDepth } = LIMITS;
  expect(readMessage(log(nested(noticeDepth - 2))).kind).toBe('other');
  expect(readMessage(log(nested(noticeDepth - 1))).kind).toBe('garbage');
});
