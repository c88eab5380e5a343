import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { ENVIRONMENT } from '../../src/cli/environment.ts';
import { commandLines, idleProgram, lineProblem } from './support/program.ts';
import { referencePages } from './support/reference.ts';

const DOCS = fileURLToPath(new URL('../../docs/', import.meta.url));
const SOURCES = fileURLToPath(new URL('../../src/', import.meta.url));
const HOW =
  'The pages differ from the commands. Write them anew: UPDATE_CLI_DOCS=1 npx vitest run test/cli/reference.test.ts';

/** Every command that does something, by its whole name. */
function leavesOf(command: Command, path: string): [string, Command][] {
  const children = command.commands.filter((one) => one.name() !== 'help');
  if (children.length === 0) return [[path, command]];
  return children.flatMap((one) => leavesOf(one, `${path} ${one.name()}`));
}

test('docs/cli.md and the pages below docs/cli/ are what the code makes', async () => {
  const pages = referencePages();
  if (process.env.UPDATE_CLI_DOCS === '1') {
    await rm(join(DOCS, 'cli'), { recursive: true, force: true });
    await mkdir(join(DOCS, 'cli'));
    for (const [name, text] of pages) await writeFile(join(DOCS, name), text);
  }
  const names = ['cli.md', ...(await readdir(join(DOCS, 'cli'))).map((name) => `cli/${name}`)];
  expect(names.sort(), HOW).toEqual([...pages.keys()].sort());
  for (const [name, text] of pages) expect(await readFile(join(DOCS, name), 'utf8'), HOW).toBe(text);
});

test('every command has an example of its own that the command line takes', async () => {
  const { program, written } = idleProgram();
  for (const [name, command] of leavesOf(program, 'countersign')) {
    written.length = 0;
    command.outputHelp();
    const examples = commandLines(written.join('')).filter((line) => line.startsWith(name));
    expect(examples.length, `${name} has no example`).toBeGreaterThan(0);
    for (const line of examples) expect(await lineProblem(line)).toBeUndefined();
  }
});

test('every variable of the environment that the code reads is documented', async () => {
  const files = (await readdir(SOURCES, { recursive: true })).filter((name) => name.endsWith('.ts'));
  const sources = await Promise.all(files.map((name) => readFile(join(SOURCES, name), 'utf8')));
  const read = new Set(sources.flatMap((text) => text.match(/\bCOUNTERSIGN_[A-Z]+(?:_[A-Z]+)*\b/g) ?? []));
  expect(read.size).toBeGreaterThan(15);
  const pages = (await readdir(DOCS)).filter((name) => name.endsWith('.md') && name !== 'cli.md');
  const told = await Promise.all(pages.map((name) => readFile(join(DOCS, name), 'utf8')));
  const settings = told.join('\n');
  const ofCommands = ENVIRONMENT.map(([name]) => name);
  expect([...read].filter((name) => !ofCommands.includes(name) && !settings.includes(`\`${name}\``))).toEqual(
    [],
  );
});
