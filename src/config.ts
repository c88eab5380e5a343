import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ApiPerMinute, apiRatesFrom } from './config/api-rates.ts';
import { channelsFrom } from './config/channels.ts';
import { defaultServers, SANDBOX_RESEARCH } from './config/default-servers.ts';
import { detachAfterFrom } from './config/detach-after.ts';
import { type Environment, environmentLookup } from './config/environment.ts';
import { type Experiment, experimentsFrom } from './config/experimental.ts';
import { readSource } from './config/file.ts';
import { jobPairsFrom } from './config/jobs.ts';
import { type Observing, observingFrom } from './config/observe.ts';
import {
  booleanOf,
  durationOf,
  listOf,
  originOf,
  type Settings,
  settingsOf,
  textOf,
} from './config/settings.ts';
import { toolLockFrom } from './config/tool-lock.ts';
import { webhookAllowFrom } from './config/webhooks.ts';
import { witnessesFrom } from './config/witnesses.ts';
import { isJsonObject, type JsonObject } from './core/json.ts';
import { LIMITS } from './core/limits.ts';
import type { Lookup } from './downstream/expand.ts';
import type { ToolLock } from './downstream/lock.ts';
import { parseServers, refuseDoubledServers, type ServerConfig } from './downstream/server-config.ts';
import { checkKeys, type Path, refuse, type Source } from './downstream/source.ts';
import type { JobPair } from './jobs/pair.ts';
import type { ConfiguredWitness } from './ledger/witness/collect.ts';
import type { Channel } from './notifications/channels/channel.ts';
import type { Attestation } from './principals/people/passkey.ts';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** Everything that an operator decides, checked. Paths are absolute. */
export interface Config {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly publicOrigin?: string;
  readonly dataDir: string;
  readonly policiesDir: string;
  readonly servers: readonly ServerConfig[];
  /** The only tool definitions that are accepted; without it, the first that are seen. */
  readonly toolLock?: ToolLock;
  /** Origins that may send requests from a browser, beside the own one. */
  readonly allowedOrigins: readonly string[];
  /** Values of `Host` that are answered, beside the own ones. */
  readonly allowedHosts: readonly string[];
  readonly sessionTtlMs: number;
  readonly logLevel: LogLevel;
  /** Who cosigns the ledger's checkpoints. */
  readonly witnesses: readonly ConfiguredWitness[];
  /** What new passkeys are asked to show of their maker. */
  readonly attestation: Attestation;
  readonly apiPerMinute: ApiPerMinute;
  /** How long ended jobs are kept. */
  readonly jobKeepMs: number;
  /** How long a client that takes tasks waits for a call before it is given one. */
  readonly detachAfterMs: number;
  /** Tools that begin work, and tools that tell of it. */
  readonly jobPairs: readonly JobPair[];
  readonly observing: Observing;
  /** Drafts that are switched on. */
  readonly experimental: readonly Experiment[];
  /** A proxy in front terminates TLS, and its forwarding headers are believed. */
  readonly trustedProxy: boolean;
  /** Requests to addresses that others choose may go to this machine. */
  readonly outboundLoopback: boolean;
  /** `host:port` of private or plain addresses that webhooks and channels may go to. */
  readonly webhookAllow: readonly string[];
  /** How people are told that something waits. */
  readonly channels: readonly Channel[];
  /** The files that were read. */
  readonly files: readonly string[];
}

/** What the command line decides; it wins over the environment, which wins over the file. */
export interface ConfigInput {
  readonly port?: number;
  readonly dataDir?: string;
  readonly configFile?: string;
  readonly policiesDir?: string;
  readonly env: Environment;
  /** Makes nothing on disk; the result is to be looked at and not started. */
  readonly readOnly?: boolean;
}

