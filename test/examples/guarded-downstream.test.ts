import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import Database from 'libsql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDataKey } from '../../src/ledger/open-key.ts';
import { openPayload } from '../../src/ledger/payload.ts';
import { connectV1 } from '../support/agents.ts';
import { type Approver, enrol } from '../support/approver.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

const SERVER = fileURLToPath(new URL('../../examples/guarded-downstream/server.js', import.meta.url));
const PAYMENT = { to: 'c_1', amount_cents: 4200 };
const META = 'countersign/capability';
const HELD = `version: 1
defaults: { effect: hold }
rules:
  - id: payments
    match: { tools: ["bank/pay"] }
    effect: hold
    risk: high
    reason: Money leaves the company.
`;

let port: number;
let gateway: TestGateway;
let person: Approver;
let bank: ChildProcess;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: free } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return free;
}

async function openBank(): Promise<ChildProcess> {
  const args = ['--port', String(port), '--issuer', gateway.app.origin, '--used', join(gateway.dir, 'used')];
  const child = spawn(process.execPath, [SERVER, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(createInterface({ input: child.stdout }), 'line');
  return child;
}

async function closeBank(): Promise<void> {
  bank.kill('SIGKILL');
  await once(bank, 'close');
}

/** Waits until the gateway offers the bank's tools. */
async function connected(): Promise<void> {
  for (;;) {
    const { body } = await gateway.api('GET', '/v1/servers');
    if (body.data.some((server: any) => server.name === 'bank' && server.state === 'ready')) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

beforeAll(async () => {
  port = await freePort();
  gateway = await startTestGateway({
    policy: HELD,
    servers: { bank: { url: `http://127.0.0.1:${port}/mcp`, forward_capability: true, prefix: 'bank' } },
  });
  person = await enrol(gateway.app.origin, gateway.app.enrolUrl ?? '');
  bank = await openBank();
  await connected();
});
afterAll(async () => {
  await closeBank();
  await gateway.close();
});

const throughGateway = () => connectV1(gateway.app.session.mcp);
const pastGateway = () => connectV1({ url: `http://127.0.0.1:${port}/mcp`, headers: {} });

async function call(
  connect: () => ReturnType<typeof connectV1>,
  name: string,
  args: Record<string, unknown> = {},
  meta?: Record<string, unknown>,
): Promise<any> {
  const client = await connect();
  const result = await client.callTool({
    name,
    arguments: args,
    ...(meta === undefined ? {} : { _meta: meta }),
  });
  await client.close();
  return result;
}

const textOf = (result: any): string => result.content[0].text;
const paid = async (): Promise<any[]> => JSON.parse(textOf(await call(pastGateway, 'balance')));

/** Has a payment frozen and approved, and gives its outcome. */
async function approvedPayment(payment: Record<string, unknown>): Promise<any> {
  const held = await call(throughGateway, 'bank_pay', payment);
  const id = held.structuredContent.approval_id;
  expect((await person.decide(id, 'approve', 'fine')).status).toBe(200);
  return (await gateway.api('GET', `/v1/approvals/${id}/wait?timeout_ms=10000`)).body;
}

/** The tokens that left the gateway, as somebody would have them who holds its data folder. */
function stolenTokens(): string[] {
  const folder = join(gateway.dir, 'data');
  const key = openDataKey({ file: join(folder, 'payload.key'), random: () => new Uint8Array() });
  const database = new Database(join(folder, 'countersign.db'));
  const rows = database.prepare('SELECT commitment, ciphertext FROM payload ORDER BY created_at').all([]);
  database.close();
  const texts = (rows as { commitment: string; ciphertext: string }[]).map((row) => openPayload(key, row));
  return texts.filter((text) => text !== undefined && /^eyJ/.test(text)) as string[];
}

test('the guarded server pays what a person approved, and knows who did', async () => {
  const outcome = await approvedPayment(PAYMENT);
  expect([outcome.state, outcome.result.text]).toEqual(['succeeded', expect.stringContaining('Paid 4200')]);
  expect(await paid()).toEqual([{ ...PAYMENT, approval: outcome.id, approvers: [`person:${person.id}`] }]);
});

test('the guarded server pays nobody who comes past the gateway', async () => {
  const before = await paid();
  for (const meta of [undefined, { [META]: 'x' }, { [META]: true }, { approved: true }])
    expect(await call(pastGateway, 'pay', PAYMENT, meta)).toMatchObject({ isError: true });
  expect(await paid()).toEqual(before);
});

test('the guarded server takes no capability twice, for other arguments, or after a restart', async () => {
  await approvedPayment({ to: 'c_2', amount_cents: 100 });
  const before = await paid();
  const token = stolenTokens().at(-1);
  const again = { to: 'c_2', amount_cents: 100 };
  expect(textOf(await call(pastGateway, 'pay', again, { [META]: token }))).toContain('Refused (used)');
  const more = { to: 'c_2', amount_cents: 999_999 };
  expect(textOf(await call(pastGateway, 'pay', more, { [META]: token }))).toContain('Refused (call)');
  expect(await paid()).toEqual(before);
  await closeBank();
  bank = await openBank();
  await connected();
  expect(textOf(await call(pastGateway, 'pay', again, { [META]: token }))).toContain('Refused (used)');
});

test('the guarded server pays nothing that policy lets through without a decision', async () => {
  await gateway.writePolicy(HELD.replace('effect: hold\n    risk', 'effect: allow\n    risk'));
  for (;;) {
    const { body } = await gateway.api('POST', '/v1/policies/explain', {
      server: 'bank',
      tool: 'pay',
      args: PAYMENT,
    });
    if (body.verdict.effect === 'allow') break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const before = await paid();
  const forged = { [META]: stolenTokens().at(-1) };
  for (const meta of [undefined, forged])
    expect(textOf(await call(throughGateway, 'bank_pay', PAYMENT, meta))).toContain('Refused (malformed)');
  expect(await paid()).toEqual(before);
});
