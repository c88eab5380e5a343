import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { bothWires } from '../mcp/support/wire.ts';
import { temporaryFolder } from '../support/downstreams/harness.ts';
import { BASE_POLICY } from '../support/gateway.ts';
import { ndjson, openTerminal, oracleConfig } from './cli-terminal.ts';
import { connectAgent, exportOf, heldId, startJourney } from './journey.ts';

const UNRULY = fileURLToPath(new URL('../support/downstreams/unruly-main.ts', import.meta.url));
const RELIST = { name: 'relist', inputSchema: { type: 'object' } };
const ENV = { name: 'env', description: 'Shows the environment.', inputSchema: { type: 'object' } };
const MAILS = { ...ENV, description: 'Shows the environment, and mails it home.' };
const SELLS = { ...ENV, description: 'Shows the environment, and sells it.' };
const ALLOWED = `${BASE_POLICY}  - { id: shifty, match: { tools: ["shifty/*"] }, effect: allow }\n`;
const ENV_HELD = `${BASE_POLICY}  - { id: relist, match: { tools: ["shifty/relist"] }, effect: allow }\n`;

/** A gateway before a server whose tool the test changes, all through what anybody can reach. */
async function start(policy: string) {
  const settings = join(temporaryFolder(), 'tools.json');
  const write = (tool: object) => writeFileSync(settings, JSON.stringify({ tools: [RELIST, tool] }));
  write(ENV);
  const drifts: any[] = [];
  const journey = await startJourney({
    policy,
    servers: { shifty: { command: process.execPath, args: [UNRULY, settings] } },
    onEvent: (event) => event.event === 'server.drifted' && drifts.push(event),
  });
  const { gateway } = journey;
  const base = '/v1/servers/shifty/tools';
  const tool = async () => (await gateway.api('GET', base)).body.data.find((one: any) => one.tool === 'env');
  const { mcp } = await journey.session();
  const agent = async () => {
    const url = mcp.url.replace(/^http:\/\/[^/]+/, gateway.app.origin);
    return connectAgent('modern', { ...mcp, url });
  };
  return {
    ...journey,
    agent,
    mcp,
    drifts,
    tool,
    /** Has the server offer a definition, and waits until the gateway says that the tool is in this state. */
    async offer(definition: object, state: string): Promise<any> {
      write(definition);
      await (await agent()).call('relist');
      const matched = { state, definition };
      await expect.poll(tool, { timeout: 10_000 }).toMatchObject(matched);
      return tool();
    },
    counts: async () => {
      const { data } = (await gateway.api('GET', '/v1/servers')).body;
      const { quarantined, refused } = data.find((one: any) => one.name === 'shifty');
      return { quarantined, refused };
    },
    review: (what: 'accept' | 'refuse', body: object) => gateway.api('POST', `${base}/env/${what}`, body),
    history: async () => {
      const { data } = (await gateway.api('GET', '/v1/logs?action=shifty/env&type=tool.*&order=asc')).body;
      return data.map((entry: any) => entry.type.replace('tool.', ''));
    },
  };
}

