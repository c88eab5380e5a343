import type { Command } from 'commander';
import type { ShadowReport } from '../../sdk/recorded-calls.ts';
import type { Cli } from '../context.ts';
import { parseTime } from '../duration.ts';
import { EXIT } from '../exit-code.ts';
import type { Output } from '../output.ts';
import { oneLine } from '../terminal-text.ts';

type Rule = ShadowReport['rules'][number];

function linesOf(rule: Rule): string[] {
  const place = rule.file === null ? 'no longer in force' : `${rule.file}:${rule.line}`;
  const steps = rule.transitions.map(({ from, to, calls }) => `${from} → ${to}: ${calls}`);
  return [
    `${rule.rule} (${place})  ${rule.calls} calls${steps.length === 0 ? '' : `: ${steps.join(', ')}`}`,
    ...rule.tools.map(({ tool, calls }) => `  ${calls}  ${tool}`),
    ...rule.examples.map(
      ({ id, seq, at, subject, from, to }) =>
        `  e.g. ${id ?? `entry ${seq}`}  ${at}  ${subject}  ${from} → ${to}`,
    ),
  ].map(oneLine);
}

function print(out: Output, report: ShadowReport): void {
  const { since, until, calls, differing, rules } = report;
  out.line(`${since} to ${until}: ${calls} calls judged, ${differing} would have been decided otherwise`);
  for (const rule of rules) out.lines(['', ...linesOf(rule)]);
  if (rules.length === 0)
    out.note('No rule is in shadow mode, nor was one. Add "mode: shadow" to a rule to try it out.');
}

/** `policy shadow`. */
export function addShadowCommand(policy: Command, cli: Cli): void {
  policy
    .command('shadow')
    .description('what rules with "mode: shadow" would have decided otherwise')
    .option('--since <time>', 'from then on: RFC 3339, or a duration such as 24h', '7d')
    .option('--until <time>', 'before then: RFC 3339, or a duration such as 1h')
    .addHelpText('after', '\nExample:\n  $ countersign policy shadow --since 7d')
    .action(
      cli.action(async ({ client, deps, out }, options: { since: string; until?: string }) => {
        const report = await (await client()).policies.shadow({
          since: parseTime(options.since, '--since', deps.now()),
          until: options.until === undefined ? undefined : parseTime(options.until, '--until', deps.now()),
        });
        if (out.json) out.value(report);
        else print(out, report);
        return EXIT.ok;
      }),
    );
}
