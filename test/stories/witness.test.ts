import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import type { AppEvent, RunningApp } from '../../src/app/options.ts';
import { startApp } from '../../src/app.ts';
import { Countersign } from '../../src/index.ts';
import { openNote, parseVkey } from '../../src/ledger/note.ts';
import { parseWitnessVkey } from '../../src/ledger/witness/cosignature.ts';
import { temporaryFolder } from '../ledger/fixture.ts';
import { connectV2 } from '../support/agents.ts';
import { enrol } from '../support/approver.ts';
import { copyOf, type KillableSettings, personDecides } from '../support/killable.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

interface WitnessProcess {
  readonly url: string;
  readonly vkey: string;
  readonly child: ChildProcess;
}

/** The command in a process of its own, as an operator elsewhere runs it. */
async function startWitness(
  folder: string,
  { log, port = 0 }: { log: string; port?: number },
): Promise<WitnessProcess> {
  const listen = ['--listen', `127.0.0.1:${port}`, '--json'];
  const args = ['ledger', 'witness', '--log', log, '--key', join(folder, 'witness.key'), ...listen];
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const first = once(createInterface({ input: child.stdout }), 'line') as Promise<[string]>;
  const gone = once(child, 'exit').then(() =>
    Promise.reject(new Error('the witness ended before it was ready')),
  );
  const [line] = await Promise.race([first, gone]);
  const { event, url, vkey } = JSON.parse(line) as { event: string; url: string; vkey: string };
  expect(event).toBe('ready');
  return { url, vkey, child };
}

async function startGateway(
  settings: KillableSettings,
  more: { witness?: WitnessProcess; events?: AppEvent[] } = {},
): Promise<RunningApp> {
  const { mcpServers } = JSON.parse(readFileSync(settings.configFile, 'utf8')) as { mcpServers: object };
  const witnesses = more.witness === undefined ? [] : [{ url: more.witness.url, vkey: more.witness.vkey }];
  const configFile = `${settings.configFile}.yaml`;
  writeFileSync(configFile, JSON.stringify({ mcp_servers: mcpServers, ledger: { witnesses } }));
  const app = await startApp({
    port: 0,
    dataDir: settings.dataDir,
    configFile,
    policiesDir: settings.policiesDir,
    newEnrolLink: false,
    env: { ...process.env, COUNTERSIGN_LOG_LEVEL: 'silent' },
    onEvent: (event) => more.events?.push(event),
  });
  onTestFinished(() => app.close());
  return app;
}

it('a gateway whose database was set back to a backup learns it from its witness, and says it loudly', async () => {
  const folder = temporaryFolder();
  const settings = copyOf(undefined, folder);
  const first = await startGateway(settings);
  const apiKey = first.apiKey ?? '';
  const person = await enrol(first.origin, first.enrolUrl ?? '');
  const { vkey: log } = await new Countersign({ baseUrl: first.origin, apiKey }).logs.verify();
  await first.close();
  const witness = await startWitness(folder, { log });

  const backup = `${settings.dataDir}.backup`;
  cpSync(settings.dataDir, backup, { recursive: true });
  const events: AppEvent[] = [];
  const second = await startGateway(settings, { witness, events });
  const client = new Countersign({ baseUrl: second.origin, apiKey });
  for (let index = 0; index < 20; index++) await client.forUser(`user-${index}`).session();
  const agent = await connectV2(second.session.mcp, 'modern');
  const held: any = await agent.callTool({ name: 'pay', arguments: { amount_cents: 7500, to: 'c_123' } });
  const id: string = held.structuredContent.approval_id;
  const decided = await personDecides({ origin: second.origin, person }, { id, decision: 'approve' });
  expect(decided.status).toBe(200);
  const [entry] = (await client.logs.query({ type: 'approval.decided' })).data;
  const standing = async () => (await client.witnesses.list())[0];
  // Sooner than the ledger is looked at by itself.
  await expect
    .poll(async () => (await standing())?.size ?? 0, { timeout: 5_000 })
    .toBeGreaterThan(entry?.seq ?? 0);
  expect(await standing()).toMatchObject({
    url: witness.url,
    vkey: witness.vkey,
    error: null,
    conflict: null,
  });
  const note = await client.logs.cosignedCheckpoint();
  for (const verifier of [parseVkey(log), parseWitnessVkey(witness.vkey)]) {
    expect(verifier && openNote(note, verifier)).toMatchObject({ ok: true });
  }
  expect(events.map(({ event }) => event)).not.toContain('ledger.rolled_back');
  const seen = (await standing())?.size ?? 0;
  await agent.close();
  await second.close();

  rmSync(settings.dataDir, { recursive: true });
  cpSync(backup, settings.dataDir, { recursive: true });
  rmSync(join(settings.dataDir, 'ledger.head'), { force: true });
  const third = await startGateway(settings, { witness, events });
  await expect.poll(() => events.map(({ event }) => event)).toContain('ledger.rolled_back');
  const told = events.find(({ event }) => event === 'ledger.rolled_back');
  expect(told).toMatchObject({ kind: 'rollback', url: witness.url, witness_size: expect.any(Number) });
  expect(told?.witness_size).toBeGreaterThanOrEqual(seen);
  expect(told?.own_size).toBeLessThan(seen);
  const after = await new Countersign({ baseUrl: third.origin, apiKey }).witnesses.list();
  expect(after).toMatchObject([
    { conflict: { kind: 'rollback' }, error: { reason: expect.stringContaining('set back') } },
  ]);
  await third.close();

  witness.child.kill('SIGINT');
  const [code] = (await once(witness.child, 'exit')) as [number | null];
  expect(code).toBe(0);
});
