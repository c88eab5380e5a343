import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tamper } from '../ledger/fixture.ts';
import { connectV1 } from '../support/agents.ts';
import { BASE_POLICY } from '../support/gateway.ts';
import { ndjson, openTerminal, oracleConfig, type Terminal } from './cli-terminal.ts';

const SHIPPED = fileURLToPath(new URL('../../policies', import.meta.url));
const UNRULY = fileURLToPath(new URL('../support/downstreams/unruly-main.ts', import.meta.url));
const RELIST = { name: 'relist', inputSchema: { type: 'object' } };
const TRANSFER = { name: 'transfer', description: 'Moves money.', inputSchema: { type: 'object' } };
const CHANGED = { ...TRANSFER, description: 'Moves money anywhere.' };
const POLICY = BASE_POLICY.replace('"oracle/echo",', '"oracle/echo", "bank/relist",');

let terminal: Terminal;
let ready: any;

const offer = (...tools: object[]): void =>
  writeFileSync(join(terminal.dir, 'bank.json'), JSON.stringify({ tools: [RELIST, ...tools] }));

beforeAll(async () => {
  terminal = await openTerminal();
  offer(TRANSFER);
  const bank = { command: process.execPath, args: [UNRULY, join(terminal.dir, 'bank.json')] };
  const config = await terminal.write(
    'mcp.json',
    oracleConfig(join(terminal.dir, 'witness.jsonl'), { bank }),
  );
  await terminal.write('policies/policy.yaml', POLICY);
  ({ ready } = await terminal.up('--config', config, '--policies', join(terminal.dir, 'policies')));
});
afterAll(() => terminal.close());

async function call(name: string, args: object): Promise<any> {
  const client = await connectV1(ready.session.mcp);
  try {
    return await client.callTool({ name, arguments: { ...args } });
  } finally {
    await client.close();
  }
}

async function toolState(tool: string): Promise<any> {
  const listed = ndjson(await terminal.run(['server', 'tools', 'bank', '--json']))[0];
  return listed.data.find((one: { tool: string }) => one.tool === tool);
}

describe('servers from the command line', () => {
  it('are listed with how they are', async () => {
    const listed = await terminal.run(['server', 'list', '--json']);
    expect(listed.code).toBe(0);
    const servers = ndjson(listed)[0].data;
    expect(servers.map((one: any) => [one.name, one.kind, one.state, one.quarantined, one.refused])).toEqual([
      ['bank', 'stdio', 'ready', 0, 0],
      ['oracle', 'stdio', 'ready', 0, 0],
    ]);
    const table = await terminal.run(['server', 'tools', 'oracle']);
    expect(table.stdout).toMatch(/pay\s+pay\s+active\s+sha256:[0-9a-f]{64}/);
    expect((await terminal.run(['server', 'tools', 'none'])).code).toBe(1);
  });

  it('show what changed in a tool, keep it shut, and open it once exactly that change is accepted', async () => {
    expect((await terminal.run(['server', 'diff', 'bank'])).stderr).toContain('Nothing has changed');
    offer(CHANGED);
    await call('relist', {});
    let tool = await toolState('transfer');
    while (tool.state !== 'quarantined') tool = await toolState('transfer');
    expect(JSON.stringify(await call('transfer', {}).catch((error) => ({ error: String(error) })))).toMatch(
      /quarantine|changed/i,
    );

    const diff = await terminal.run(['server', 'diff', 'bank', 'transfer']);
    expect(diff.stdout).toContain('- "Moves money."');
    expect(diff.stdout).toContain('+ "Moves money anywhere."');
    const hash = /--hash (sha256:[0-9a-f]{64})/.exec(diff.stdout)?.[1] ?? '';
    const wrong = await terminal.run(['server', 'accept', 'bank', 'transfer', '--hash', tool.pinned_hash]);
    expect(wrong.code).toBe(1);
    const accepted = await terminal.run(['server', 'accept', 'bank', 'transfer', '--hash', hash]);
    expect([accepted.code, accepted.stdout]).toEqual([
      0,
      expect.stringContaining(`Accepted bank/transfer as ${hash}`),
    ]);
    expect(await toolState('transfer')).toMatchObject({ state: 'active', pinned_hash: hash });
    const { stdout } = await terminal.run([
      'logs',
      'query',
      '--type',
      'tool.*',
      '--action',
      'bank/transfer',
      '--order',
      'asc',
      '--json',
    ]);
    expect(ndjson({ code: 0, stdout, stderr: '' }).map((entry) => entry.type)).toEqual([
      'tool.pinned',
      'tool.quarantined',
      'tool.accepted',
    ]);
  });
});

