import { afterEach, expect, test } from 'vitest';
import { connectV1, connectV2 } from '../support/agents.ts';
import { enrol } from '../support/approver.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

const open: TestGateway[] = [];

async function gateway(): Promise<TestGateway> {
  const started = await startTestGateway();
  open.push(started);
  return started;
}

afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

const CLIENTS = [
  ['the v1 SDK client', connectV1],
  ['the v2 SDK client in auto mode', (access: Parameters<typeof connectV2>[0]) => connectV2(access, 'auto')],
  [
    'the v2 SDK client pinned to 2026-07-28',
    (access: Parameters<typeof connectV2>[0]) => connectV2(access, 'modern'),
  ],
  [
    'the v2 SDK client in legacy mode',
    (access: Parameters<typeof connectV2>[0]) => connectV2(access, 'legacy'),
  ],
] as const;

test.each(CLIENTS)(
  '%s sees a risky call frozen, and gets its real result after a person approved',
  async (_, connect) => {
    const { app, received } = await gateway();
    const person = await enrol(app.origin, app.enrolUrl ?? '');
    const client = await connect(app.session.mcp);

    const { tools } = await client.listTools();
    expect(tools.map((tool) => tool.name)).toContain('pay');
    expect(tools.map((tool) => tool.name)).toContain('approval_wait');

    const safe = await client.callTool({ name: 'echo', arguments: { text: 'hello' } });
    expect(JSON.stringify(safe.content)).toContain('hello');

    const held: any = await client.callTool({ name: 'pay', arguments: { amount_cents: 7500, to: 'c_123' } });
    expect(held.structuredContent).toMatchObject({ status: 'pending_approval', state: 'pending' });
    expect(received()).toHaveLength(1);

    const id = held.structuredContent.approval_id;
    const waiting = client.callTool({ name: 'approval_wait', arguments: { approval_id: id } });
    const decided = await person.decide(id, 'approve');
    expect(decided.status).toBe(200);

    const result: any = await waiting;
    expect(result.isError ?? false).toBe(false);
    expect(JSON.stringify(result.content)).toContain('7500');
    expect(received()).toHaveLength(2);
    expect(JSON.parse(received()[1] ?? '')).toMatchObject({
      name: 'pay',
      arguments: { amount_cents: 7500, to: 'c_123' },
    });
    await client.close();
  },
);
