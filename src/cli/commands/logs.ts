import type { Command } from 'commander';
import type { LogEntry } from '../../sdk/log-entry.ts';
import { type Cli, type Context, collect } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { addLogFilters, addLogTimes, type LogFilterOptions, logFilterOf } from '../log-filter.ts';
import { wholeNumber } from '../option-value.ts';
import type { Output, TableShape } from '../output.ts';
import { oneLine } from '../terminal-text.ts';
import { addExportCommand } from './logs-export.ts';
import { addFacetsCommand } from './logs-facets.ts';
import { addProofCommand } from './logs-proof.ts';
import { addLogsRedactCommand } from './logs-redact.ts';
import { addTimelineCommand } from './logs-timeline.ts';
import { addVerifyCommand } from './logs-verify.ts';

interface QueryOptions extends LogFilterOptions {
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

function printEntry(out: Output, entry: LogEntry): void {
  if (out.json) out.value(entry);
  else
    out.line(
      `${out.style('dim', `${entry.seq}  ${entry.ts}`)}  ${oneLine(entry.type)}  ${oneLine(about(entry))}`,
    );
}

async function tail(
  { client, out, stopSignal, deps }: Context,
  options: LogFilterOptions & { after?: number },
): Promise<void> {
  const { logs } = await client();
  const signal = stopSignal();
  if (deps.isTty.stderr) out.note('Following the ledger; Ctrl-C ends.');
  const entries = logs.stream(logFilterOf(options, deps.now()), { signal, after: options.after });
  for await (const entry of entries) printEntry(out, entry);
}

/** `logs query|tail|timeline|facets|proof|redact|export|verify`. */
export function addLogsCommands(program: Command, cli: Cli): void {
  const logs = program.command('logs').description('the ledger: every request, decision and outcome');

  addLogTimes(addLogFilters(logs.command('query')))
    .description('list entries, newest first')
    .option('--order <order>', 'desc (newest first) or asc')
    .option('--limit <n>', 'how many at most', wholeNumber('--limit', { min: 1, max: 100_000 }), 50)
    .addHelpText(
      'after',
      '\nExample:\n  $ countersign logs query --action sandbox/payments_refund --since 24h',
    )
    .action(
      cli.action(async ({ client, out, deps }, options: QueryOptions) => {
        const query = { ...logFilterOf(options, deps.now()), order: options.order };
        const resource = (await client()).logs;
        const found = await collect((page) => resource.query({ ...query, ...page }), options.limit);
        if (out.json) for (const entry of found.data) out.value(entry);
        else out.list(found, ENTRIES);
        return EXIT.ok;
      }),
    );

  addLogFilters(logs.command('tail'))
    .description('follow entries as they are written; resumes by itself after a cut')
    .option(
      '--after <seq>',
      'begin after this entry',
      wholeNumber('--after', { min: 0, max: Number.MAX_SAFE_INTEGER }),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  $ countersign logs tail\n  $ countersign logs tail --user ann --json',
    )
    .action(
      cli.action(async (context, options: LogFilterOptions & { after?: number }) => {
        await tail(context, options);
        return EXIT.ok;
      }),
    );

  addTimelineCommand(logs, cli);
  addFacetsCommand(logs, cli);
  addProofCommand(logs, cli);
  addLogsRedactCommand(logs, cli);

  addExportCommand(logs, cli);
  addVerifyCommand(logs, cli);
}
