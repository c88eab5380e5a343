import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connectV1 } from '../support/agents.ts';
import { startTestGateway } from '../support/gateway.ts';
import { copyOf, makeTemplate, runUntilKilled, startHere } from '../support/killable.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';

async function openReceiver(): Promise<Receiver> {
  const receiver = await startReceiver();
  onTestFinished(() => receiver.close());
  return receiver;
}

const settingsOf = (receiver: Receiver) => ({
  webhooks: { allow: [receiver.party] },
  channels: { ops: { type: 'ntfy', url: `http://${receiver.party}/ops` } },
});

const titlesOf = (receiver: Receiver): string[] =>
  receiver.messages.map(({ body }) => (JSON.parse(body) as { title: string }).title);

const WAITS = 'high risk: oracle/pay waits for a decision';

it('a message that a channel could not be given arrives after a restart, and a call that is allowed is not told', async () => {
  const receiver = await openReceiver();
  receiver.answer(503);
  const gateway = await startTestGateway({ settings: settingsOf(receiver) });
  onTestFinished(() => gateway.close());
  const agent = await connectV1(gateway.app.session.mcp);
  await agent.callTool({ name: 'echo', arguments: { text: 'canary' } });
  await agent.callTool({ name: 'pay', arguments: { amount_cents: 7_500, to: 'c_1' } });
  await agent.close();
  await expect.poll(() => receiver.messages.length, { timeout: 10_000 }).toBe(1);
  const standing = async () => (await gateway.api('GET', '/v1/channels')).body.data[0];
  await expect.poll(standing).toMatchObject({ pending: 1, last_error: 'answered with 503' });
  await gateway.restart();
  receiver.answer(200);
  await expect.poll(standing, { timeout: 15_000 }).toMatchObject({ pending: 0, dead: 0, last_error: null });
  expect(titlesOf(receiver)).toEqual([WAITS, WAITS]);
  expect(JSON.stringify(receiver.messages)).not.toContain('canary');
});

describe('a gateway that is killed', () => {
  it.each([
    ['after', 'has been written', 1],
    ['before', 'is being written', 0],
  ] as const)(
    '%s a request %s tells a channel after the next start of what was kept',
    async (side, _, told) => {
      const root = mkdtempSync(join(tmpdir(), 'countersign-channels-'));
      onTestFinished(() => rmSync(root, { recursive: true, force: true }));
      const receiver = await openReceiver();
      const template = await makeTemplate(join(root, 'template'));
      const settings = copyOf(template, join(root, side));
      const { mcpServers } = JSON.parse(readFileSync(settings.configFile, 'utf8'));
      const config = { mcp_servers: mcpServers, ...settingsOf(receiver) };
      writeFileSync(settings.configFile, JSON.stringify(config));
      await (await startHere(settings)).close();

      const kill = { at: 'approval.requested', side };
      const { killed } = await runUntilKilled({ ...settings, kill }, { person: template.person });
      expect(killed).toBe(true);
      expect(receiver.messages).toEqual([]);

      const after = await startHere(settings);
      onTestFinished(() => after.close());
      const agent = await connectV1(after.session.mcp);
      await agent.callTool({ name: 'pay', arguments: { amount_cents: 1, to: 'marker' } });
      await agent.close();
      const marker = () => receiver.messages.some(({ body }) => body.includes('marker'));
      await expect.poll(marker, { timeout: 10_000 }).toBe(true);
      await after.close();
      expect(titlesOf(receiver)).toEqual(Array(told + 1).fill(WAITS));
    },
  );
});