const KEYS = [
  'api',
  'listen',
  'public_origin',
  'data_dir',
  'policies',
  'mcp_servers',
  'mcp_servers_files',
  'tool_lock',
  'allowed_origins',
  'allowed_hosts',
  'sessions',
  'log',
  'metrics',
  'tracing',
  'passkeys',
  'jobs',
  'ledger',
  'demo',
  'trusted_proxy',
  'outbound',
  'webhooks',
  'channels',
  'experimental',
];
const LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'silent'];
const ATTESTATIONS: readonly Attestation[] = ['none', 'direct'];
const DEFAULT_PORT = 8420;

function member(source: Source, path: Path, known: readonly string[]): JsonObject {
  const value = source.valueAt(path) ?? {};
  if (!isJsonObject(value)) return refuse(source, path, 'expected an object');
  checkKeys(source, path, value, known);
  return value;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(?:\.[0-9]{1,3}){3}$/.test(host);
}

function refuseUnsafe(settings: Settings, config: Config): void {
  const { publicOrigin, host, trustedProxy, allowedOrigins } = config;
  if (publicOrigin?.startsWith('http:') && !isLoopback(new URL(publicOrigin).hostname)) {
    settings.fail('public_origin', 'expected https:// (passkeys and cookies are not safe without TLS)');
  }
  if (isLoopback(host)) return;
  const behindProxy = trustedProxy && allowedOrigins.length > 0;
  if (publicOrigin?.startsWith('https:') || behindProxy) return;
  settings.fail(
    'listen.host',
    `"${host}" is reachable from other machines; set public_origin to the https:// address that people use, or trusted_proxy: true with allowed_origins, or listen on 127.0.0.1`,
  );
}

function serversFrom(source: Source, path: Path, lookup: Lookup): ServerConfig[] {
  return source.valueAt(path) === undefined ? [] : parseServers(source, path, lookup);
}

/** The map of servers in an MCP client's own file: `mcpServers` (Claude, Cursor) or `servers` (VS Code). */
function clientFile(source: Source, lookup: Lookup): ServerConfig[] {
  const root = source.valueAt([]);
  const key = ['mcpServers', 'servers'].find((name) => isJsonObject(root) && root[name] !== undefined);
  if (key === undefined)
    return refuse(source, [], 'expected an object with "mcpServers" (Claude, Cursor) or "servers" (VS Code)');
  return parseServers(source, [key], lookup);
}

function isClientFile(source: Source): boolean {
  const root = source.valueAt([]);
  return isJsonObject(root) && (root.mcpServers !== undefined || root.servers !== undefined);
}

/**
 * Reads the configuration: `configFile`, else `COUNTERSIGN_CONFIG`, else `countersign.yaml` in the working directory,
 * else none. A file with `mcpServers` or `servers` at its root gives servers only. Without any server (or with
 * `demo: true`) the sandbox company and a file server stand behind the gateway, and their folders are made.
 * Throws `config_invalid` with file, line and what was expected for anything unknown, malformed or unsafe.
 */
