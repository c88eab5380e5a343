import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Countersign } from '../../src/sdk/countersign.ts';
import { connectV1 } from '../support/agents.ts';
import { enrol } from '../support/approver.ts';
import { startTestGateway } from '../support/gateway.ts';
import { copyOf, makeTemplate, runUntilKilled, startHere } from '../support/killable.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';

async function openReceiver(): Promise<Receiver> {
  const receiver = await startReceiver();
  onTestFinished(() => receiver.close());
  return receiver;
}

const typesOf = (receiver: Receiver): string[] => receiver.messages.map(({ event }) => event.type);

it('a workflow of three steps is driven by webhooks alone, each step from the end of the one before', async () => {
  const receiver = await openReceiver();
  const gateway = await startTestGateway({ settings: { webhooks: { allow: [receiver.party] } } });
  onTestFinished(() => gateway.close());
  const { app, apiKey } = gateway;
  const person = await enrol(app.origin, app.enrolUrl ?? '');
  const { webhooks } = new Countersign({ baseUrl: app.origin, apiKey });
  const { secret, publicKey } = await webhooks.create({
    url: receiver.url,
    events: ['approval.requested', 'approval.decided', 'call.completed', 'job.completed'],
  });
  const agent = await connectV1(app.session.mcp);
  onTestFinished(() => agent.close());
  const step = (number: number) =>
    agent.callTool({ name: 'pay', arguments: { amount_cents: 7_500 + number, to: 'canary-payee' } });

  await step(1);
  const handled = new Set<string>();
  const ended: string[] = [];
  while (ended.length < 3) {
    const fresh = () => receiver.messages.find(({ event }) => !handled.has(event.id));
    await expect.poll(fresh, { timeout: 10_000 }).toBeDefined();
    const { headers, body } = fresh() as Receiver['messages'][number];
    expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
    const event = await webhooks.unwrap(body, headers, publicKey);
    handled.add(event.id);
    const { approval = '', job = '' } = event.data;
    if (event.type === 'approval.requested')
      expect((await person.decide(approval, 'approve', 'canary-reason')).status).toBe(200);
    if (event.type !== 'job.completed') continue;
    expect(event.data).toMatchObject({ state: 'completed', tool: 'oracle/pay', risk: 'high' });
    ended.push(job);
    if (ended.length < 3) await step(ended.length + 1);
  }
  expect(gateway.received()).toHaveLength(3);
  expect(new Set(ended).size).toBe(3);
  const sent = JSON.stringify(receiver.messages);
  for (const secretWord of ['canary', apiKey, secret]) expect(sent).not.toContain(secretWord);
  for (const { event } of receiver.messages.filter((one) => one.event.type === 'approval.requested')) {
    const { approval } = event.data;
    const story = receiver.messages.filter((one) => one.event.data.approval === approval);
    expect(story.map((one) => one.event.type)).toEqual([
      'approval.requested',
      'approval.decided',
      'call.completed',
      'job.completed',
    ]);
  }
});

it('nothing is lost while the receiver is away, and what the gateway was told to keep secret stays so', async () => {
  const receiver = await openReceiver();
  receiver.answer(503);
  const gateway = await startTestGateway({ settings: { webhooks: { allow: [receiver.party] } } });
  onTestFinished(() => gateway.close());
  const { webhooks, sessions } = new Countersign({ baseUrl: gateway.app.origin, apiKey: gateway.apiKey });
  const { id } = await webhooks.create({ url: receiver.url, events: ['session.revoked'] });
  const { id: session } = await sessions.mint({ subject: 'ann' });
  await sessions.revoke(session);
  await receiver.first('session.revoked');
  await expect.poll(async () => (await webhooks.deliveries(id)).data[0]?.status).toBe(503);
  await gateway.restart();
  receiver.answer(200);
  const again = new Countersign({ baseUrl: gateway.app.origin, apiKey: gateway.apiKey }).webhooks;
  const delivered = async () => (await again.deliveries(id)).data[0]?.state;
  await expect.poll(delivered, { timeout: 15_000 }).toBe('delivered');
  const [first, second] = receiver.messages;
  expect(second?.event.id).toBe(first?.event.id);
  expect(second?.body).toBe(first?.body);
});

describe('a gateway that is killed', () => {
  it.each([
    ['after', 'has been written', ['approval.requested']],
    ['before', 'is being written', []],
  ] as const)('%s its change %s tells after the next start exactly what was kept', async (side, _, told) => {
    const root = mkdtempSync(join(tmpdir(), 'countersign-webhooks-'));
    onTestFinished(() => rmSync(root, { recursive: true, force: true }));
    const receiver = await openReceiver();
    const template = await makeTemplate(join(root, 'template'));
    const settings = copyOf(template, join(root, side));
    const { mcpServers } = JSON.parse(readFileSync(settings.configFile, 'utf8'));
    const config = { mcp_servers: mcpServers, webhooks: { allow: [receiver.party] } };
    writeFileSync(settings.configFile, JSON.stringify(config));
    const before = await startHere(settings);
    const { webhooks } = new Countersign({ baseUrl: before.origin, apiKey: template.apiKey });
    await webhooks.create({ url: receiver.url, events: ['approval.requested', 'session.revoked'] });
    await before.close();

    const kill = { at: 'approval.requested', side };
    const { killed } = await runUntilKilled({ ...settings, kill }, { person: template.person });
    expect(killed).toBe(true);
    expect(receiver.messages).toEqual([]);

    const after = await startHere(settings);
    const { sessions } = new Countersign({ baseUrl: after.origin, apiKey: template.apiKey });
    await sessions.revoke((await sessions.mint({ subject: 'ann' })).id);
    await receiver.first('session.revoked');
    await after.close();
    expect(typesOf(receiver).sort()).toEqual([...told, 'session.revoked']);
  });
});
