import { join } from 'node:path';
import { Client as ClientV2, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport as StdioV2 } from '@modelcontextprotocol/client/stdio';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as StdioV1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { add, deleteCustomers, newCompany, refund } from '../../src/demo/company.ts';
import { startDemoHttp } from '../../src/demo/http.ts';
import { openCompany } from '../../src/demo/store.ts';
import { temporaryFolder } from '../support/downstreams/harness.ts';

const PROGRAM = new URL('../../src/demo/main.ts', import.meta.url).pathname;
const GATED = [
  'cards_create',
  'formation_submit',
  'domains_purchase',
  'connections_connect',
  'browser_signup',
  'vault_reveal',
  'payments_refund',
  'customers_bulk_delete',
  'customers_update',
  'deployments_execute',
];

interface Called {
  content: { text?: string }[];
  isError?: boolean;
  structuredContent?: Record<string, unknown>;
}
type Calls = (name: string, args?: Record<string, unknown>) => Promise<Called>;

async function overStdioV1(): Promise<Calls> {
  const client = new ClientV1({ name: 'test', version: '1' });
  await client.connect(new StdioV1({ command: process.execPath, args: [PROGRAM, temporaryFolder()] }));
  onTestFinished(() => client.close());
  return async (name, args = {}) => (await client.callTool({ name, arguments: args })) as Called;
}

async function overStdioV2(): Promise<Calls> {
  const client = new ClientV2({ name: 'test', version: '1' }, { versionNegotiation: { mode: 'auto' } });
  await client.connect(new StdioV2({ command: process.execPath, args: [PROGRAM, temporaryFolder()] }));
  onTestFinished(() => client.close());
  expect(client.getProtocolEra()).toBe('modern');
  return async (name, args = {}) => (await client.callTool({ name, arguments: args })) as Called;
}

async function startHttp() {
  const company = await startDemoHttp({ port: 0, dataDir: temporaryFolder(), stepMs: 1 });
  onTestFinished(() => company.close());
  const client = new ClientV2({ name: 'test', version: '1' }, { versionNegotiation: { mode: 'auto' } });
  await client.connect(new StreamableHTTPClientTransport(new URL(company.url)));
  onTestFinished(() => client.close());
  return client;
}

async function overHttp(): Promise<Calls> {
  const client = await startHttp();
  return async (name, args = {}) => (await client.callTool({ name, arguments: args })) as Called;
}

describe.each([
  ['stdio, with the v1 client', overStdioV1],
  ['stdio, with the v2 client', overStdioV2],
  ['HTTP, with the v2 client', overHttp],
])('the sandbox company over %s', (_how, connect) => {
  it('does what it says, visibly, and says that it is a sandbox', async () => {
    const call = await connect();
    const invoices = await call('invoices_list');
    expect(invoices.content[0]?.text).toMatch(/^\[Sandbox\] 8 invoices: \ninv_1008/);
    const refunded = await call('payments_refund', {
      invoice_id: 'inv_1008',
      amount_cents: 7_500,
      reason: 'duplicate',
    });
    expect(refunded.structuredContent).toMatchObject({ sandbox: true, id: 'ref_0001', amount_cents: 7_500 });
    expect((await call('refunds_list')).structuredContent).toMatchObject({
      refunds: [{ id: 'ref_0001', invoice_id: 'inv_1008' }],
    });
    const card = await call('cards_create', { name: 'Ads', limit_cents: 10_000 });
    expect(card.content[0]?.text).toBe('[Sandbox] Issued the card as card_0002.');
  });

  it('says what to do when it cannot', async () => {
    const call = await connect();
    const refunded = await call('payments_refund', { invoice_id: 'inv_1001', amount_cents: 4_201 });
    expect(refunded).toMatchObject({ isError: true });
    expect(refunded.content[0]?.text).toContain('Ask for at most 4200 cents.');
    expect((await call('customers_get', { id: 'cus_99' })).content[0]?.text).toContain('Call customers_list');
  });
});

describe('the tools of the sandbox company', () => {
  it('are there, take strict arguments, and are described as a sandbox', async () => {
    const client = await startHttp();
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(
      expect.arrayContaining([...GATED, 'image_generate', 'research_run', 'seo_audit']),
    );
    for (const tool of tools) {
      expect(tool.description).toMatch(/^Sandbox company: /);
      expect(tool.inputSchema).toMatchObject({ type: 'object', additionalProperties: false });
    }
    const doubtful = client.callTool({
      name: 'payments_refund',
      arguments: { invoice_id: 'inv_1001', amount_cents: 1, approved: true },
    });
    expect(await doubtful.catch((error: Error) => ({ isError: true, message: error.message }))).toMatchObject(
      { isError: true },
    );
  });

  it('that are slow tell of their progress', async () => {
    const client = await startHttp();
    const seen: number[] = [];
    const result = await client.callTool(
      { name: 'research_run', arguments: {} },
      { onprogress: ({ progress }) => seen.push(progress) },
    );
    expect(result.isError).not.toBe(true);
    expect(seen).toEqual([0, 1, 2, 3, 4]);
  });
});

describe('the company', () => {
  it('keeps its records over a restart', () => {
    const folder = join(temporaryFolder(), 'new');
    const first = openCompany(folder);
    first.change((company) => refund(company, { invoiceId: 'inv_1002', cents: 900, reason: '', at: 'now' }));
    expect(openCompany(folder).read()).toEqual(first.read());
    expect(openCompany(folder).read().refunds).toHaveLength(1);
  });

  it('never refunds more than an invoice has left', () => {
    const once = refund(newCompany(), { invoiceId: 'inv_1002', cents: 9_000, reason: '', at: 'now' });
    if (once.kind !== 'done') throw new Error(once.text);
    expect(once.company.invoices.find(({ id }) => id === 'inv_1002')).toMatchObject({
      refunded_cents: 9_000,
      status: 'partly_refunded',
    });
    expect(refund(once.company, { invoiceId: 'inv_1002', cents: 901, reason: '', at: 'now' }).kind).toBe(
      'refused',
    );
    const rest = refund(once.company, { invoiceId: 'inv_1002', cents: 900, reason: '', at: 'now' });
    expect(rest.kind === 'done' && rest.company.invoices.find(({ id }) => id === 'inv_1002')?.status).toBe(
      'refunded',
    );
  });

  it('deletes all named customers or none', () => {
    expect(deleteCustomers(newCompany(), ['cus_01', 'cus_99'])).toMatchObject({
      kind: 'refused',
      text: expect.stringContaining('cus_99'),
    });
    const outcome = deleteCustomers(newCompany(), ['cus_01', 'cus_02']);
    expect(outcome.kind === 'done' && outcome.company.customers.map(({ id }) => id)).toEqual([
      'cus_03',
      'cus_04',
    ]);
  });

  it('gives each record an id of its own', () => {
    const card = (company = newCompany()) =>
      add(company, { collection: 'cards', prefix: 'card', fields: { name: 'x' }, text: ({ id }) => id });
    const first = card();
    if (first.kind !== 'done') throw new Error(first.text);
    expect(card(first.company)).toMatchObject({ item: { id: 'card_0002' } });
  });
});
