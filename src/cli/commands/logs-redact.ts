import type { Command } from 'commander';
import { CountersignError } from '../../core/errors.ts';
import type { RedactTarget } from '../../sdk/logs.ts';
import type { Cli } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import type { CliDeps } from '../ports.ts';
import { oneLine } from '../terminal-text.ts';

interface RedactOptions {
  readonly id?: string;
  readonly subject?: string;
  readonly yes?: boolean;
}

function targetOf({ id, subject }: RedactOptions): RedactTarget {
  if (id !== undefined && subject === undefined) return { id };
  if (subject !== undefined && id === undefined) return { subject };
  throw new CountersignError(
    'invalid_request',
    'Give either --id with a call (req_…), an approval (apr_…) or a capability (cap_…), or --subject with an end user.',
  );
}

/** What is erased cannot be had back: a person confirms it, a program says --yes. */
async function confirmed(deps: CliDeps, what: string, yes: boolean | undefined): Promise<boolean> {
  if (yes === true) return true;
  if (deps.ask === undefined) {
    throw new CountersignError(
      'invalid_request',
      `--yes: expected, because nobody sits here to confirm that ${what} is erased for good.`,
    );
  }
  const answer = await deps.ask(`Erase ${what} for good? Type "yes": `);
  return answer.trim().toLowerCase() === 'yes';
}

/** `logs redact`. */
export function addLogsRedactCommand(logs: Command, cli: Cli): void {
  logs
    .command('redact')
    .description('erase arguments, results and tokens for good; the entries stay, and still verify')
    .option('--id <id>', 'one call (req_…), approval (apr_…) or capability (cap_…)')
    .option('--subject <id>', 'everything that is kept of this end user')
    .option('--yes', 'do not ask')
    .addHelpText(
      'after',
      '\nExit code 5: some approvals are still under way; run it again when they are settled.' +
        '\n\nExample:\n  $ countersign logs redact --subject ann --yes',
    )
    .action(
      cli.action(async ({ deps, client, out }, options: RedactOptions) => {
        const target = targetOf(options);
        const what = 'id' in target ? oneLine(target.id) : `all that is kept of ${oneLine(target.subject)}`;
        const { logs: resource } = await client();
        if (!(await confirmed(deps, what, options.yes))) {
          out.note('Nothing was erased.');
          return EXIT.error;
        }
        const { redacted, open } = await resource.redact(target, {
          onProgress: (soFar) => out.status(`${soFar.redacted.length} erased`),
        });
        out.status('');
        if (out.json) out.value({ redacted, open });
        else out.line(`${redacted.length} erased: ${what}. The ledger says so, and still verifies.`);
        if (open.length === 0) return EXIT.ok;
        out.note(
          `Still under way, and left as they are: ${open.map(oneLine).join(', ')}. Wait or cancel them, then run this again.`,
        );
        return EXIT.pending;
      }),
    );
}
