import type { Command } from 'commander';
import type { Server, ServerTool } from '../../sdk/servers.ts';
import { type Cli, type Context, collect, EVERY } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import type { TableShape } from '../output.ts';
import { addServerFileCommands } from './server-add.ts';
import { addDriftCommands } from './server-drift.ts';
import { addLockCommand } from './server-lock.ts';
import { addLoginCommands } from './server-login.ts';

const SERVERS: TableShape<Server> = {
  header: ['NAME', 'KIND', 'STATE', 'ERA', 'TOOLS', 'QUARANTINED', 'REFUSED', 'PROBLEM'],
  row: (one) => [
    one.name,
    one.kind,
    one.state,
    one.era ?? '',
    String(one.tools),
    String(one.quarantined),
    String(one.refused),
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

/** `server add|import|list|tools|diff|accept|refuse|lock|login|logout`. */
export function addServerCommands(program: Command, cli: Cli): void {
  const server = program
    .command('server')
    .description('the MCP servers behind the gateway, and changes of their tools');

  server
    .command('list')
    .description('list the servers and how they are')
    .addHelpText('after', '\nExample:\n  $ countersign server list')
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
    .addHelpText('after', '\nExample:\n  $ countersign server tools sandbox')
    .action(
      cli.action(async (context, name: string) => {
        context.out.list(await toolsOf(context, name), TOOLS);
        return EXIT.ok;
      }),
    );

  addServerFileCommands(server, cli);
  addDriftCommands(server, cli);
  addLockCommand(server, cli);
  addLoginCommands(server, cli);
}
