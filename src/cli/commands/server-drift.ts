import type { Command } from 'commander';
import { CountersignError } from '../../core/errors.ts';
import type { ServerTool } from '../../sdk/servers.ts';
import { changesOf, hasDrifted, tally } from '../../sdk/tool-change.ts';
import { type Cli, type Context, collect, EVERY } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { oneLine } from '../terminal-text.ts';
import { refusedLines, reviewHash, toolChangeLines } from '../tool-change.ts';

interface RefuseOptions {
  readonly hash: string;
  readonly reason?: string;
}

interface AcceptOptions {
  readonly hash: string;
  readonly all?: boolean;
}

async function shutTools(
  { client }: Context,
  server: string,
  wanted?: string,
): Promise<readonly ServerTool[]> {
  const { servers } = await client();
  const { data: tools } = await collect((page) => servers.tools(server, page), EVERY);
  const shut = tools.filter((one) => one.state !== 'active');
  if (wanted === undefined) return shut;
  if (!tools.some((one) => one.tool === wanted)) {
    throw new CountersignError(
      'not_found',
      `This server has no tool "${wanted}". See: countersign server tools NAME`,
    );
  }
  return shut.filter((one) => one.tool === wanted);
}

async function diff(context: Context, name: string, wanted: string | undefined): Promise<ExitCode> {
  const { out } = context;
  const shut = await shutTools(context, name, wanted);
  if (out.json) {
    out.value({ data: shut.map((one) => ({ ...one, changes: changesOf(one) })), hasMore: false });
    return EXIT.ok;
  }
  const isBrief = (tool: ServerTool) => wanted === undefined && tool.state === 'refused';
  for (const tool of shut.filter((one) => !isBrief(one))) out.lines(toolChangeLines(tool, out));
  for (const tool of shut.filter(isBrief)) out.lines(refusedLines(tool, out));
  const drifted = shut.filter(hasDrifted);
  if (shut.length === 0) out.note('Nothing has changed.');
  if (drifted.length > 1) {
    out.line(`All ${drifted.length} as they are shown here:`);
    out.line(`  countersign server accept ${oneLine(name)} --all --hash ${reviewHash(drifted)}`);
  }
  return EXIT.ok;
}

async function acceptOne(context: Context, tool: { server: string; tool: string; hash: string }) {
  const { client, out } = context;
  await (await client()).servers.accept(tool);
  if (!out.json) out.line(`Accepted ${oneLine(tool.server)}/${oneLine(tool.tool)} as ${oneLine(tool.hash)}`);
}

async function acceptAll(context: Context, server: string, hash: string): Promise<void> {
  const { out } = context;
  const drifted = (await shutTools(context, server)).filter(hasDrifted);
  if (drifted.length === 0) throw new CountersignError('conflict', 'Nothing has changed.');
  if (reviewHash(drifted) !== hash) {
    throw new CountersignError(
      'conflict',
      `--hash: what "${server}" offers now is not what has this hash; nothing was accepted. Look again: countersign server diff ${server}`,
    );
  }
  for (const one of drifted) await acceptOne(context, { server, tool: one.tool, hash: one.hash });
  const counts = drifted.map((one) => tally(changesOf(one)));
  const sum = (of: 'added' | 'changed' | 'removed') => counts.reduce((total, one) => total + one[of], 0);
  if (out.json) {
    out.value({ data: drifted.map(({ tool, hash: accepted }) => ({ server, tool, hash: accepted })) });
  } else {
    out.line(
      `${drifted.length} tools of ${oneLine(server)}: ${sum('added')} members added, ${sum('changed')} changed, ${sum('removed')} removed`,
    );
  }
}

async function accept(
  context: Context,
  target: { server: string; tool: string | undefined },
  { hash, all = false }: AcceptOptions,
): Promise<ExitCode> {
  const { server, tool } = target;
  if (all === (tool !== undefined)) {
    throw new CountersignError(
      'invalid_request',
      'Name one tool, or give --all for every tool of the server that "server diff" showed.',
    );
  }
  if (tool === undefined) await acceptAll(context, server, hash);
  else {
    await acceptOne(context, { server, tool, hash });
    if (context.out.json) context.out.value({ server, tool, hash });
  }
  return EXIT.ok;
}

async function refuse(
  { client, out }: Context,
  tool: { server: string; tool: string },
  { hash, reason }: RefuseOptions,
): Promise<ExitCode> {
  await (await client()).servers.refuse({ ...tool, hash, reason });
  if (out.json) out.value({ ...tool, hash });
  else
    out.line(
      `Refused ${oneLine(tool.server)}/${oneLine(tool.tool)} as ${oneLine(hash)}; it stays shut until its server goes back, or it is accepted`,
    );
  return EXIT.ok;
}

/** `server diff`, `server accept` and `server refuse`. */
export function addDriftCommands(server: Command, cli: Cli): void {
  server
    .command('diff <name> [tool]')
    .description('show what changed in the tools that are quarantined or refused, word by word')
    .addHelpText(
      'after',
      '\nExamples:\n  $ countersign server diff sandbox\n  $ countersign server diff sandbox payments_refund',
    )
    .action(cli.action((context, name: string, wanted: string | undefined) => diff(context, name, wanted)));

  server
    .command('accept <name> [tool]')
    .description('accept the changed definition of a tool, or with --all those of a server')
    .requiredOption(
      '--hash <hash>',
      'the hash that "server diff" showed: what you reviewed is what is accepted',
    )
    .option('--all', 'every change of this server that "server diff" showed, with the hash of all of them')
    .addHelpText(
      'after',
      '\nExample:\n  $ countersign server accept sandbox payments_refund --hash sha256:9f86d081…',
    )
    .action(
      cli.action((context, name: string, tool: string | undefined, options: AcceptOptions) =>
        accept(context, { server: name, tool }, options),
      ),
    );

  server
    .command('refuse <name> <tool>')
    .description('refuse the changed definition of a tool, so that it waits for a review no longer')
    .requiredOption(
      '--hash <hash>',
      'the hash that "server diff" showed: what you reviewed is what is refused',
    )
    .option('--reason <text>', 'why, for the ledger and for the agents that call the tool')
    .addHelpText(
      'after',
      '\nExample:\n  $ countersign server refuse sandbox payments_refund --hash sha256:9f86d081… --reason "it mails the arguments"',
    )
    .action(
      cli.action((context, name: string, tool: string, options: RefuseOptions) =>
        refuse(context, { server: name, tool }, options),
      ),
    );
}