export function loadConfig(input: ConfigInput): Config {
  const { env } = input;
  const lookup = environmentLookup(env);
  const implied = existsSync('countersign.yaml') ? resolve('countersign.yaml') : undefined;
  const file = input.configFile ?? env.COUNTERSIGN_CONFIG ?? implied;
  const source = file === undefined ? undefined : readSource(resolve(file), '--config');
  const clientSource = source !== undefined && isClientFile(source) ? source : undefined;
  const own = clientSource === undefined ? source : undefined;
  if (own !== undefined) {
    member(own, [], KEYS);
    member(own, ['listen'], ['host', 'port']);
    member(own, ['sessions'], ['default_ttl']);
    member(own, ['log'], ['level']);
    member(own, ['metrics'], ['host', 'port']);
    member(own, ['jobs'], ['detach_after', 'keep', 'pairs']);
    member(own, ['api'], ['requests_per_minute', 'anonymous_per_minute']);
    member(own, ['passkeys'], ['attestation']);
    member(own, ['ledger'], ['witnesses']);
    member(own, ['outbound'], ['allow_loopback']);
    member(own, ['webhooks'], ['allow']);
  }
  const settings = settingsOf(own, env);
  const fromHere = (path: string) => resolve(own === undefined ? '.' : dirname(own.file), path);

  const port = input.port ?? settings.at('listen.port') ?? DEFAULT_PORT;
  if (!(typeof port === 'number' && Number.isInteger(port) && port >= 0 && port <= 65_535)) {
    return settings.fail('listen.port', 'expected a port between 0 and 65535');
  }
  const level = (textOf(settings, 'log.level') ?? 'warn') as LogLevel;
  if (!LEVELS.includes(level)) settings.fail('log.level', `expected one of ${LEVELS.join(', ')}`);
  const attestation = (textOf(settings, 'passkeys.attestation') ?? 'none') as Attestation;
  if (!ATTESTATIONS.includes(attestation))
    settings.fail('passkeys.attestation', `expected one of ${ATTESTATIONS.join(', ')}`);
  const dataDir = resolve(input.dataDir ?? fromHere(textOf(settings, 'data_dir') ?? '.countersign'));
  const policies = textOf(settings, 'policies');
  const shipped = fileURLToPath(new URL('../policies', import.meta.url));
  const publicText = textOf(settings, 'public_origin');

  const extra = listOf(settings, 'mcp_servers_files').map((path) =>
    readSource(fromHere(path), 'mcp_servers_files'),
  );
  const configured = [
    ...(clientSource === undefined ? [] : clientFile(clientSource, lookup)),
    ...(own === undefined ? [] : serversFrom(own, ['mcp_servers'], lookup)),
    ...extra.flatMap((extraSource) => clientFile(extraSource, lookup)),
  ];
  const withDemo = booleanOf(settings, 'demo') ?? configured.length === 0;
  const servers = withDemo
    ? [...configured, ...defaultServers(dataDir, { make: input.readOnly !== true })]
    : configured;
  refuseDoubledServers(servers);

  const lockFile = textOf(settings, 'tool_lock');

  const config: Config = {
    host: textOf(settings, 'listen.host') ?? '127.0.0.1',
    port,
    ...(publicText === undefined ? {} : { publicOrigin: originOf(settings, 'public_origin', publicText) }),
    dataDir,
    policiesDir: resolve(input.policiesDir ?? (policies === undefined ? shipped : fromHere(policies))),
    servers,
    ...(lockFile === undefined
      ? {}
      : { toolLock: toolLockFrom(readSource(fromHere(lockFile), 'tool_lock')) }),
    allowedOrigins: listOf(settings, 'allowed_origins').map((origin) =>
      originOf(settings, 'allowed_origins', origin),
    ),
    allowedHosts: listOf(settings, 'allowed_hosts'),
    apiPerMinute: apiRatesFrom(settings),
    detachAfterMs: detachAfterFrom(settings),
    jobKeepMs: durationOf(settings, 'jobs.keep', LIMITS.jobKeepDefaultMs),
    jobPairs: [...jobPairsFrom(own, servers), ...(withDemo ? [SANDBOX_RESEARCH] : [])],
    sessionTtlMs: durationOf(settings, 'sessions.default_ttl', LIMITS.sessionTtlDefaultMs),
    logLevel: level,
    attestation,
    witnesses: witnessesFrom(own),
    observing: observingFrom(settings),
    experimental: experimentsFrom(own),
    trustedProxy: booleanOf(settings, 'trusted_proxy') ?? false,
    webhookAllow: webhookAllowFrom(settings),
    channels: channelsFrom(own, lookup),
    outboundLoopback: booleanOf(settings, 'outbound.allow_loopback') ?? false,
    files: [...(source === undefined ? [] : [source.file]), ...extra.map((extraSource) => extraSource.file)],
  };
  refuseUnsafe(settings, config);
  return config;
}
