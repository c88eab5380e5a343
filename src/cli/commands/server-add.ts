import { rename, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { CountersignError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { readIfPresent } from '../connection.ts';
import type { Cli, Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { pairs } from '../option-value.ts';
import { serversOf, withServers } from '../server-entries.ts';
import { oneLine } from '../terminal-text.ts';

interface FileOptions {
  readonly config: string;
  readonly replace?: boolean;
}

interface AddOptions extends FileOptions {
  readonly serverUrl?: string;
  readonly header?: Record<string, string>;
  readonly env?: Record<string, string>;
  readonly prefix?: string;
}

async function put(
  context: Context,
  servers: Map<string, JsonObject>,
  options: FileOptions,
): Promise<ExitCode> {
  const { deps, out } = context;
  const file = resolve(deps.cwd, options.config);
  const input = { servers, replace: options.replace === true };
  const { text, added, kept } = await withServers(file, await readIfPresent(file), input);
  if (added.length > 0) {
    await writeFile(`${file}.part`, text);
    await rename(`${file}.part`, file);
  }
  if (out.json) out.value({ file, added, kept });
  else {
    for (const name of added) out.line(`added ${oneLine(name)}`);
    for (const name of kept) out.line(`kept  ${oneLine(name)}: it is there already; --replace replaces it`);
    if (added.length > 0) out.note(`${oneLine(file)} is written. Start the gateway again: countersign up.`);
  }
  return EXIT.ok;
}

function entryOf(command: readonly string[], { serverUrl, header, env, prefix }: AddOptions): JsonObject {
  const [program, ...args] = command;
  if ((serverUrl === undefined) === (program === undefined))
    throw new CountersignError('invalid_request', 'Expected either --server-url, or a program after "--".');
  const more = prefix === undefined ? {} : { prefix };
  if (program !== undefined)
    return { command: program, args, ...(env === undefined ? {} : { env }), ...more };
  return { url: serverUrl ?? '', ...(header === undefined ? {} : { headers: header }), ...more };
}

/** `server add|import`, which edit countersign.yaml on this machine. */
export function addServerFileCommands(server: Command, cli: Cli): void {
  server
    .command('add <name> [command...]')
    .description('put a server into countersign.yaml; comments and all other lines stay')
    .option('--server-url <url>', 'a server that is reached by HTTP')
    .option(
      '--header <key=value>',
      `a header for it; repeat for more. Write secrets as \${VAR}`,
      pairs('--header', `Authorization=Bearer \${TOKEN}`),
    )
    .option('--env <key=value>', 'a variable for its program; repeat for more', pairs('--env', 'REGION=eu'))
    .option('--prefix <text>', 'agents see its tools as prefix_tool')
    .option('--config <file>', 'the file', 'countersign.yaml')
    .option('--replace', 'replace a server of this name')
    .addHelpText(
      'after',
      `\nExamples:\n  $ countersign server add crm --server-url https://mcp.example/mcp --header 'Authorization=Bearer \${CRM_TOKEN}'` +
        '\n  $ countersign server add shared -- npx -y @modelcontextprotocol/server-filesystem /srv/shared',
    )
    .action(
      cli.action((context, name: string, command: string[], options: AddOptions) =>
        put(context, new Map([[name, entryOf(command, options)]]), options),
      ),
    );

  server
    .command('import <file>')
    .description('put the servers of an MCP client’s file into countersign.yaml')
    .option('--config <file>', 'the file', 'countersign.yaml')
    .option('--replace', 'replace servers of the same names')
    .addHelpText('after', '\nExample:\n  $ countersign server import ~/.cursor/mcp.json')
    .action(
      cli.action(async (context, from: string, options: FileOptions) => {
        const file = resolve(context.deps.cwd, from);
        const text = await readIfPresent(file);
        if (text === undefined) throw new CountersignError('invalid_request', `${file} does not exist.`);
        return await put(context, serversOf(file, text), options);
      }),
    );
}
