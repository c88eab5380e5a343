import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openStdioCaller } from './caller.ts';
import { freePort, listening, scriptPath, spawnNode } from './spawned.ts';
import { httpTarget, type Target } from './target.ts';

/** The peers and the version that was measured. */
const PEERS: Readonly<Record<string, string>> = {
  '@civic/passthrough-mcp-server': '0.12.1',
  'mcp-remote': '0.15.1',
  'mcp-proxy': '6.7.19',
  supergateway: '4.0.0',
};

/** Installs the peers into a folder of their own; they are no dependencies of the project. */
export function installPeers(folder: string): void {
  const packages = Object.entries(PEERS).map(([name, version]) => `${name}@${version}`);
  execFileSync(
    'npm',
    ['install', '--prefix', folder, '--no-fund', '--no-audit', '--ignore-scripts', ...packages],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: 180_000,
    },
  );
}

function binOf(folder: string, name: string): string {
  const home = join(folder, 'node_modules', name);
  const { bin } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as {
    bin: Record<string, string>;
  };
  return join(home, bin[name.split('/').at(-1) ?? ''] ?? '');
}

function nameOf(peer: string): string {
  return `${peer} ${PEERS[peer]}`;
}

interface Place {
  readonly folder: string;
  /** Origin of the echo server over HTTP. */
  readonly origin: string;
}

async function startServing(
  peer: string,
  downstream: 'http' | 'stdio',
  port: number,
  started: ReturnType<typeof spawnNode>,
): Promise<Target> {
  await listening(started, port);
  const url = `http://127.0.0.1:${port}/mcp`;
  return httpTarget({ name: nameOf(peer), downstream, kind: 'peer', child: started.child, url });
}

async function startCivic({ folder, origin }: Place): Promise<Target> {
  const peer = '@civic/passthrough-mcp-server';
  const port = await freePort();
  const env = { PORT: String(port), TARGET_SERVER_URL: origin, LOG_LEVEL: 'error' };
  return startServing(peer, 'http', port, spawnNode([binOf(folder, peer)], { env }));
}

async function startMcpRemote({ folder, origin }: Place): Promise<Target> {
  const peer = 'mcp-remote';
  const args = [binOf(folder, peer), `${origin}/mcp`, '--allow-http', '--transport', 'http-only', '--silent'];
  const { child } = spawnNode(args, {
    env: { MCP_REMOTE_CONFIG_DIR: join(folder, 'mcp-auth'), HOME: folder },
  });
  const shared = openStdioCaller(child);
  return { name: nameOf(peer), downstream: 'http', kind: 'peer', tool: 'echo', child, open: () => shared };
}

async function startMcpProxy({ folder }: Place): Promise<Target> {
  const peer = 'mcp-proxy';
  const port = await freePort();
  const serve = ['--host', '127.0.0.1', '--port', String(port), '--server', 'stream'];
  const args = [binOf(folder, peer), ...serve, '--', process.execPath, scriptPath('echo-stdio.ts')];
  return startServing(peer, 'stdio', port, spawnNode(args));
}

async function startSupergateway({ folder }: Place): Promise<Target> {
  const peer = 'supergateway';
  const port = await freePort();
  const command = `${process.execPath} ${scriptPath('echo-stdio.ts')}`;
  const serve = [
    '--outputTransport',
    'streamableHttp',
    '--stateful',
    '--port',
    String(port),
    '--logLevel',
    'none',
  ];
  return startServing(peer, 'stdio', port, spawnNode([binOf(folder, peer), '--stdio', command, ...serve]));
}

export const PEER_STARTS = [startCivic, startMcpRemote, startMcpProxy, startSupergateway];
