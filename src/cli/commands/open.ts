import type { Command } from 'commander';
import type { Cli } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { oneLine } from '../terminal-text.ts';

/** `open`: the dashboard. */
export function addOpenCommand(program: Command, cli: Cli): void {
  program
    .command('open')
    .description('open the dashboard; off a terminal print its link')
    .addHelpText('after', '\nExample:\n  $ countersign open')
    .action(
      cli.action(async ({ connection, out, deps }) => {
        const url = `${(await connection()).origin}/`;
        const opened = deps.isTty.stdout && (await deps.openUrl(url));
        if (out.json) out.value({ url });
        else out.line(oneLine(url));
        if (!opened && deps.isTty.stdout) out.note('No browser could be opened from here; use the link.');
        return EXIT.ok;
      }),
    );
}
