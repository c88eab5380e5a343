import type { Command } from 'commander';
import { CountersignError } from '../../core/errors.ts';
import type { Server, ServerTool } from '../../sdk/servers.ts';
import { type Cli, type Context, collect } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { diffJson, type JsonChange } from '../json-diff.ts';
import type { TableShape } from '../output.ts';
import { oneLine, safeJson } from '../terminal-text.ts';

const EVERY = 100_000;

const SERVERS: TableShape<Server> = {
  header: ['NAME', 'KIND', 'STATE', 'ERA', 'TOOLS', 'QUARANTINED', 'PROBLEM'],
  row: (one) => [
    one.name,
    one.kind,
    one.state,
    one.era ?? '',
    String(one.tools),
    String(one.quarantined),
    one.problem ?? '',
  ],
  empty: 'There are no servers. Name some under mcpServers in the config, then start again.',
};

const TOOLS: TableShape<ServerTool> = {
  header: ['TOOL', 'EXPOSED AS', 'STATE', 'HASH'],
  row: (one) => [one.tool, one.exposed, one.state, one.hash],
  empty: 'This server has no tools.',
};

async function toolsOf({ client }: Context, server: string) {
  const { servers } = await client();
  return await collect((page) => servers.tools(server, page), EVERY);
}

function changedTools(tools: readonly ServerTool[], wanted: string | undefined): ServerTool[] {
  const changed = tools.filter((one) => one.state === 'quarantined');
  if (wanted === undefined) return changed;
  if (!tools.some((one) => one.tool === wanted)) {
    throw new CountersignError(
      'not_found',
      `This server has no tool "${wanted}". See: countersign server tools NAME`,
    );
  }
  return changed.filter((one) => one.tool === wanted);
}

/** The gateway may list a tool under a prefixed name; that is no change of the definition. */
function changesOf({ tool, definition, pinnedDefinition }: ServerTool): JsonChange[] {
  return diffJson(pinnedDefinition ?? {}, { ...definition, name: tool });
}

function printDiff({ out }: Context, tool: ServerTool): void {
  out.line(out.style('bold', `${oneLine(tool.server)}/${oneLine(tool.tool)} has changed and is quarantined`));
  for (const change of changesOf(tool)) {
    out.line(`  ${oneLine(change.at)}`);
    if ('before' in change) out.line(out.style('red', `  - ${oneLine(safeJson(change.before))}`));
    if ('after' in change) out.line(out.style('green', `  + ${oneLine(safeJson(change.after))}`));
  }
  out.line(
    `  countersign server accept ${oneLine(tool.server)} ${oneLine(tool.tool)} --hash ${oneLine(tool.hash)}`,
  );
}

/** `server list|tools|diff|accept`. */
export function addServerCommands(program: Command, cli: Cli): void {
  const server = program
    .command('server')
    .description('the MCP servers behind the gateway, and changes of their tools');

  server
    .command('list')
    .description('list the servers and how they are')
    .action(
      cli.action(async ({ client, out }) => {
        const { servers } = await client();
        out.list(await collect((page) => servers.list(page), EVERY), SERVERS);
        return EXIT.ok;
      }),
    );

  server
    .command('tools <name>')
    .description('list the tools of a server with the hash of each definition')
    .action(
      cli.action(async (context, name: string) => {
        context.out.list(await toolsOf(context, name), TOOLS);
        return EXIT.ok;
      }),
    );

  server
    .command('diff <name> [tool]')
    .description('show what changed in the tools that are quarantined')
    .action(
      cli.action(async (context, name: string, wanted: string | undefined) => {
        const changed = changedTools((await toolsOf(context, name)).data, wanted);
        if (context.out.json) {
          const data = changed.map((one) => ({ ...one, changes: changesOf(one) }));
          context.out.value({ data, hasMore: false });
        } else {
          for (const tool of changed) printDiff(context, tool);
          if (changed.length === 0) context.out.note('Nothing has changed.');
        }
        return EXIT.ok;
      }),
    );

  server
    .command('accept <name> <tool>')
    .description('accept the changed definition of a tool')
    .requiredOption(
      '--hash <hash>',
      'the hash that "server diff" showed: what you reviewed is what is accepted',
    )
    .action(
      cli.action(async ({ client, out }, name: string, tool: string, options: { hash: string }) => {
        const accepted = { server: name, tool, hash: options.hash };
        await (await client()).servers.accept(accepted);
        if (out.json) out.value(accepted);
        else out.line(`Accepted ${oneLine(name)}/${oneLine(tool)} as ${oneLine(options.hash)}`);
        return EXIT.ok;
      }),
    );
}
