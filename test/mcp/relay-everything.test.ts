import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BASE_POLICY, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { CLIENT_KINDS, connectAnswering } from './support/answering-clients.ts';
import { mint } from './support/sessions.ts';
import { modernWire } from './support/wire.ts';

const PACKAGE = createRequire(import.meta.url).resolve(
  '@modelcontextprotocol/server-everything/package.json',
);
const POLICY = `${BASE_POLICY}  - id: everything
    match: { tools: ["everything/*"] }
    effect: allow
`;

let gateway: TestGateway;

beforeAll(async () => {
  const everything = {
    command: process.execPath,
    args: [join(dirname(PACKAGE), 'dist/index.js')],
    prefix: 'every',
    relay: ['elicitation', 'sampling'],
  };
  gateway = await startTestGateway({ policy: POLICY, servers: { everything } });
});

afterAll(() => gateway.close());

/** Some of its tools are there only after it was told what can be asked. */
async function listed(name: string): Promise<void> {
  const wire = modernWire(gateway.app.session.mcp);
  const names = async () =>
    (await wire.request('tools/list')).message.result.tools.map((tool: any) => tool.name);
  await expect.poll(names).toContain(name);
}

test.each(CLIENT_KINDS)('the reference server samples and elicits through the gateway: %s', async (which) => {
  await listed('every_trigger-elicitation-request');
  const client = await connectAnswering((await mint(gateway)).access, which);
  const sampled = await client.call('every_trigger-sampling-request', { prompt: 'Say a word', maxTokens: 5 });
  expect(JSON.stringify(sampled.content)).toContain('hi');
  const elicited = await client.call('every_trigger-elicitation-request');
  expect(JSON.stringify(elicited.content)).toContain('User provided the requested information');
  expect(client.asked.map(({ method }) => method)).toEqual(['sampling/createMessage', 'elicitation/create']);
  expect(client.asked[1].params.message).toMatch(/^From the server everything: /);
});
