import { createServer } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import type { Entry, EntryDraft } from '../../src/ledger/entry.ts';
import { createMetrics } from '../../src/observe/metrics.ts';
import { connectV1 } from '../support/agents.ts';
import { enrol } from '../support/approver.ts';
import { BASE_POLICY, startTestGateway, type TestGateway } from '../support/gateway.ts';

const NOW = Date.UTC(2026, 0, 1);

async function startMeasured(
  policy = BASE_POLICY,
): Promise<{ gateway: TestGateway; scrape(): Promise<string> }> {
  const urls: string[] = [];
  const gateway = await startTestGateway({
    policy,
    settings: { metrics: { port: 0 } },
    onEvent: ({ event, url }) => void (event === 'metrics.listening' && urls.push(String(url))),
  });
  onTestFinished(() => gateway.close());
  return { gateway, scrape: async () => (await fetch(urls[0] ?? '')).text() };
}

/** The samples of a family, by name and labels. */
function samples(text: string, family: string): Record<string, number> {
  const found = text.split('\n').filter((line) => line.startsWith(family));
  return Object.fromEntries(
    found.map((line) => [line.slice(family.length, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]),
  );
}

test('a gateway tells what waits, what was decided and after how long, and what servers failed at', async () => {
  const { gateway, scrape } = await startMeasured();
  const person = await enrol(gateway.app.origin, gateway.app.enrolUrl ?? '');
  const client = await connectV1(gateway.app.session.mcp);
  await client.callTool({ name: 'echo', arguments: { text: 'unmistakable-words' } });
  await client.callTool({ name: 'fail', arguments: {} });
  const first: any = await client.callTool({ name: 'pay', arguments: { amount_cents: 1, to: 'c_1' } });
  await client.callTool({ name: 'pay', arguments: { amount_cents: 2, to: 'c_1' } });
  await client.close();
  await person.decide(first.structuredContent.approval_id, 'deny', 'no');
  const text = await expect
    .poll(scrape)
    .toContain('countersign_decision_seconds_count{decision="deny"} 1')
    .then(scrape);
  expect(samples(text, 'countersign_approvals_pending')).toEqual({ '': 1 });
  expect(samples(text, 'countersign_approvals_requested_total')).toEqual({ '': 2 });
  expect(samples(text, 'countersign_approvals_ended_total')).toMatchObject({
    '{state="denied"}': 1,
    '{state="expired"}': 0,
  });
  expect(samples(text, 'countersign_calls_total')).toEqual({ '{verdict="allow"}': 2, '{verdict="hold"}': 2 });
  expect(samples(text, 'countersign_downstream_errors_total')).toEqual({
    '{server="oracle",kind="tool_error"}': 1,
  });
  expect(samples(text, 'countersign_ledger_lag_seconds_count')['']).toBeGreaterThan(0);
  expect(samples(text, 'countersign_ledger_entries')['']).toBeGreaterThan(8);
  for (const secret of ['unmistakable', gateway.apiKey, gateway.app.session.id])
    expect(text).not.toContain(secret);
});

test('a condition that cannot be evaluated, and a policy that cannot be loaded, are counted', async () => {
  const policy = BASE_POLICY.replace(
    '  - id: payments',
    '  - id: typed\n    match: { tools: ["oracle/echo"] }\n    when: "int(args.text) > 1"\n    effect: allow\n  - id: payments',
  );
  const { gateway, scrape } = await startMeasured(policy);
  const client = await connectV1(gateway.app.session.mcp);
  await client.callTool({ name: 'echo', arguments: { text: 'no number' } });
  await client.close();
  await gateway.writePolicy('version: 1\nrules: [broken');
  await expect.poll(scrape, { timeout: 10_000 }).toContain('countersign_policy_errors_total{stage="load"} 1');
  expect(samples(await scrape(), 'countersign_policy_errors_total')['{stage="evaluate"}']).toBe(1);
});

test('metrics are nowhere unless a port is given, and at no other path', async () => {
  const { gateway, scrape } = await startMeasured();
  expect((await fetch(`${gateway.app.origin}/metrics`)).status).not.toBe(200);
  expect(await scrape()).toContain('process_cpu_seconds_total');
});

test('a port that is taken stops the start, with words that name it', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void taken.close());
  const { port } = taken.address() as { port: number };
  await expect(startTestGateway({ oracle: false, settings: { metrics: { port } } })).rejects.toMatchObject({
    code: 'config_invalid',
    message: expect.stringContaining(`metrics.port: 127.0.0.1:${port}`),
  });
});

test.each([
  ['COUNTERSIGN_METRICS_PORT', 'many', /METRICS_PORT: expected a port/],
  ['COUNTERSIGN_METRICS_HOST', '0.0.0.0', /METRICS_HOST: expected metrics.port/],
  ['COUNTERSIGN_TRACING', 'much', /TRACING: expected true or false/],
])('the setting %s is refused as %s', (name, value, message) => {
  expect(() => loadConfig({ env: { [name]: value }, readOnly: true })).toThrow(message);
});

test('what policy allowed at once is no decision, and expiry and lag are measured by the ledger’s own times', async () => {
  const metrics = await createMetrics({
    now: () => NOW + 250,
    countPending: async () => 3,
    requestedAt: async () => NOW - 90_000,
    ledgerSize: () => 12,
    signedSize: async () => 10,
    report: () => undefined,
  });
  const entry = (draft: Pick<EntryDraft, 'type' | 'body'>): Entry => ({
    ...draft,
    ref: { approval: 'apr_1', action: 'oracle/pay' },
    v: 1,
    log: 'l',
    seq: 0,
    ts: NOW,
  });
  metrics.onEntries([
    entry({ type: 'approval.approved', body: { basis: 'policy' } }),
    entry({ type: 'approval.approved', body: { basis: 'decision' } }),
    entry({ type: 'approval.expired', body: {} }),
    entry({ type: 'approval.outcome', body: { state: 'unknown' } }),
    entry({ type: 'approval.outcome', body: { state: 'succeeded' } }),
  ]);
  await Promise.resolve();
  const text = await metrics.registry.metrics();
  expect(samples(text, 'countersign_decision_seconds_sum')).toEqual({ '{decision="approve"}': 90 });
  expect(samples(text, 'countersign_approvals_ended_total')['{state="expired"}']).toBe(1);
  expect(samples(text, 'countersign_downstream_errors_total')).toEqual({
    '{server="oracle",kind="unknown"}': 1,
  });
  expect(samples(text, 'countersign_ledger_lag_seconds_sum')).toEqual({ '': 0.25 });
  expect(samples(text, 'countersign_ledger_unsigned_entries')).toEqual({ '': 2 });
});
