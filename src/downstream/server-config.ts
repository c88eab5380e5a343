import { CountersignError } from '../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';
import { LIMITS } from '../core/limits.ts';
import type { RelayKind } from './catalog.ts';
import { RELAY_KINDS } from './conversation.ts';
import { expandText, type Lookup } from './expand.ts';
import { parseAuth, type ServerAuth } from './oauth/auth.ts';
import { checkKeys, type Path, refuse, type Source } from './source.ts';

interface ServerCommon {
  /** `[A-Za-z0-9_-]{1,40}`, unique over all config files. */
  readonly name: string;
  /** Put before every tool name as `prefix_tool`. */
  readonly prefix: string | undefined;
  /** How long one call may stay without an answer or progress. */
  readonly timeoutMs: number | undefined;
  /** The operator vouches for this server's tool annotations. They never lower a risk otherwise. */
  readonly trustAnnotations: boolean;
  /** Approved calls carry their capability's token in `_meta`, for a server that verifies it. */
  readonly forwardCapability: boolean;
  readonly disabled: boolean;
  /** What it may ask the clients of the agents that call it. */
  readonly relay: readonly RelayKind[];
  /** `file:line` of the definition, for messages. */
  readonly place: string;
}

/** A child process that speaks MCP over its standard input and output. Started without a shell. */
export interface StdioServer extends ServerCommon {
  readonly kind: 'stdio';
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | undefined;
}

/** A server reached over Streamable HTTP, or the older HTTP+SSE transport. `headers` may hold credentials. */
export interface HttpServer extends ServerCommon {
  readonly kind: 'http' | 'sse';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** How the gateway gets access by OAuth, where the server asks for that. */
  readonly auth?: ServerAuth | undefined;
}

export type ServerConfig = StdioServer | HttpServer;

const COMMON_KEYS = [
  'type',
  'prefix',
  'timeout_ms',
  'trust_annotations',
  'forward_capability',
  'disabled',
  'relay',
];
const STDIO_KEYS = ['command', 'args', 'env', 'cwd', ...COMMON_KEYS];
const HTTP_KEYS = ['url', 'headers', 'auth', ...COMMON_KEYS];
const NAME = /^[A-Za-z0-9_-]{1,40}$/;
const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const KINDS: Readonly<Record<string, 'stdio' | 'http' | 'sse'>> = {
  stdio: 'stdio',
  http: 'http',
  'streamable-http': 'http',
  streamableHttp: 'http',
  sse: 'sse',
};

interface Reader {
  readonly source: Source;
  readonly lookup: Lookup;
}

function textAt({ source, lookup }: Reader, value: JsonValue | undefined, path: Path): string {
  if (typeof value !== 'string') return refuse(source, path, 'expected a string');
  return expandText(value, lookup, (problem) => refuse(source, path, problem));
}

function optionalText(reader: Reader, entry: JsonObject, path: Path, key: string): string | undefined {
  return entry[key] === undefined ? undefined : textAt(reader, entry[key], [...path, key]);
}

function textMap(reader: Reader, value: JsonValue | undefined, path: Path): Record<string, string> {
  if (value === undefined) return {};
  if (!isJsonObject(value)) return refuse(reader.source, path, 'expected an object of strings');
  const result: Record<string, string> = {};
  for (const key of Object.keys(value)) result[key] = textAt(reader, value[key], [...path, key]);
  return result;
}

function booleanAt(source: Source, entry: JsonObject, path: Path, key: string): boolean {
  const value = entry[key] ?? false;
  return typeof value === 'boolean' ? value : refuse(source, [...path, key], 'expected true or false');
}

function relayAt(source: Source, entry: JsonObject, path: Path): readonly RelayKind[] {
  const given = entry.relay ?? [];
  const expected = `expected a list of ${RELAY_KINDS.map((kind) => `"${kind}"`).join(', ')}`;
  if (!Array.isArray(given)) return refuse(source, [...path, 'relay'], expected);
  given.forEach((kind, index) => {
    if (!RELAY_KINDS.some((known) => known === kind)) refuse(source, [...path, 'relay', index], expected);
  });
  return RELAY_KINDS.filter((kind) => given.includes(kind));
}

function kindOf(source: Source, entry: JsonObject, path: Path): 'stdio' | 'http' | 'sse' {
  const { type } = entry;
  if (type !== undefined) {
    const kind = typeof type === 'string' && Object.hasOwn(KINDS, type) ? KINDS[type] : undefined;
    return kind ?? refuse(source, [...path, 'type'], 'expected "stdio", "http" or "sse"');
  }
  if (entry.command !== undefined && entry.url !== undefined) {
    return refuse(
      source,
      path,
      'has both "command" and "url"; keep "command" for a local program or "url" for a remote server',
    );
  }
  if (entry.command !== undefined) return 'stdio';
  if (entry.url !== undefined) return 'http';
  return refuse(source, path, 'expected "command" (a local program) or "url" (a remote server)');
}

