import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { commandLines, lineProblem } from './cli/support/program.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Everything that people and agents read here: the pages of the root, of docs/ and of the examples. */
async function readPages(): Promise<{ name: string; text: string }[]> {
  const below = await Promise.all(
    ['docs', 'examples'].map(async (folder) =>
      (await readdir(join(ROOT, folder), { recursive: true })).map((name) => join(folder, name)),
    ),
  );
  const names = [...(await readdir(ROOT)), ...below.flat()].filter((name) => name.endsWith('.md'));
  return Promise.all(names.map(async (name) => ({ name, text: await readFile(join(ROOT, name), 'utf8') })));
}

/** A line as it would be typed: without what stands for something else, or for more of the same. */
function typed(line: string): string {
  return line
    .replaceAll(/<[^>]*>/g, 'x')
    .replaceAll(/[[\]]/g, '')
    .replace(/(?<! -\S+)\s(?:…|\.\.\.)$/, '');
}

test('every command line in the documentation is one that the command line takes', async () => {
  const problems: string[] = [];
  for (const { name, text } of await readPages()) {
    // The changelog tells of the past too; what stands in backquotes may be a part of a line.
    if (name === 'CHANGELOG.md' || name === 'DECISIONS.md') continue;
    for (const line of commandLines(text).map(typed)) {
      const problem = await lineProblem(line);
      const isPart = text.includes(`\`${line}\``) && /missing required|not specified/.test(problem ?? '');
      if (problem !== undefined && !isPart && !/^[^:]*: Usage:/.test(problem))
        problems.push(`${name}: ${problem}`);
    }
  }
  expect(problems).toEqual([]);
});

test('every link of the documentation leads to a file', async () => {
  const broken = (await readPages()).flatMap(({ name, text }) =>
    [...text.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)]
      .map((match) => match[1] ?? '')
      .filter((link) => !existsSync(join(ROOT, dirname(name), link)))
      .map((link) => `${name}: ${link}`),
  );
  expect(broken).toEqual([]);
});

test('every script that the documentation runs by npm exists', async () => {
  const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  const named = (await readPages()).flatMap(({ text }) =>
    [...text.matchAll(/\bnpm run (?:--silent )?([\w-]+)/g)].map((match) => match[1] ?? ''),
  );
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
});
