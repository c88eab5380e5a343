import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { readIfPresent } from '../connection.ts';
import type { Cli } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { IGNORED, INIT_FILES } from '../init-files.ts';
import { oneLine } from '../terminal-text.ts';

interface Done {
  readonly written: string[];
  readonly kept: string[];
}

/** Writes a file unless there is one already. */
async function writeNew(file: string, text: string): Promise<boolean> {
  await mkdir(dirname(file), { recursive: true });
  try {
    await writeFile(file, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Adds what is missing to `.gitignore`. */
async function ignore(file: string): Promise<boolean> {
  const before = (await readIfPresent(file)) ?? '';
  const known = before.split(/\r?\n/).map((line) => line.trim());
  const missing = IGNORED.filter((line) => !known.includes(line));
  if (missing.length === 0) return false;
  const gap = before === '' || before.endsWith('\n') ? '' : '\n';
  await writeFile(file, `${before}${gap}${missing.join('\n')}\n`);
  return true;
}

async function makeProject(folder: string): Promise<Done> {
  const done: Done = { written: [], kept: [] };
  for (const [name, text] of Object.entries(INIT_FILES)) {
    const isNew = await writeNew(join(folder, name), text);
    (isNew ? done.written : done.kept).push(name);
  }
  const isChanged = await ignore(join(folder, '.gitignore'));
  (isChanged ? done.written : done.kept).push('.gitignore');
  return done;
}

/** `init`. */
export function addInitCommand(program: Command, cli: Cli): void {
  program
    .command('init [dir]')
    .description(
      'write countersign.yaml, a policy with its tests, and .gitignore; what is there already stays',
    )
    .addHelpText('after', '\nExamples:\n  $ countersign init\n  $ countersign init gateway')
    .action(
      cli.action(async ({ deps, out }, dir?: string) => {
        const folder = resolve(deps.cwd, dir ?? '.');
        const { written, kept } = await makeProject(folder);
        if (out.json) out.value({ folder, written, kept });
        else {
          for (const name of written) out.line(`wrote ${name}`);
          for (const name of kept) out.line(`kept  ${name}`);
          out.note(`Next, in ${oneLine(folder)}: countersign server import FILE, then countersign up.`);
        }
        return EXIT.ok;
      }),
    );
}