function common(reader: Reader, name: string, entry: JsonObject, path: Path): ServerCommon {
  const { source } = reader;
  const prefix = optionalText(reader, entry, path, 'prefix');
  if (prefix !== undefined && !/^[A-Za-z0-9_-]{1,24}$/.test(prefix)) {
    refuse(source, [...path, 'prefix'], 'expected 1 to 24 of the characters A-Z a-z 0-9 _ -');
  }
  const timeout = entry.timeout_ms;
  if (
    timeout !== undefined &&
    !(
      typeof timeout === 'number' &&
      Number.isInteger(timeout) &&
      timeout >= 1_000 &&
      timeout <= LIMITS.downstreamCallTimeoutMaxMs
    )
  ) {
    refuse(
      source,
      [...path, 'timeout_ms'],
      `expected whole milliseconds between 1000 and ${LIMITS.downstreamCallTimeoutMaxMs}`,
    );
  }
  return {
    name,
    prefix,
    timeoutMs: typeof timeout === 'number' ? timeout : undefined,
    trustAnnotations: booleanAt(source, entry, path, 'trust_annotations'),
    forwardCapability: booleanAt(source, entry, path, 'forward_capability'),
    disabled: booleanAt(source, entry, path, 'disabled'),
    relay: relayAt(source, entry, path),
    place: `${source.file}:${source.lineOf(path)}`,
  };
}

function parseStdio(reader: Reader, entry: JsonObject, path: Path): Omit<StdioServer, keyof ServerCommon> {
  checkKeys(reader.source, path, entry, STDIO_KEYS);
  const args = entry.args ?? [];
  if (!Array.isArray(args)) refuse(reader.source, [...path, 'args'], 'expected a list of strings');
  const command = textAt(reader, entry.command, [...path, 'command']);
  if (command === '') refuse(reader.source, [...path, 'command'], 'expected the program to start');
  return {
    kind: 'stdio',
    command,
    args: (args as JsonValue[]).map((value, index) => textAt(reader, value, [...path, 'args', index])),
    env: textMap(reader, entry.env, [...path, 'env']),
    cwd: optionalText(reader, entry, path, 'cwd'),
  };
}

function parseHttp(
  reader: Reader,
  entry: JsonObject,
  path: Path,
  kind: 'http' | 'sse',
): Omit<HttpServer, keyof ServerCommon> {
  checkKeys(reader.source, path, entry, HTTP_KEYS);
  const url = textAt(reader, entry.url, [...path, 'url']);
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !['http:', 'https:'].includes(parsed.protocol)) {
    return refuse(reader.source, [...path, 'url'], 'expected an http:// or https:// address');
  } else if (parsed.username !== '' || parsed.password !== '') {
    refuse(
      reader.source,
      [...path, 'url'],
      'expected no user name or password in the address; send them in "headers"',
    );
  }
  const headers = textMap(reader, entry.headers, [...path, 'headers']);
  for (const [name, value] of Object.entries(headers)) {
    if (!HEADER_NAME.test(name) || /[^\t\x20-\x7e\x80-\xff]/.test(value)) {
      refuse(reader.source, [...path, 'headers', name], 'expected a valid HTTP header name and value');
    }
  }
  const auth = parseAuth({
    source: reader.source,
    path: [...path, 'auth'],
    text: (key, value) => optionalText(reader, value, [...path, 'auth'], key),
    url: parsed,
    headers,
  });
  return { kind, url, headers, auth };
}

/**
 * Reads a map of servers, written as Claude and Cursor write `mcpServers` or as VS Code writes `servers`, plus the
 * keys `prefix`, `timeout_ms`, `trust_annotations`, `forward_capability`, `relay` and `disabled`. `${VAR}`, `${env:VAR}` and
 * `${VAR:-default}` are expanded by `lookup`. Throws `config_invalid` with file and line for anything that is unknown, unset or malformed.
 */
export function parseServers(source: Source, at: Path, lookup: Lookup): ServerConfig[] {
  const map = source.valueAt(at);
  if (!isJsonObject(map))
    return refuse(source, at, 'expected an object that maps server names to their definitions');
  const reader: Reader = { source, lookup };
  return Object.keys(map).map((name) => {
    const path: Path = [...at, name];
    if (!NAME.test(name))
      refuse(source, path, 'expected a server name of 1 to 40 of the characters A-Z a-z 0-9 _ -');
    const entry = map[name];
    if (!isJsonObject(entry)) return refuse(source, path, 'expected an object');
    const kind = kindOf(source, entry, path);
    const rest = kind === 'stdio' ? parseStdio(reader, entry, path) : parseHttp(reader, entry, path, kind);
    return { ...common(reader, name, entry, path), ...rest };
  });
}

/** How capability tokens name a server, as their audience: its address as configured, or `mcp:<name>` for a local one. */
export function serverAudience(server: ServerConfig): string {
  return server.kind === 'stdio' ? `mcp:${server.name}` : server.url;
}

/** Throws `config_invalid` when two definitions share a name, naming both places. */
export function refuseDoubledServers(servers: readonly ServerConfig[]): void {
  const seen = new Map<string, ServerConfig>();
  for (const server of servers) {
    const other = seen.get(server.name);
    if (other !== undefined) {
      throw new CountersignError(
        'config_invalid',
        `${server.place}: the server name "${server.name}" is already used at ${other.place}. Rename one of the two.`,
      );
    }
    seen.set(server.name, server);
  }
}
