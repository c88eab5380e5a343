import type { Command } from 'commander';
import type { MintedSession, Session } from '../../sdk/sessions.ts';
import { type Cli, collect } from '../context.ts';
import { parseDuration } from '../duration.ts';
import { EXIT } from '../exit-code.ts';
import { addItems, pairs, wholeNumber } from '../option-value.ts';
import type { TableShape } from '../output.ts';
import { facts } from '../terminal-text.ts';
import { accessFacts, addNarrowCommand } from './session-narrow.ts';
import { type TreeLine, treeLines } from './session-tree.ts';

interface MintOptions {
  readonly user?: string;
  readonly ttl?: string;
  readonly tools?: string[];
  readonly label?: Record<string, string>;
  readonly callCap?: number;
}

interface ListOptions {
  readonly user?: string;
  readonly tree?: string;
  readonly limit: number;
}

const HEADER = ['ID', 'USER', 'STATE', 'CALLS', 'EXPIRES', 'TOOLS'];

function cells(one: Session, branch = ''): string[] {
  return [
    `${branch}${one.id}`,
    one.subject,
    one.state,
    one.callCap === null ? String(one.calls) : `${one.calls}/${one.callCap}`,
    one.expiresAt,
    one.tools.join(','),
  ];
}

const SESSIONS: TableShape<Session> = {
  header: HEADER,
  row: (one) => cells(one),
  empty: 'There are no sessions. Mint one: countersign session mint --user NAME --ttl 1h',
};

const TREE: TableShape<TreeLine> = {
  header: HEADER,
  row: ({ branch, session }) => cells(session, branch),
  empty: 'There is no such session. List sessions to see which exist.',
};

function mintedFacts(session: MintedSession): string[] {
  return facts([
    ['Session', session.id],
    ['User', session.subject],
    ['Expires', session.expiresAt],
    ['Tools', session.tools.join(', ')],
    ...accessFacts(session.mcp),
  ]);
}

/** `session mint|narrow|list|revoke`. */
export function addSessionCommands(program: Command, cli: Cli): void {
  const session = program.command('session').description('scoped, expiring access for one agent');

  session
    .command('mint')
    .description('make a session; its token is shown once')
    .option('--user <id>', 'the end user on whose behalf the agent acts')
    .option('--ttl <duration>', 'how long it lives, such as 30m or 12h')
    .option(
      '--tools <pattern...>',
      'what it may call: server/tool with *, ! excludes; repeat or separate by commas',
      addItems,
    )
    .option(
      '--label <key=value>',
      'what policy can tell it by; repeat for more',
      pairs('--label', 'team=support'),
    )
    .option(
      '--call-cap <n>',
      'how many calls it may make',
      wholeNumber('--call-cap', { min: 1, max: 1_000_000_000 }),
    )
    .addHelpText(
      'after',
      '\nExample:\n  $ countersign session mint --user ann --ttl 1h --tools "sandbox/*" --label team=support',
    )
    .action(
      cli.action(async ({ client, out }, options: MintOptions) => {
        const minted = await (await client()).sessions.mint({
          subject: options.user,
          ttlMs: options.ttl === undefined ? undefined : parseDuration(options.ttl, '--ttl'),
          tools: options.tools,
          labels: options.label,
          callCap: options.callCap,
        });
        if (out.json) out.value(minted);
        else out.lines(mintedFacts(minted));
        return EXIT.ok;
      }),
    );

  addNarrowCommand(session, cli);

  session
    .command('list')
    .description('list sessions, newest first')
    .option('--user <id>', 'only those of this end user')
    .option('--tree <id>', 'this session and those narrowed from it, drawn as a tree')
    .option('--limit <n>', 'how many at most', wholeNumber('--limit', { min: 1, max: 10_000 }), 50)
    .addHelpText(
      'after',
      '\nExamples:\n  $ countersign session list --user ann\n  $ countersign session list --tree ses_1a2b',
    )
    .action(
      cli.action(async ({ client, out }, { user: subject, tree, limit }: ListOptions) => {
        const { sessions } = await client();
        const found = await collect((page) => sessions.list({ ...page, subject, tree }), limit);
        if (tree === undefined || out.json) out.list(found, SESSIONS);
        else out.list({ data: treeLines(found.data), hasMore: found.hasMore }, TREE);
        return EXIT.ok;
      }),
    );

  session
    .command('revoke <id>')
    .description('end a session and all narrowed from it now; their open streams close within a second')
    .option('--reason <text>', 'why; kept on the ledger')
    .addHelpText('after', '\nExample:\n  $ countersign session revoke ses_1a2b --reason "the task is done"')
    .action(
      cli.action(async ({ client, out }, id: string, options: { reason?: string }) => {
        const revoked = await (await client()).sessions.revoke(id, { reason: options.reason });
        if (out.json) out.value(revoked);
        else
          out.lines(
            facts([
              ['Revoked', revoked.id],
              ['At', revoked.revokedAt],
              ['Reason', revoked.revokeReason],
            ]),
          );
        return EXIT.ok;
      }),
    );
}
