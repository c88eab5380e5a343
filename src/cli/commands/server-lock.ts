import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { canonicalize } from '../../core/canonical.ts';
import { CountersignError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { definitionHash, TOOL_LOCK_FORMAT } from '../../core/tool-definition.ts';
import type { Server, ServerTool } from '../../sdk/servers.ts';
import { offeredDefinition } from '../../sdk/tool-change.ts';
import { type Cli, type Context, collect, EVERY } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { oneLine, safeJson } from '../terminal-text.ts';

interface LockOptions {
  readonly out: string;
  readonly offered?: boolean;
}

/** `server/tool` with the hash that a lock holds of it. */
type Hashes = ReadonlyMap<string, string>;

function sorted(value: JsonObject): JsonObject {
  return JSON.parse(canonicalize(value)) as JsonObject;
}

function locked(tool: ServerTool, offered: boolean): JsonObject | undefined {
  const definition = (offered ? offeredDefinition(tool) : tool.pinnedDefinition) as JsonObject | null;
  if (definition === null) return undefined;
  const hash = definitionHash(definition);
  if (hash !== (offered ? tool.hash : tool.pinnedHash)) {
    throw new CountersignError(
      'internal',
      `The definition of "${tool.server}/${tool.tool}" does not have the hash that the gateway gave. Nothing was written.`,
    );
  }
  return { hash, definition: sorted(definition) };
}

function hashesOf(servers: JsonObject): Hashes {
  const hashes = new Map<string, string>();
  for (const [server, tools] of Object.entries(servers)) {
    for (const [tool, entry] of Object.entries(isJsonObject(tools) ? tools : {})) {
      if (isJsonObject(entry)) hashes.set(`${server}/${tool}`, String(entry.hash));
    }
  }
  return hashes;
}

/** What the file holds already; nothing when there is none. A file that is no lock is not written over. */
async function formerHashes(file: string): Promise<Hashes> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    throw error;
  }
  const lock = parsed(text);
  if (isJsonObject(lock) && lock.lock === TOOL_LOCK_FORMAT && isJsonObject(lock.servers))
    return hashesOf(lock.servers);
  throw new CountersignError(
    'invalid_request',
    `--out: ${file} exists and is no lock file; name another file.`,
  );
}

function parsed(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return null;
  }
}

function differences(before: Hashes, after: Hashes): string[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  return names.flatMap((name) => {
    if (!before.has(name)) return [`  + ${oneLine(name)}`];
    if (!after.has(name)) return [`  - ${oneLine(name)}`];
    return before.get(name) === after.get(name) ? [] : [`  ~ ${oneLine(name)}`];
  });
}

function refuseUnknown(server: Server): void {
  if (server.state === 'ready') return;
  throw new CountersignError(
    'downstream_unavailable',
    `The server "${server.name}" is ${server.state}, so its tools are not known: ${server.problem ?? 'no reason was given'}. Nothing was written; see: countersign server list`,
  );
}

async function lock(context: Context, { out: given, offered = false }: LockOptions): Promise<ExitCode> {
  const { client, deps, out } = context;
  const file = resolve(deps.cwd, given);
  const before = await formerHashes(file);
  const { servers } = await client();
  const found = (await collect((page) => servers.list(page), EVERY)).data;
  const content: JsonObject = {};
  const left: string[] = [];
  for (const server of found.filter(({ state }) => state !== 'stopped')) {
    refuseUnknown(server);
    const { data } = await collect((page) => servers.tools(server.name, page), EVERY);
    const tools = data.map((tool) => ({ name: tool.tool, entry: locked(tool, offered) }));
    content[server.name] = Object.fromEntries(
      tools.flatMap(({ name, entry }) => (entry === undefined ? [] : [[name, entry] as const])),
    );
    left.push(...tools.filter((one) => one.entry === undefined).map(({ name }) => `${server.name}/${name}`));
  }
  const part = `${file}.part`;
  try {
    await writeFile(part, `${safeJson({ lock: TOOL_LOCK_FORMAT, servers: content }, { indent: 2 })}\n`);
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
  const after = hashesOf(content);
  if (out.json) out.value({ file, tools: after.size, left });
  else {
    out.line(`Locked ${after.size} tools in ${file}`);
    out.lines(differences(before, after));
  }
  if (left.length > 0) out.note(`Left out, as they were never accepted: ${left.map(oneLine).join(', ')}`);
  if (offered) out.note('These are the definitions as offered now, accepted or not. Review the file.');
  return EXIT.ok;
}

/** `server lock`. */
export function addLockCommand(server: Command, cli: Cli): void {
  server
    .command('lock')
    .description('write the accepted tool definitions of all servers to a lock file')
    .requiredOption('--out <file>', 'where to, such as countersign.lock.json; name it in tool_lock')
    .option('--offered', 'the definitions as the servers offer them now, quarantined ones included')
    .addHelpText('after', '\nExample:\n  $ countersign server lock --out countersign.lock.json')
    .action(cli.action((context, options: LockOptions) => lock(context, options)));
}
