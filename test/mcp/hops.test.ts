import { expect, onTestFinished, test } from 'vitest';
import { type HttpFixture, says, startHttpFixture } from '../support/downstreams/http-fixture.ts';
import { BASE_POLICY, startTestGateway } from '../support/gateway.ts';
import { mint } from './support/sessions.ts';
import { bothWires, modernWire } from './support/wire.ts';

const POLICY = `${BASE_POLICY}  - { id: web, match: { tools: ["web/*"] }, effect: allow }\n`;
const DEPLOY = {
  name: 'deploy',
  inputSchema: { type: 'object', properties: { region: { type: 'string', 'x-mcp-header': 'Region' } } },
};

async function behind(era: 'modern' | 'legacy') {
  const web: HttpFixture = await startHttpFixture({ era, calls: { deploy: says('deployed') } });
  web.tools = [DEPLOY];
  const entry = { url: web.url, prefix: 'w', headers: { Authorization: 'Bearer of-the-gateway' } };
  const gateway = await startTestGateway({ policy: POLICY, servers: { web: entry } });
  onTestFinished(() => gateway.close());
  return { web, gateway };
}

test('towards a 2026-07-28 server the headers are made anew: its own name of the tool, and the arguments sent', async () => {
  const { web, gateway } = await behind('modern');
  const region = 'zürich';
  const encoded = `=?base64?${Buffer.from(region).toString('base64')}?=`;
  const headers = { 'mcp-param-region': encoded, 'mcp-param-other': 'smuggled' };
  const reply = await modernWire(gateway.app.session.mcp).request(
    'tools/call',
    { name: 'w_deploy', arguments: { region } },
    { headers },
  );
  expect(reply.message.result.content[0].text).toBe('deployed');
  const call = web.calls()[0];
  expect(call?.headers).toMatchObject({
    'mcp-method': 'tools/call',
    'mcp-name': 'deploy',
    'mcp-param-region': encoded,
    'mcp-protocol-version': '2026-07-28',
  });
  expect(call?.headers).not.toHaveProperty('mcp-param-other');
  expect(JSON.parse(call?.body ?? '').params).toMatchObject({ name: 'deploy', arguments: { region } });
});

test.each(['modern', 'legacy'] as const)(
  'a %s server over HTTP gets the gateway’s credential and never the agent’s, from an agent of either era',
  async (era) => {
    const { web, gateway } = await behind(era);
    const session = await mint(gateway);
    for (const wire of [...(await bothWires(session.access)), ...(await bothWires(session.secret))]) {
      const reply = await wire.request(
        'tools/call',
        { name: 'w_deploy', arguments: { region: 'eu' } },
        { headers: { 'mcp-param-region': 'eu', cookie: 'agent-cookie', 'x-forwarded-for': '10.9.8.7' } },
      );
      expect(reply.message.result.content[0].text).toBe('deployed');
    }
    expect(web.calls()).toHaveLength(4);
    for (const { headers } of web.calls()) expect(headers.authorization).toBe('Bearer of-the-gateway');
    const all = JSON.stringify(web.received);
    for (const secret of [session.token, 'agent-cookie', '10.9.8.7']) expect(all).not.toContain(secret);
  },
);