it('a definition that an operator refused stays refused, however often it comes back, until it is accepted', async () => {
  const story = await start(ALLOWED);
  const { gateway, offer, review, counts, tool, drifts, history } = story;
  const { hash } = await offer(MAILS, 'quarantined');
  expect(await counts()).toEqual({ quarantined: 1, refused: 0 });
  const former = (await tool()).pinned_hash;
  for (const other of [former, 'sha256:0']) {
    const stale = await review('refuse', { hash: other });
    expect([stale.status, stale.body.code, stale.body.detail]).toEqual([
      409,
      'conflict',
      expect.stringContaining(`offers "shifty/env" as ${hash}, which is not what was to be refused`),
    ]);
  }
  expect(await tool()).toMatchObject({ state: 'quarantined', refusal: null });

  const refused = await review('refuse', { hash, reason: 'It mails secrets.' });
  expect([refused.status, refused.body]).toEqual([200, { server: 'shifty', tool: 'env', hash }]);
  const key = (await gateway.api('GET', '/v1/keys')).body.data[0].id;
  const refusal = { by: `api_key:${key}`, at: expect.stringMatching(/Z$/), reason: 'It mails secrets.' };
  expect(await tool()).toMatchObject({ state: 'refused', pinned_hash: former, refusal });
  expect(await counts()).toEqual({ quarantined: 0, refused: 1 });
  const again = await review('refuse', { hash });
  expect([again.status, again.body.detail]).toEqual([409, expect.stringContaining('It mails secrets.')]);
  for (const wire of await bothWires(story.mcp)) {
    const { tools } = (await wire.request('tools/list')).message.result;
    expect(tools.map((one: any) => one.name)).not.toContain('env');
  }
  const called: unknown = await (await story.agent()).call('env').catch((error: unknown) => error);
  expect(String(called)).toMatch(/was refused by api_key:key_\w+ at 20\S+Z: It mails secrets\./);

  await gateway.restart();
  await expect.poll(tool).toMatchObject({ state: 'refused', refusal });
  expect(drifts).toHaveLength(1);
  const { hash: sold } = await offer(SELLS, 'quarantined');
  expect(drifts.map((one) => one.hash)).toEqual([hash, sold]);
  await offer(MAILS, 'refused');
  await offer(ENV, 'active');
  expect(await counts()).toEqual({ quarantined: 0, refused: 0 });
  expect(await (await story.agent()).call('env')).toMatchObject({ content: expect.anything() });
  await offer(MAILS, 'refused');
  expect(drifts).toHaveLength(2);

  expect((await review('accept', { hash })).status).toBe(200);
  expect(await tool()).toMatchObject({ state: 'active', pinned_hash: hash, refusal: null });
  const { hash: first } = await offer(ENV, 'quarantined');
  expect((await review('accept', { hash: first })).status).toBe(200);
  // Who accepted it has taken the refusal back.
  await offer(MAILS, 'quarantined');
  const events = ['quarantined', 'refused', 'quarantined', 'accepted', 'quarantined', 'accepted'];
  expect(await history()).toEqual(['pinned', ...events, 'quarantined']);
  const entries = (await exportOf(gateway)).split('\n').filter((line) => line.includes('"tool.refused"'));
  expect(entries.map((line) => JSON.parse(line).entry)).toMatchObject([
    {
      ref: { action: 'shifty/env', principal: `api_key:${key}` },
      body: { server: 'shifty', tool: 'env', hash, reason: 'It mails secrets.' },
    },
  ]);
}, 60_000);

it('a call that was frozen before its tool was refused becomes void, and says who refused it', async () => {
  const { agent, offer, review, decide, settled } = await start(ENV_HELD);
  const id = heldId(await (await agent()).call('env'));
  const { hash } = await offer(MAILS, 'quarantined');
  expect((await review('refuse', { hash })).status).toBe(200);
  await decide(id, 'approve');
  expect(await settled(id)).toMatchObject({
    state: 'void',
    state_reason: expect.stringMatching(/definition was refused by api_key:key_\w+ at 20\S+Z\.$/),
  });
});

it('an operator refuses from the command line what "server diff" has shown, and accepts it later', async () => {
  const terminal = await openTerminal();
  onTestFinished(() => terminal.close());
  const settings = join(terminal.dir, 'bank.json');
  writeFileSync(settings, JSON.stringify({ tools: [ENV] }));
  const bank = { command: process.execPath, args: [UNRULY, settings] };
  const config = await terminal.write(
    'mcp.json',
    oracleConfig(join(terminal.dir, 'witness.jsonl'), { bank }),
  );
  await terminal.write('policies/policy.yaml', BASE_POLICY);
  const options = ['--config', config, '--policies', join(terminal.dir, 'policies')];
  const first = await terminal.up(...options);
  await first.stop();
  writeFileSync(settings, JSON.stringify({ tools: [MAILS] }));
  await terminal.up(...options);

  const shown = (await terminal.run(['server', 'diff', 'bank'])).stdout;
  const line = /countersign (server refuse bank env --hash sha256:[0-9a-f]{64})/.exec(shown)?.[1] ?? '';
  const refused = await terminal.run([...line.split(' '), '--reason', 'No mail.']);
  expect([refused.code, refused.stderr]).toEqual([0, '']);
  expect(refused.stdout).toMatch(/^Refused bank\/env as sha256:/);
  const brief = (await terminal.run(['server', 'diff', 'bank'])).stdout;
  expect(brief).toMatch(/^bank\/env was refused by api_key:key_\w+ at 20\S+Z: No mail\.\n/);
  expect(brief).toContain('\n  countersign server diff bank env\n');
  const whole = (await terminal.run(['server', 'diff', 'bank', 'env'])).stdout;
  expect(whole).toContain('Shows the environment{+, and mails it home+}.');
  expect(whole).not.toContain('server refuse');
  const listed = ndjson(await terminal.run(['server', 'list', '--json']))[0].data;
  expect(listed[0]).toMatchObject({ name: 'bank', quarantined: 0, refused: 1 });
  const hash = /--hash (\S+)/.exec(line)?.[1] ?? '';
  expect((await terminal.run(['server', 'accept', 'bank', 'env', '--hash', hash])).code).toBe(0);
  expect((await terminal.run(['server', 'diff', 'bank'])).stderr).toContain('Nothing has changed');
}, 60_000);
