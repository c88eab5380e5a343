import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectV2 } from '../support/agents.ts';
import { ndjson, openTerminal, type Terminal } from './cli-terminal.ts';

let terminal: Terminal;
let ready: any;

beforeAll(async () => {
  terminal = await openTerminal();
  // As a person starts it who has just cloned the repository: no config at all.
  ({ ready } = await terminal.up());
});
afterAll(() => terminal.close());

/** The refunds that the sandbox company has made. */
async function refunds(): Promise<any[]> {
  const client = await connectV2(ready.session.mcp, 'auto');
  const listed: any = await client.callTool({ name: 'refunds_list', arguments: {} });
  await client.close();
  return Object.values<any>(listed.structuredContent).find((value) => Array.isArray(value)) ?? [];
}

it('the sandbox company and the file server stand behind the gateway', async () => {
  const { stdout } = await terminal.run(['server', 'list', '--json']);
  const servers = ndjson({ code: 0, stdout, stderr: '' })[0].data;
  expect(servers.map((one: any) => [one.name, one.state])).toEqual([
    ['files', 'ready'],
    ['sandbox', 'ready'],
  ]);
  const client = await connectV2(ready.session.mcp, 'auto');
  const names = (await client.listTools()).tools.map((tool) => tool.name);
  await client.close();
  for (const name of ['payments_refund', 'invoices_list', 'read_text_file', 'approval_wait'])
    expect(names).toContain(name);
});

it('try --headless plays an agent, a passkey approves on the page, and the company makes the refund once', async () => {
  expect(await refunds()).toEqual([]);
  const ran = await terminal.run(['try', '--headless']);
  expect(ran.code, `${ran.stdout}\n${ran.stderr}`).toBe(0);
  for (const text of [
    '1. The agent lists its tools',
    'Frozen: nothing was sent',
    '/approvals/apr_',
    'Approved and replayed, once',
  ])
    expect(ran.stdout).toContain(text);
  const made = await refunds();
  expect(made).toHaveLength(1);
  expect(made[0]).toMatchObject({ amount_cents: 7_500 });
  expect(statSync(join(terminal.dataDir, 'demo-passkey.json')).mode & 0o777).toBe(0o600);
  expect(existsSync(join(terminal.dataDir, 'enrol-url'))).toBe(false);
  const verified = await terminal.run(['logs', 'verify']);
  expect(verified.code).toBe(0);
}, 60_000);

it('a second try signs in with the passkey of the first, and is a call of its own', async () => {
  const before = (await refunds()).length;
  const ran = await terminal.run(['try', '--headless', '--json']);
  expect(ran.code, `${ran.stdout}\n${ran.stderr}`).toBe(0);
  expect(ndjson(ran)).toEqual([{ state: 'succeeded', text: expect.stringContaining('Refunded 75.00 USD') }]);
  expect(await refunds()).toHaveLength(before + 1);
}, 60_000);
