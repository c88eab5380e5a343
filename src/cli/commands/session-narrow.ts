import type { Command } from 'commander';
import { CountersignError } from '../../core/errors.ts';
import type { McpAccess } from '../../sdk/sessions.ts';
import type { Cli } from '../context.ts';
import { parseDuration } from '../duration.ts';
import { EXIT } from '../exit-code.ts';
import { addItems, wholeNumber } from '../option-value.ts';
import type { CliDeps } from '../ports.ts';
import { facts } from '../terminal-text.ts';

interface NarrowOptions {
  readonly token?: string;
  readonly tools?: string[];
  readonly ttl?: string;
  readonly calls?: number;
}

/** How an agent connects, as lines for people. */
export function accessFacts(mcp: McpAccess): (readonly [string, string])[] {
  return [
    ['URL', mcp.url],
    ...Object.entries(mcp.headers).map(([name, value]) => ['Header', `${name}: ${value}`] as const),
    ['Secret URL', `${mcp.secretUrl}  (for clients that take only a URL; a password)`],
  ];
}

async function tokenOf(deps: CliDeps, given: string | undefined): Promise<string> {
  const token = given === '-' ? (await deps.readStdin()).trim() : given || deps.env.COUNTERSIGN_SESSION_TOKEN;
  if (token) return token;
  const where = 'COUNTERSIGN_SESSION_TOKEN, --token, or --token - to read it from standard input';
  throw new CountersignError(
    'invalid_request',
    `--token: expected the session's own token (cst_…) by ${where}.`,
  );
}

/** `session narrow`. */
export function addNarrowCommand(session: Command, cli: Cli): void {
  session
    .command('narrow')
    .description('make a child of a session by its token: less scope, an earlier end, fewer calls')
    .option(
      '--token <token>',
      "the session's token; prefer COUNTERSIGN_SESSION_TOKEN or - for standard input: other users see arguments",
    )
    .option(
      '--tools <pattern...>',
      "what the child may call, each within the session's own; repeat or separate by commas",
      addItems,
    )
    .option('--ttl <duration>', "how long it lives, such as 10m; until the session's end unless told")
    .option(
      '--calls <n>',
      'how many calls it may make; taken from what the session has left',
      wholeNumber('--calls', { min: 1, max: 1_000_000_000 }),
    )
    .addHelpText(
      'after',
      '\nExample:\n  $ COUNTERSIGN_SESSION_TOKEN=cst_… countersign session narrow --tools "sandbox/read_*" --ttl 10m',
    )
    .action(
      cli.action(async ({ deps, openClient, out }, options: NarrowOptions) => {
        const token = await tokenOf(deps, options.token);
        const child = await (await openClient()).sessions.narrow({
          token,
          tools: options.tools,
          ttlMs: options.ttl === undefined ? undefined : parseDuration(options.ttl, '--ttl'),
          callCap: options.calls,
        });
        if (out.json) out.value(child);
        else
          out.lines(
            facts([
              ['Session', child.id],
              ['Expires', child.expiresAt],
              ['Tools', child.tools.join(', ')],
              ...accessFacts(child.mcp),
            ]),
          );
        return EXIT.ok;
      }),
    );
}
