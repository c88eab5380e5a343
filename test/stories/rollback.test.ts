import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { BASE_POLICY } from '../support/gateway.ts';
import { ndjson, openTerminal, oracleConfig, type Terminal } from './cli-terminal.ts';

const open: Terminal[] = [];

afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

function copyDatabase(from: string, to: string): void {
  for (const name of readdirSync(from)) {
    if (name.startsWith('countersign.db')) cpSync(join(from, name), join(to, name));
  }
}

it('a database that was put back to yesterday does not start, until somebody accepts it and the log says so', async () => {
  const terminal = await openTerminal();
  open.push(terminal);
  const { dataDir, dir } = terminal;
  const config = await terminal.write('mcp.json', oracleConfig(join(dir, 'witness.jsonl')));
  await terminal.write('policies/policy.yaml', BASE_POLICY);
  const flags = ['--config', config, '--policies', join(dir, 'policies')];

  const first = await terminal.up(...flags);
  expect((await first.stop()).code).toBe(0);
  await terminal.write('yesterday/readme', 'a backup');
  copyDatabase(dataDir, join(dir, 'yesterday'));
  const second = await terminal.up(...flags);
  const minted = await terminal.run(['session', 'mint', '--user', 'ann', '--json']);
  const id = ndjson(minted)[0].id;
  expect((await terminal.run(['session', 'revoke', id])).code).toBe(0);
  await second.stop();
  for (const name of readdirSync(dataDir)) if (name.startsWith('countersign.db')) rmSync(join(dataDir, name));
  copyDatabase(join(dir, 'yesterday'), dataDir);

  const refused = await terminal.run(['up', '--port', '0', ...flags]);
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toMatch(/an older copy of the database stands in its place.*--accept-rollback/s);
  const accepted = await terminal.up('--accept-rollback', ...flags);
  expect(readdirSync(dataDir).filter((name) => name.startsWith('ledger.head.before-'))).toHaveLength(1);
  expect((await terminal.run(['logs', 'verify', '--json'])).code).toBe(0);
  const { stderr } = await accepted.stop();
  expect(stderr).toContain('A ROLLBACK WAS ACCEPTED');
  const again = await terminal.up(...flags);
  expect((await again.stop()).stderr).not.toContain('ROLLBACK');
});

it('a key that was rotated on the command line signs on, and its proof verifies by either key', async () => {
  const terminal = await openTerminal();
  open.push(terminal);
  const config = await terminal.write('mcp.json', oracleConfig(join(terminal.dir, 'witness.jsonl')));
  await terminal.write('policies/policy.yaml', BASE_POLICY);
  const running = await terminal.up('--config', config, '--policies', join(terminal.dir, 'policies'));
  const rotated = ndjson(await terminal.run(['ledger', 'rotate-key', '--json']))[0];
  for (const key of [rotated.vkey, rotated.previous]) {
    const proven = await terminal.run(['logs', 'proof', '0', '--key', key]);
    expect([proven.code, proven.stderr]).toEqual([0, expect.stringContaining('Verified')]);
  }
  const { stdout } = await terminal.run(['ledger', 'checkpoint']);
  expect(stdout.match(/^— /gm)).toHaveLength(2);
  expect((await running.stop()).code).toBe(0);
});
