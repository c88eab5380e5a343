import type { Document } from 'yaml';
import { CountersignError } from '../core/errors.ts';
import { isJsonObject, type JsonObject, parseStrict } from '../core/json.ts';
import { blankComments } from '../core/json-comments.ts';

const NAME = /^[A-Za-z0-9_-]{1,40}$/;

/** Members of clients' files that the gateway has no use for. */
const OF_CLIENTS = ['gallery', 'version', 'alwaysAllow', 'autoApprove', 'disabledTools', 'envFile'];

function refuse(problem: string): never {
  throw new CountersignError('invalid_request', problem);
}

/** The servers of an MCP client's file: `mcpServers` of Claude and Cursor, `servers` of VS Code. */
export function serversOf(file: string, text: string): Map<string, JsonObject> {
  let value: unknown;
  try {
    value = parseStrict(blankComments(text));
  } catch (cause) {
    throw new CountersignError('invalid_request', `${file}: expected JSON, as MCP clients write it.`, {
      cause,
    });
  }
  const found = isJsonObject(value) ? (value.mcpServers ?? value.servers) : undefined;
  if (!isJsonObject(found)) refuse(`${file}: expected "mcpServers" or "servers".`);
  return new Map(
    Object.entries(found).map(([name, entry]) => {
      if (!isJsonObject(entry)) refuse(`${file}: ${name}: expected an object.`);
      const kept = Object.entries(entry).filter(([key]) => !OF_CLIENTS.includes(key));
      return [name, Object.fromEntries(kept) as JsonObject];
    }),
  );
}

function documentOf(file: string, document: Document): void {
  const fault = document.errors[0];
  if (fault !== undefined) refuse(`${file}: ${fault.message.split('\n')[0]} Nothing was written.`);
  const root: unknown = document.toJS() ?? {};
  if (!isJsonObject(root)) refuse(`${file}: expected settings by name. Nothing was written.`);
  const isOfClient = ['mcpServers', 'servers'].find((key) => root[key] !== undefined);
  if (isOfClient !== undefined)
    refuse(`${file} is the file of an MCP client ("${isOfClient}"). Run "countersign init", then import it.`);
  const servers = root.mcp_servers ?? {};
  if (!isJsonObject(servers)) refuse(`${file}: mcp_servers: expected servers by name. Nothing was written.`);
}

export interface Added {
  readonly text: string;
  readonly added: readonly string[];
  /** Names that were there already, and stay as they are. */
  readonly kept: readonly string[];
}

/** The text of countersign.yaml with these servers in it; comments, order and every other line stay as they are. */
export async function withServers(
  file: string,
  before: string | undefined,
  input: { readonly servers: ReadonlyMap<string, JsonObject>; readonly replace: boolean },
): Promise<Added> {
  const { isMap, parseDocument } = await import('yaml');
  for (const name of input.servers.keys())
    if (!NAME.test(name))
      refuse(`${name}: expected up to 40 letters, digits, "_" and "-" as a server's name.`);
  const document = parseDocument(before ?? '', { keepSourceTokens: true });
  documentOf(file, document);
  const added: string[] = [];
  const kept: string[] = [];
  for (const [name, entry] of input.servers) {
    if (document.hasIn(['mcp_servers', name]) && !input.replace) {
      kept.push(name);
      continue;
    }
    // An empty object in braces would hold all that is added on its one line.
    const servers = document.get('mcp_servers', true);
    if (isMap(servers)) servers.flow = false;
    else document.set('mcp_servers', document.createNode({}));
    document.setIn(['mcp_servers', name], document.createNode(entry));
    added.push(name);
  }
  const text = added.length === 0 ? (before ?? '') : document.toString({ lineWidth: 0 });
  return { text, added, kept };
}
