import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openStdioCaller } from './caller.ts';
import { measureCapabilities } from './capabilities.ts';
import { type Figure, measureHold, measureList, measureStart } from './extras.ts';
import { type Gateway, gatewayTarget, startGateway } from './gateway.ts';
import { measureInbox } from './inbox.ts';
import { measureLedger } from './ledger.ts';
import { measureLogs } from './logs.ts';
import { createRunner, type Runner } from './measure.ts';
import { installPeers, PEER_STARTS } from './peers.ts';
import { reportOf } from './report.ts';
import { measureApproval, measurePending, measureSessions } from './scale.ts';
import { firstJson, isPort, scriptPath, spawnNode, stop } from './spawned.ts';
import { type Downstream, httpTarget, type Target } from './target.ts';
import { measureVerify } from './verify.ts';

const LEVELS = [1, 16, 64];
const CALLS: Readonly<Record<number, number>> = { 1: 500, 16: 3_000, 64: 6_000 };
const SLICE_MS = 2_500;
const VERIFIED_ENTRIES = 200_000;

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    warm: { type: 'string', default: '4000' },
    'no-peers': { type: 'boolean', default: false },
    'no-gateway': { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});

const children: ChildProcess[] = [];
const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'));

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** What cannot be started or measured is named and left out of the tables. */
async function attempt<T>(what: string, run: () => Promise<T>): Promise<T | undefined> {
  try {
    return await run();
  } catch (error) {
    say(`left out: ${what}: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

async function startEcho(script: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const started = spawnNode([scriptPath(script)], { env });
  children.push(started.child);
  const { port } = await firstJson(started, isPort);
  return `http://127.0.0.1:${port}`;
}

async function startGateways(name: string, server: unknown): Promise<Gateway | undefined> {
  if (options['no-gateway']) return undefined;
  return attempt(`gateway, ${name}`, async () => {
    const gateway = await startGateway(mkdtempSync(join(folder, `${name}-`)), { bench: server });
    children.push(gateway.child);
    return gateway;
  });
}

function waysThrough(gateway: Gateway | undefined, downstream: Downstream): Target[] {
  if (!gateway) return [];
  return [
    gatewayTarget(gateway, downstream, { name: '**countersign**, tool marked read-only', tool: 'echo' }),
    gatewayTarget(gateway, downstream, {
      name: '**countersign**, intent before dispatch',
      tool: 'echo_write',
    }),
  ];
}

async function startTargets(origins: {
  http: string;
  sdk: string;
}): Promise<{ targets: Target[]; http: Gateway | undefined }> {
  const http = await startGateways('http', { url: `${origins.http}/mcp` });
  const sdk = await startGateways('sdk', { url: `${origins.sdk}/mcp` });
  const stdio = await startGateways('stdio', {
    command: process.execPath,
    args: [scriptPath('echo-stdio.ts')],
  });
  const hop = spawnNode([scriptPath('hop.ts')], { env: { TARGET: origins.http } });
  const plain = spawnNode([scriptPath('echo-stdio.ts')]);
  children.push(hop.child, plain.child);
  const { port } = await firstJson(hop, isPort);
  const shared = openStdioCaller(plain.child);
  const direct = { name: 'direct', kind: 'direct', child: undefined } as const;
  const peers: Target[] = [];
  if (!options['no-peers']) {
    const installed = await attempt('npm peers', async () => {
      say('installing the peers');
      installPeers(join(folder, 'peers'));
      return true;
    });
    for (const start of installed ? PEER_STARTS : []) {
      const peer = await attempt(start.name, () =>
        start({ folder: join(folder, 'peers'), origin: origins.http }),
      );
      if (!peer) continue;
      peers.push(peer);
      if (peer.child) children.push(peer.child);
    }
  }
  const targets = [
    httpTarget({ ...direct, downstream: 'http', url: `${origins.http}/mcp` }),
    httpTarget({
      name: 'byte-level hop',
      downstream: 'http',
      kind: 'hop',
      child: hop.child,
      url: `http://127.0.0.1:${port}/mcp`,
    }),
    ...waysThrough(http, 'http'),
    ...peers.filter((peer) => peer.downstream === 'http'),
    { ...direct, downstream: 'stdio' as const, tool: 'echo', open: () => shared },
    ...waysThrough(stdio, 'stdio'),
    ...peers.filter((peer) => peer.downstream === 'stdio'),
    httpTarget({ ...direct, downstream: 'sdk', url: `${origins.sdk}/mcp` }),
    ...waysThrough(sdk, 'sdk'),
  ];
  return { targets, http };
}

async function measureTargets(targets: readonly Target[], rounds: number): Promise<Runner[]> {
  const runners: Runner[] = [];
  for (const target of targets) {
    const runner = await attempt(`${target.name}, ${target.downstream}`, async () => {
      const one = await createRunner(target, LEVELS);
      await one.warm(Number(options.warm));
      return one;
    });
    if (runner) runners.push(runner);
  }
  const failed = new Set<Runner>();
  for (let round = 0; round < rounds; round++) {
    say(`round ${round + 1} of ${rounds}`);
    for (const clients of LEVELS) {
      for (let turn = 0; turn < runners.length; turn++) {
        const runner = runners[(turn + round) % runners.length];
        if (!runner || failed.has(runner)) continue;
        const bound = { calls: CALLS[clients] ?? 1_000, maxMs: SLICE_MS };
        const done = await attempt(
          `${runner.target.name}, ${runner.target.downstream}, ${clients} clients`,
          async () => {
            await runner.run(clients, bound);
            return true;
          },
        );
        if (!done) failed.add(runner);
      }
    }
  }
  return runners.filter((runner) => !failed.has(runner));
}

async function measureExtras(http: Gateway | undefined, origin: string, rounds: number): Promise<Figure[]> {
  if (!http) return [];
  const held = await attempt('hold', () => measureHold(http, 400));
  const listed = await attempt('list', async () => {
    const many = await startEcho('echo-http.ts', { EXTRA_TOOLS: '997' });
    const gateway = await startGateway(mkdtempSync(join(folder, 'list-')), { bench: { url: `${many}/mcp` } });
    children.push(gateway.child);
    return measureList(gateway, 1_000);
  });
  const place = (name: string): string => mkdtempSync(join(folder, `${name}-`));
  const servers = { bench: { url: `${origin}/mcp` } };
  const approved = await attempt('approval', () => measureApproval(place('approval')));
  const pending = await attempt('pending', () => measurePending(place('pending'), servers));
  const sessions = await attempt('sessions', () => measureSessions(place('sessions'), servers));
  const ledger = await attempt('ledger', () => measureLedger(place('ledger')));
  const logs = await attempt('logs', () => measureLogs(place('logs')));
  const capabilities = await attempt('capabilities', () => measureCapabilities(place('capabilities')));
  const verified = await attempt('verify', () => measureVerify(place('verify'), VERIFIED_ENTRIES));
  const inbox = await attempt('inbox', () => measureInbox(place('inbox'), servers));
  const started = await attempt('start', () => measureStart(folder, rounds));
  return [
    held,
    approved,
    pending,
    listed,
    sessions,
    ledger,
    logs,
    capabilities,
    verified,
    inbox,
    started,
  ].flatMap((figures) => figures ?? []);
}

function writeReadme(report: string): void {
  const path = scriptPath('README.md');
  const [before = ''] = readFileSync(path, 'utf8').split('<!-- results -->');
  writeFileSync(path, `${before}<!-- results -->\n\n${report}\n`);
}

try {
  const rounds = Number(options.rounds);
  const origins = { http: await startEcho('echo-http.ts'), sdk: await startEcho('echo-sdk.ts') };
  const { targets, http } = await startTargets(origins);
  const runners = await measureTargets(targets, rounds);
  const figures = await measureExtras(http, origins.http, rounds);
  const machine = `${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown processor'}`;
  const setting = `${rounds} rounds, Node ${process.versions.node}, ${process.platform}, ${machine}.`;
  const report = reportOf({ runners, levels: LEVELS, figures, setting });
  console.log(report);
  if (options.write) writeReadme(report);
} finally {
  for (const child of children) await stop(child);
  rmSync(folder, { recursive: true, force: true });
}
process.exit();
