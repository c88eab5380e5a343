import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { connectV2 } from '../support/agents.ts';
import { BASE_POLICY } from '../support/gateway.ts';
import { ndjson, openTerminal, oracleConfig } from './cli-terminal.ts';

const BUILT = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const SDK = new URL('../../dist/index.js', import.meta.url).href;

test('the built program serves agents, the API and the page, finds its parts, and Ctrl-C ends it with 0', async () => {
  const terminal = await openTerminal(BUILT);
  onTestFinished(() => terminal.close());
  const { dir, write } = terminal;
  await write('policies/policy.yaml', BASE_POLICY);
  await write('mcp.json', oracleConfig(`${dir}/witness.jsonl`));
  const config = await write(
    'countersign.yaml',
    'policies: ./policies\ndemo: true\nmcp_servers_files: [./mcp.json]\n',
  );
  const { ready, stop } = await terminal.up('--config', config);

  const agent = await connectV2(ready.session.mcp, 'auto');
  const names = (await agent.listTools()).tools.map((tool) => tool.name);
  expect(names).toEqual(expect.arrayContaining(['echo', 'payments_refund', 'read_text_file']));
  const answer = await agent.callTool({ name: 'echo', arguments: { text: 'built' } });
  expect(answer.content).toEqual([{ type: 'text', text: 'built' }]);
  await agent.close();

  const { Countersign } = (await import(SDK)) as typeof import('../../src/index.ts');
  const operator = new Countersign({ baseUrl: ready.origin, apiKey: ready.api_key });
  const servers = await operator.servers.list();
  expect(servers.data.map((server) => server.name).sort()).toEqual(['files', 'oracle', 'sandbox']);
  const page = await fetch(ready.origin);
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('/assets/')]);

  const ended = await stop();
  expect([ended.code, ndjson(ended).at(-1)]).toEqual([0, { event: 'stopped' }]);
});