describe('the ledger from the command line', () => {
  it('is queried by what, who and when', async () => {
    await call('echo', { text: 'one' });
    const found = await terminal.run([
      'logs',
      'query',
      '--action',
      'oracle/echo',
      '--type',
      'call.*',
      '--since',
      '1h',
      '--json',
    ]);
    expect(found.code).toBe(0);
    expect(ndjson(found).map((entry) => entry.type)).toEqual(['call.outcome', 'call.intent']);
    const table = await terminal.run(['logs', 'query', '--session', ready.session.id, '--limit', '1']);
    expect(table.stdout.trim().split('\n')).toHaveLength(2);
    expect((await terminal.run(['logs', 'query', '--since', 'yesterday'])).code).toBe(2);
    const none = await terminal.run(['logs', 'query', '--user', 'nobody']);
    expect([none.code, none.stdout, none.stderr]).toEqual([0, '', 'No entry matches.\n']);
  });

  it('is followed line by line until Ctrl-C', async () => {
    const tail = terminal.start(['logs', 'tail', '--type', 'call.intent', '--after', '0', '--json']);
    expect(JSON.parse(await tail.line()).type).toBe('call.intent');
    await call('echo', { text: 'followed' });
    const lines: any[] = [];
    const newest = ndjson(
      await terminal.run(['logs', 'query', '--type', 'call.intent', '--limit', '1', '--json']),
    )[0];
    do lines.push(JSON.parse(await tail.line()));
    while (lines.at(-1).seq < newest.seq);
    expect(lines.at(-1)).toEqual(newest);
    expect((await tail.stop()).code).toBe(0);
  });

  it('verifies, and ends with 7 once somebody changed it', async () => {
    const good = await terminal.run(['logs', 'verify']);
    expect([good.code, good.stdout]).toEqual([
      0,
      expect.stringMatching(/^verified: \d+ entries, root [0-9a-f]{64}/),
    ]);
    tamper(
      join(terminal.dataDir, 'countersign.db'),
      "UPDATE ledger SET entry = replace(entry, 'oracle/echo', 'oracle/show') WHERE type = 'call.intent'",
    );
    const bad = await terminal.run(['logs', 'verify', '--json']);
    expect(bad.code).toBe(7);
    expect(ndjson(bad)[0]).toMatchObject({
      ok: false,
      problem: { seq: expect.any(Number), reason: expect.any(String) },
    });
  });
});

describe('policies from the command line', () => {
  it('that are shipped check and pass their tests', async () => {
    const checked = await terminal.run(['policy', 'check', SHIPPED]);
    expect([checked.code, checked.stdout]).toEqual([0, expect.stringMatching(/^ok: version sha256:/)]);
    const tested = await terminal.run(['policy', 'test', SHIPPED]);
    expect([tested.code, tested.stderr]).toEqual([0, expect.stringMatching(/^[1-9]\d* passed, 0 failed\n$/)]);
  });

  it('explain a refund over the threshold, without a gateway', async () => {
    const args = ['--args', '{"invoice_id": "inv_1", "amount_cents": 7500}'];
    const explained = await terminal.run([
      'policy',
      'explain',
      'sandbox/payments_refund',
      ...args,
      '--policies',
      SHIPPED,
    ]);
    expect(explained.code).toBe(0);
    expect(explained.stdout).toMatch(/^hold/);
    expect(explained.stdout).toContain('payments.yaml:');
    const small = ['--args', '{"invoice_id": "inv_1", "amount_cents": 100}'];
    const allowed = await terminal.run([
      'policy',
      'explain',
      'sandbox/payments_refund',
      ...small,
      '--policies',
      SHIPPED,
    ]);
    expect(allowed.stdout).toMatch(/^allow/);
  });

  it('explain what the gateway has in force', async () => {
    const explained = await terminal.run([
      'policy',
      'explain',
      'oracle/pay',
      '--args',
      '{"amount_cents": 1}',
      '--json',
    ]);
    expect(explained.code).toBe(0);
    expect(ndjson(explained)[0].verdict).toMatchObject({
      effect: 'hold',
      reason: 'Money leaves the company.',
    });
  });

  it('that are wrong are told by file, line and column, and a failing test ends with 8', async () => {
    await terminal.write(
      'wrong/a.yaml',
      'version: 1\nrules:\n  - id: a\n    match: { tools: ["x/*"] }\n    when: args.n >\n    effect: allow\n',
    );
    const checked = await terminal.run(['policy', 'check', 'wrong']);
    expect([checked.code, checked.stdout]).toEqual([1, expect.stringMatching(/^a\.yaml:5:\d+ {2}\S/m)]);
    await terminal.write('failing/a.yaml', BASE_POLICY);
    await terminal.write(
      'failing/a_test.yaml',
      'tests:\n  - name: payments are free\n    input: { server: oracle, tool: pay, args: {} }\n    expect: { effect: allow }\n',
    );
    const tested = await terminal.run(['policy', 'test', 'failing']);
    expect([tested.code, tested.stdout]).toEqual([8, expect.stringContaining('FAIL')]);
  });
});
