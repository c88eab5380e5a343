import type { Command } from 'commander';
import { ENVIRONMENT } from '../../../src/cli/environment.ts';
import { EXIT_CODES_TEXT } from '../../../src/cli/exit-code.ts';
import { idleProgram } from './program.ts';

const WIDTH = 110;

function visible(command: Command): Command[] {
  return command.commands.filter((one) => one.name() !== 'help');
}

/** The whole help of a command, as a terminal shows it, without the options that every command takes. */
function helpOf(command: Command, written: string[]): string {
  written.length = 0;
  command.configureHelp({ showGlobalOptions: false, helpWidth: WIDTH });
  command.outputHelp();
  const text = written.join('').replace(/^Usage: .*$/m, (usage) => usage);
  return text
    .replaceAll(/^ {2}-h, --help .*\n/gm, '')
    .replaceAll(/^Options:\n(?=\n|$)/gm, '')
    .trim();
}

function sectionsOf(command: Command, path: string, written: string[]): string[] {
  const children = visible(command);
  if (children.length > 0)
    return children.flatMap((one) => sectionsOf(one, `${path} ${one.name()}`, written));
  return [`## ${path}\n\n\`\`\`text\n${helpOf(command, written)}\n\`\`\``];
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

function table(header: readonly [string, string], rows: readonly (readonly [string, string])[]): string {
  const all = [
    header,
    ...rows.map((row) => row.map((cell) => cell.replaceAll('|', '\\|')) as [string, string]),
  ];
  const width = Math.max(...all.map(([first]) => first.length));
  const line = ([first, second]: readonly [string, string]) => `| ${first.padEnd(width)} | ${second} |`;
  const [head = '', ...body] = all.map(line);
  return [head, `| ${'-'.repeat(width)} | --- |`, ...body].join('\n');
}

/** The pages of the command line by their path below docs/, made of the commands that there are. */
export function referencePages(): Map<string, string> {
  const { program, written } = idleProgram();
  const nouns = visible(program);
  const pages = new Map<string, string>();
  const singles = nouns.filter((noun) => visible(noun).length === 0);
  const note = '<!-- Made of the code: UPDATE_CLI_DOCS=1 npx vitest run test/cli/reference.test.ts -->';
  pages.set(
    'cli/gateway.md',
    [
      '# The gateway and its surroundings',
      note,
      'Part of [the command line](../cli.md).',
      ...singles.flatMap((one) => sectionsOf(one, `countersign ${one.name()}`, written)),
    ].join('\n\n'),
  );
  for (const noun of nouns.filter((one) => !singles.includes(one))) {
    const about = `${capital(noun.description())}. Part of [the command line](../cli.md).`;
    const sections = sectionsOf(noun, `countersign ${noun.name()}`, written);
    pages.set(
      `cli/${noun.name()}.md`,
      [`# countersign ${noun.name()}`, note, about, ...sections].join('\n\n'),
    );
  }
  const commands = nouns.flatMap((noun): (readonly [string, string])[] => {
    const children = visible(noun);
    if (children.length === 0) return [[`[\`${noun.name()}\`](cli/gateway.md)`, noun.description()]];
    return children.map((one) => [
      `[\`${noun.name()} ${one.name()}\`](cli/${noun.name()}.md)`,
      one.description(),
    ]);
  });
  const options = program.options.map((one) => [`\`${one.flags}\``, one.description] as const);
  const environment = ENVIRONMENT.map(([name, about]) => [`\`${name}\``, about] as const);
  pages.set(
    'cli.md',
    [
      '# The command line',
      note,
      'Data goes to stdout, everything else to stderr. `--json` gives JSON in the names of the [REST API](api.md), one value\n' +
        'on one line; what follows something gives one line for each event. Nothing is asked off a terminal. `--help` after any\n' +
        'command shows what stands here.',
      '## Commands',
      table(['command', 'does'], commands),
      '## Options of every command',
      table(['option', 'means'], options),
      'Which gateway: flags, then a profile that is named, then the environment, then the gateway of the data directory here,\n' +
        'then the profile in use. A key that was kept for one gateway is not sent to another.',
      '## Environment',
      table(['variable', 'means'], environment),
      "The gateway's own settings are in [configuration.md](configuration.md).",
      '## Exit codes',
      `\`\`\`text\n${EXIT_CODES_TEXT}\n\`\`\``,
      '## Completion',
      'For bash, put `source <(countersign completion bash)` into `~/.bashrc`; zsh and fish likewise.',
    ].join('\n\n'),
  );
  return new Map([...pages].map(([name, text]) => [name, `${text}\n`]));
}
