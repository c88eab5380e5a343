import type { Command } from 'commander';
import type { Approval, ApprovalState } from '../../sdk/approval.ts';
import type { Decision } from '../../sdk/terms.ts';
import { type Cli, type Context, collect } from '../context.ts';
import { EXIT, type ExitCode, exitCodeOfState } from '../exit-code.ts';
import { wholeNumber } from '../option-value.ts';
import type { TableShape } from '../output.ts';
import { oneLine } from '../terminal-text.ts';
import { addRequestCommands } from './approval-request.ts';
import { show, targetOf, waitFor } from './approval-shown.ts';

interface ListOptions {
  readonly state?: ApprovalState;
  readonly session?: string;
  readonly user?: string;
  readonly tool?: string;
  readonly limit: number;
}

interface WaitOptions {
  readonly timeout?: string;
}

const APPROVALS: TableShape<Approval> = {
  header: ['ID', 'STATE', 'RISK', 'USER', 'TOOL', 'EFFECT', 'EXPIRES'],
  row: (one) => [one.id, one.state, one.risk, one.subject, targetOf(one), one.effect, one.expiresAt],
  empty: 'There are no such approvals.',
};

/** A terminal cannot decide: the page is opened, or its link printed, and the approval stays as it is. */
async function openPage(
  context: Context,
  id: string,
  input: { decision: Decision } & OpenOptions,
): Promise<ExitCode> {
  const { out, deps } = context;
  const approval = await (await context.client()).approvals.get(id);
  if (approval.state !== 'pending') {
    out.note(`${oneLine(id)} is ${approval.state}: there is nothing to ${input.decision} any more.`);
    show(context, approval);
    return exitCodeOfState(approval);
  }
  const opened = deps.isTty.stdout && (await deps.openUrl(approval.url));
  out.note(
    `A terminal cannot ${input.decision}: a person does, with a passkey, on the page${opened ? ' that was just opened' : ''}.`,
  );
  if (out.json) out.value({ id: approval.id, state: approval.state, url: approval.url });
  else out.line(oneLine(approval.url));
  if (!input.wait) return EXIT.pending;
  const settled = await waitFor(context, id, input.timeout);
  show(context, settled);
  return input.decision === 'deny' && settled.state === 'denied' ? EXIT.ok : exitCodeOfState(settled);
}

interface OpenOptions extends WaitOptions {
  readonly wait?: boolean;
}

/** `approval request|outcome|list|get|wait|approve|deny|resolve`. */
export function addApprovalCommands(program: Command, cli: Cli): void {
  const approval = program
    .command('approval')
    .description('calls and actions that wait for a person, and what became of them');
  addRequestCommands(approval, cli);

  approval
    .command('list')
    .description('list approvals, newest first')
    .option(
      '--state <state>',
      'pending, approved, denied, expired, cancelled, void, executing, succeeded, failed or unknown',
    )
    .option('--session <id>', 'only those of this session')
    .option('--user <id>', 'only those of this end user')
    .option('--tool <name>', 'only those of this tool')
    .option('--limit <n>', 'how many at most', wholeNumber('--limit', { min: 1, max: 10_000 }), 50)
    .addHelpText(
      'after',
      '\nExamples:\n  $ countersign approval list --state pending\n  $ countersign approval list --user ann --tool payments_refund --json',
    )
    .action(
      cli.action(async ({ client, out }, { limit, user, ...filter }: ListOptions) => {
        const { approvals } = await client();
        out.list(
          await collect((page) => approvals.list({ ...filter, ...page, subject: user }), limit),
          APPROVALS,
        );
        return EXIT.ok;
      }),
    );

  approval
    .command('get <id>')
    .description('show one approval with the frozen call and, once there is one, the result')
    .addHelpText('after', '\nExample:\n  $ countersign approval get apr_1a2b')
    .action(
      cli.action(async (context, id: string) => {
        show(context, await (await context.client()).approvals.get(id));
        return EXIT.ok;
      }),
    );

  approval
    .command('wait <id>')
    .description('wait until it is settled, or an action is approved; the exit code says how')
    .option('--timeout <duration>', 'how long at most, such as 5m; until it expires unless told')
    .addHelpText(
      'after',
      '\nEnds with 0 when the call succeeded or the action is approved, 3 denied, 5 still pending, 6 expired.',
    )
    .addHelpText('after', '\nExample:\n  $ countersign approval wait apr_1a2b --timeout 10m')
    .action(
      cli.action(async (context, id: string, options: WaitOptions) => {
        const settled = await waitFor(context, id, options.timeout);
        show(context, settled);
        return exitCodeOfState(settled);
      }),
    );

  for (const decision of ['approve', 'deny'] as const) {
    approval
      .command(`${decision} <id>`)
      .description(`open the page where a person can ${decision}; off a terminal print its link`)
      .option('--wait', 'then wait for the outcome')
      .option('--timeout <duration>', 'how long to wait at most, such as 5m')
      .addHelpText(
        'after',
        `\nEnds with 5 while the approval is pending.\n\nExample:\n  $ countersign approval ${decision} apr_1a2b --wait`,
      )
      .action(
        cli.action((context, id: string, options: OpenOptions) =>
          openPage(context, id, { decision, ...options }),
        ),
      );
  }

  approval
    .command('resolve <id>')
    .description('record what became of a call whose outcome is unknown')
    .requiredOption('--as <outcome>', 'succeeded or failed')
    .requiredOption('--note <text>', 'how you know; kept on the ledger')
    .addHelpText(
      'after',
      '\nExample:\n  $ countersign approval resolve apr_1a2b --as failed --note "the bank has no such refund"',
    )
    .action(
      cli.action(async (context, id: string, options: { as: 'succeeded' | 'failed'; note: string }) => {
        show(context, await (await context.client()).approvals.resolve(id, options));
        return EXIT.ok;
      }),
    );
}
