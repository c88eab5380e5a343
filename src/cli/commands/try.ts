import { join } from 'node:path';
import type { Command } from 'commander';
import { CountersignError } from '../../core/errors.ts';
import type { AgentOutcome, PendingCall } from '../../demo/agent.ts';
import { readIfPresent, readState } from '../connection.ts';
import type { Cli, Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import type { McpAccess } from '../ports.ts';
import { manyLines, oneLine } from '../terminal-text.ts';

type Access = Pick<McpAccess, 'url' | 'headers'>;

const EXIT_OF: Record<AgentOutcome['state'], ExitCode> = {
  succeeded: EXIT.ok,
  denied: EXIT.denied,
  expired: EXIT.expired,
  failed: EXIT.error,
  void: EXIT.error,
  cancelled: EXIT.error,
  unknown: EXIT.error,
};

async function findSession({ deps, dataDir }: Context): Promise<Access> {
  const { COUNTERSIGN_MCP_URL: url, COUNTERSIGN_MCP_AUTHORIZATION: authorization } = deps.env;
  if (url) return { url, headers: authorization ? { Authorization: authorization } : {} };
  const saved = await readState<{ mcp?: Access }>(join(dataDir, 'session.json'));
  if (saved?.mcp) return saved.mcp;
  const message = `No session is known in ${dataDir}. Start the gateway here first, in another terminal: npm start (or: countersign up).`;
  throw new CountersignError('invalid_request', message);
}

async function play(context: Context, headless: boolean): Promise<ExitCode> {
  const { deps, out, dataDir } = context;
  const session = await findSession(context);
  const stop = new AbortController();
  const signal = AbortSignal.any([context.stopSignal(), stop.signal]);
  const print = (line: string): void => (out.json ? out.note(manyLines(line)) : out.line(manyLines(line)));

  async function decideHeadless(pending: PendingCall): Promise<void> {
    print(
      '  A demo authenticator decides now, in a browser without a window. It stands in for you; it proves no person.',
    );
    const enrolUrl = (await readIfPresent(join(dataDir, 'enrol-url')))?.trim() || undefined;
    const passkeyFile = join(dataDir, 'demo-passkey.json');
    await deps.approveHeadless({ approveUrl: pending.approveUrl, enrolUrl, passkeyFile, print, signal });
  }

  const approver: { failure?: unknown; done?: Promise<void> } = {};
  const outcome = await deps
    .playAgent({
      mcpUrl: session.url,
      headers: session.headers,
      idempotencyKey: deps.newKey(),
      print,
      status: (line) => out.status(oneLine(line)),
      async onPending(pending) {
        if (!headless) return;
        // Beside the waiting agent, as a person would; without a decision there is nothing to wait for.
        approver.done = decideHeadless(pending).catch((error: unknown) => {
          approver.failure = error;
          stop.abort();
        });
      },
      now: deps.now,
      signal,
    })
    .catch((error: unknown) => {
      throw approver.failure ?? error;
    });
  out.status('');
  // The browser closes and the passkey's counter is kept before the process ends.
  await approver.done;
  if (out.json) out.value({ state: outcome.state, text: outcome.text });
  return EXIT_OF[outcome.state];
}

/** `try`: plays an agent against the running gateway. */
export function addTryCommand(program: Command, cli: Cli): void {
  program
    .command('try')
    .description(
      'play an agent: list tools, call a safe one, call a risky one, wait for the decision, show the result',
    )
    .option('--headless', 'let a demo authenticator approve, in the bundled Chromium')
    .addHelpText('after', '\nExamples:\n  $ countersign try\n  $ countersign try --headless')
    .action(
      cli.action((context, options: { headless?: boolean }) => play(context, options.headless === true)),
    );
}
