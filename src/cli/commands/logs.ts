import type { Command } from 'commander';
import type { LogEntry, LogFilter } from '../../sdk/logs.ts';
import { type Cli, type Context, collect } from '../context.ts';
import { parseTime } from '../duration.ts';
import { EXIT } from '../exit-code.ts';
import { wholeNumber } from '../option-value.ts';
import type { Output, TableShape } from '../output.ts';
import { oneLine } from '../terminal-text.ts';
import { addExportCommand } from './logs-export.ts';
import { addProofCommand } from './logs-proof.ts';
import { addLogsRedactCommand } from './logs-redact.ts';
import { addVerifyCommand } from './logs-verify.ts';

interface FilterOptions {
  readonly action?: string;
  readonly user?: string;
  readonly session?: string;
  readonly approval?: string;
  readonly type?: string;
  readonly since?: string;
  readonly until?: string;
}

interface QueryOptions extends FilterOptions {
  readonly order?: 'asc' | 'desc';
  readonly limit: number;
}

function about({ ref }: LogEntry): string {
  return [ref.action, ref.approval, ref.session, ref.subject, ref.principal]
    .filter((part) => part !== undefined)
    .join(' ');
}

const ENTRIES: TableShape<LogEntry> = {
  header: ['SEQ', 'TIME', 'TYPE', 'ABOUT'],
  row: (entry) => [String(entry.seq), entry.ts, entry.type, about(entry)],
  empty: 'No entry matches.',
};

function filterOf(options: FilterOptions, now: number): LogFilter {
  const { user, since, until, action, session, approval, type } = options;
  return {
    action,
    session,
    approval,
    type,
    subject: user,
    since: since === undefined ? undefined : parseTime(since, '--since', now),
    until: until === undefined ? undefined : parseTime(until, '--until', now),
  };
}

function addFilters(command: Command): Command {
  return command
    .option('--action <name>', 'server/tool, or an operation such as session.mint')
    .option('--user <id>', 'only what concerns this end user')
    .option('--session <id>', 'only what concerns this session')
    .option('--approval <id>', 'only what concerns this approval')
    .option('--type <type>', 'only entries of this type, such as approval.decided');
}

function printEntry(out: Output, entry: LogEntry): void {
  if (out.json) out.value(entry);
  else
    out.line(
      `${out.style('dim', `${entry.seq}  ${entry.ts}`)}  ${oneLine(entry.type)}  ${oneLine(about(entry))}`,
    );
}

async function tail(
  { client, out, stopSignal, deps }: Context,
  options: FilterOptions & { after?: number },
): Promise<void> {
  const { logs } = await client();
  const signal = stopSignal();
  if (deps.isTty.stderr) out.note('Following the ledger; Ctrl-C ends.');
  const entries = logs.stream(filterOf(options, deps.now()), { signal, after: options.after });
  for await (const entry of entries) printEntry(out, entry);
}

/** `logs query|tail|proof|redact|export|verify`. */
export function addLogsCommands(program: Command, cli: Cli): void {
  const logs = program.command('logs').description('the ledger: every request, decision and outcome');

  addFilters(logs.command('query'))
    .description('list entries, newest first')
    .option('--since <time>', 'from then on: RFC 3339, or a duration such as 24h')
    .option('--until <time>', 'before then: RFC 3339, or a duration such as 1h')
    .option('--order <order>', 'desc (newest first) or asc')
    .option('--limit <n>', 'how many at most', wholeNumber('--limit', { min: 1, max: 100_000 }), 50)
    .addHelpText(
      'after',
      '\nExample:\n  $ countersign logs query --action sandbox/payments_refund --since 24h',
    )
    .action(
      cli.action(async ({ client, out, deps }, options: QueryOptions) => {
        const query = { ...filterOf(options, deps.now()), order: options.order };
        const resource = (await client()).logs;
        const found = await collect((page) => resource.query({ ...query, ...page }), options.limit);
        if (out.json) for (const entry of found.data) out.value(entry);
        else out.list(found, ENTRIES);
        return EXIT.ok;
      }),
    );

  addFilters(logs.command('tail'))
    .description('follow entries as they are written; resumes by itself after a cut')
    .option(
      '--after <seq>',
      'begin after this entry',
      wholeNumber('--after', { min: 0, max: Number.MAX_SAFE_INTEGER }),
    )
    .action(
      cli.action(async (context, options: FilterOptions & { after?: number }) => {
        await tail(context, options);
        return EXIT.ok;
      }),
    );

  addProofCommand(logs, cli);
  addLogsRedactCommand(logs, cli);

  addExportCommand(logs, cli);
  addVerifyCommand(logs, cli);
}
