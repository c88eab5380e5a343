import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { ReplayReport } from '../../sdk/recorded-calls.ts';
import type { Cli, Context } from '../context.ts';
import { parseTime } from '../duration.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import type { Output } from '../output.ts';
import { oneLine } from '../terminal-text.ts';

interface ReplayOptions {
  readonly since: string;
  readonly until?: string;
  readonly policies: string;
}

type Change = ReplayReport['changes'][number];

function linesOf({ from, to, calls, kind, server, tool, rule, examples }: Change): string[] {
  const name = server === '' ? tool : `${server}/${tool}`;
  const what = kind === 'tool' ? name : `${kind} ${name}`;
  return [
    `${from} → ${to}  ${calls}  ${what}  (${rule.before ?? 'default'} → ${rule.after ?? 'default'})`,
    ...examples.map(({ id, seq, at, subject }) => `    ${id ?? `entry ${seq}`}  ${at}  ${subject}`),
  ].map(oneLine);
}

/** What was not judged, and why, one line for each reason that there is. */
function notJudgedLines({ erased, notKept, definitionUnknown }: ReplayReport['notJudged']): string[] {
  const reasons: readonly (readonly [number, string])[] = [
    [erased, 'whose arguments were erased'],
    [notKept, 'whose arguments were never kept, because they were denied or read a resource'],
    [definitionUnknown, 'of tools whose definition of that time is no longer known'],
  ];
  return reasons.flatMap(([calls, why]) => (calls === 0 ? [] : [`not judged: ${calls} calls ${why}`]));
}

function print(out: Output, report: ReplayReport): void {
  const { since, until, calls, judged, changed, transitions, changes, ungrouped } = report;
  out.line(`${since} to ${until}: ${calls} calls, ${judged} judged anew, ${changed} would change`);
  out.lines(notJudgedLines(report.notJudged));
  if (changed === 0) return;
  out.lines(['', ...transitions.map(({ from, to, calls: of }) => `${from} → ${to}: ${of}`), '']);
  out.lines(changes.flatMap(linesOf));
  if (ungrouped > 0) out.line(`${ungrouped} more calls would change, in more ways than are told apart.`);
}

async function replay({ client, deps, out, stopSignal }: Context, options: ReplayOptions): Promise<ExitCode> {
  const files = await (await deps.policyTools()).read(resolve(deps.cwd, options.policies));
  const range = {
    since: parseTime(options.since, '--since', deps.now()),
    until: options.until === undefined ? undefined : parseTime(options.until, '--until', deps.now()),
  };
  const { policies } = await client();
  const report = await policies.replay(
    { files, ...range },
    {
      signal: stopSignal(),
      onProgress({ read, of }) {
        const steps = deps.isTty.stderr ? 100 : 10;
        out.status(`Replaying… ${(100 / steps) * Math.floor((steps * read) / Math.max(1, of))} %`);
      },
    },
  );
  out.status('');
  if (out.json) out.value(report);
  else print(out, report);
  return report.changed === 0 ? EXIT.ok : EXIT.policyTestFailed;
}

/** `policy replay`. */
export function addReplayCommand(policy: Command, cli: Cli): void {
  policy
    .command('replay')
    .description('judge recorded calls by other policy files; ends with 8 when a verdict would change')
    .option('--since <time>', 'from then on: RFC 3339, or a duration such as 24h', '7d')
    .option('--until <time>', 'before then: RFC 3339, or a duration such as 1h')
    .option('--policies <dir>', 'the folder of the files', 'policies')
    .addHelpText('after', '\nExample:\n  $ countersign policy replay --since 30d --policies ./new-policies')
    .action(cli.action((context, options: ReplayOptions) => replay(context, options)));
}
