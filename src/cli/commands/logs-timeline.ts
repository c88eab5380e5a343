import type { Command } from 'commander';
import { isCountersignApiError } from '../../sdk/api-error.ts';
import type { Countersign } from '../../sdk/countersign.ts';
import type { Cli, Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { addLogFilters, type LogFilterOptions, logSubjectOf } from '../log-filter.ts';
import { wholeNumber } from '../option-value.ts';
import { timelineLines, timelineSummary } from '../timeline-lines.ts';
import { checkZone, parseMoment } from '../zoned-time.ts';

interface TimelineOptions extends LogFilterOptions {
  readonly tz?: string;
  readonly limit: number;
}

const DAY = '24h';

/** Names for people; their ids where this key may not read them. */
async function namesOf(client: Countersign): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  try {
    for await (const { id, name } of client.approvers.list({ limit: 200 })) names.set(`person:${id}`, name);
  } catch (error) {
    if (!isCountersignApiError(error) || error.status !== 403) throw error;
  }
  return names;
}

function timesOf(
  options: TimelineOptions,
  { now, zone }: { now: number; zone: string },
): { since: number | undefined; until: number | undefined } {
  const isAboutOne = (options.session ?? options.approval ?? options.call) !== undefined;
  const from = options.since ?? (isAboutOne ? undefined : DAY);
  const since = from === undefined ? undefined : parseMoment(from, { option: '--since', now, zone });
  const { until } = options;
  return {
    since,
    until:
      until === undefined ? undefined : parseMoment(until, { option: '--until', now, zone, after: since }),
  };
}

async function timeline(context: Context, options: TimelineOptions): Promise<ExitCode> {
  const { deps, out } = context;
  const local = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  const zone = options.tz === undefined ? local : checkZone(options.tz, '--tz');
  const { since, until } = timesOf(options, { now: deps.now(), zone });
  const text = (at: number | undefined): string | undefined =>
    at === undefined ? undefined : new Date(at).toISOString();
  const client = await context.client();
  const asked = { ...logSubjectOf(options), since: text(since), until: text(until) };
  const { items, complete } = await client.logs.timeline(asked, {
    limit: options.limit,
    signal: context.stopSignal(),
  });
  if (out.json) {
    out.value({ zone, since: text(since) ?? null, until: text(until) ?? null, complete, items });
    return EXIT.ok;
  }
  if (items.length === 0) {
    out.note('Nothing happened that matches.');
    return EXIT.ok;
  }
  const names = await namesOf(client);
  out.lines(timelineLines(items, { zone, names, style: out.style }));
  out.line();
  out.line(timelineSummary(items));
  if (!complete) out.note(`Only the first ${options.limit} entries were read; ask for more with --limit.`);
  return EXIT.ok;
}

/** `logs timeline`. */
export function addTimelineCommand(logs: Command, cli: Cli): void {
  addLogFilters(logs.command('timeline'))
    .description('what happened, told by calls and approvals: verdicts, waits, decisions, outcomes')
    .option('--since <time>', 'from then on: 03:00 (the last one), 2026-01-31T03:00, RFC 3339, or 24h')
    .option('--until <time>', 'before then, the same way; a time of day is the first one after --since')
    .option('--tz <zone>', 'the time zone, such as Europe/Vienna; this machine’s unless told')
    .option(
      '--limit <n>',
      'how many entries are read at most',
      wholeNumber('--limit', { min: 1, max: 100_000 }),
      2_000,
    )
    .addHelpText(
      'after',
      '\nExample:\n  $ countersign logs timeline --user ann --since 03:00 --until 04:00\n\nWithout a session, an approval or --since it tells the last 24 hours.',
    )
    .action(cli.action(timeline));
}
