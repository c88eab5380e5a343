import type { Command } from 'commander';
import { CountersignError } from '../../core/errors.ts';
import { commandTree } from '../command-tree.ts';
import { completionScript, SHELLS } from '../completion-script.ts';
import type { Cli } from '../context.ts';
import { EXIT } from '../exit-code.ts';

/** `completion`. */
export function addCompletionCommand(program: Command, cli: Cli): void {
  program
    .command('completion <shell>')
    .description('print the script by which bash, zsh or fish complete commands and options')
    .addHelpText(
      'after',
      '\nExamples:\n  $ source <(countersign completion bash)' +
        '\n  $ countersign completion fish > ~/.config/fish/completions/countersign.fish',
    )
    .action(
      cli.action(async ({ out }, given: string) => {
        const shell = SHELLS.find((one) => one === given);
        if (shell === undefined)
          throw new CountersignError(
            'invalid_request',
            `shell: expected ${SHELLS.join(', ')}, but got "${given}".`,
          );
        const script = completionScript(shell, commandTree(program));
        if (out.json) out.value({ shell, script });
        else out.line(script.trimEnd());
        return EXIT.ok;
      }),
    );
}
