import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { PlantedBug } from './bug.ts';

/**
 * Plants each bug in a copy of the tree, one at a time, and runs the tests that must notice it: a suite that finds
 * nothing wrong proves something only if it can fail. Prints `k of n caught`; exits 1 when one is missed.
 */

const ROOT = resolve(import.meta.dirname, '../..');
const COPIED = [
  'src',
  'test',
  'policies',
  'docs',
  'examples',
  'package.json',
  'build.ts',
  'vite.config.ts',
  'tsconfig.json',
  'tsconfig.test.json',
];
const AT_ONCE = 2;
const CONFIG = `export default { test: {
  include: ['test/**/*.test.ts'], setupFiles: ['test/support/fixed-seed.ts'], pool: 'forks', maxWorkers: 1,
  testTimeout: 20000, hookTimeout: 40000 } };\n`;

interface Counts {
  readonly numFailedTests: number;
  readonly numPassedTests: number;
  readonly testResults: readonly { readonly status: string }[];
}

function copyOfTree(): string {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-planted-'));
  for (const path of COPIED) cpSync(join(ROOT, path), join(folder, path), { recursive: true });
  cpSync(join(ROOT, 'dist'), join(folder, 'dist'), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'planted.config.ts'), CONFIG);
  return folder;
}

/** Whether the bug is met only where a browser runs the built page. */
function isOnPage({ file, tests }: PlantedBug): boolean {
  return file.startsWith('src/dashboard/browser/') && tests.some((path) => path.includes('/browser-'));
}

function buildIn(folder: string): Promise<void> {
  const child = spawn(process.execPath, ['build.ts'], { cwd: folder, stdio: 'ignore' });
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('exit', (code) => (code === 0 ? done() : fail(new Error('what has the bug cannot be built'))));
  });
}

/** Runs test files and tells whether all of them passed; a file that could not be loaded has not. */
function passes(folder: string, tests: readonly string[]): Promise<boolean> {
  const report = join(folder, 'report.json');
  rmSync(report, { force: true });
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const args = [
    vitest,
    'run',
    '--config',
    'planted.config.ts',
    '--reporter=json',
    `--outputFile=${report}`,
    ...tests,
  ];
  const child = spawn(process.execPath, args, { cwd: folder, stdio: 'ignore' });
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('exit', () => {
      const counts = JSON.parse(readFileSync(report, 'utf8')) as Counts;
      if (counts.numPassedTests + counts.numFailedTests === 0)
        fail(new Error(`no test ran: ${tests.join(' ')}`));
      done(counts.numFailedTests === 0 && counts.testResults.every((file) => file.status === 'passed'));
    });
  });
}

async function isCaught(folder: string, bug: PlantedBug): Promise<boolean> {
  const file = join(folder, bug.file);
  const sound = readFileSync(file, 'utf8');
  writeFileSync(
    file,
    sound.replace(bug.find, () => bug.replace),
  );
  try {
    if (isOnPage(bug)) await buildIn(folder);
    return !(await passes(folder, bug.tests));
  } finally {
    writeFileSync(file, sound);
    if (isOnPage(bug)) cpSync(join(ROOT, 'dist'), join(folder, 'dist'), { recursive: true, force: true });
  }
}

/** Every bug of the files `*-bugs.ts` beside this one whose name or file contains the text. */
async function bugsWith(text: string): Promise<PlantedBug[]> {
  const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith('-bugs.ts'));
  const lists = await Promise.all(
    files.sort().map(async (file) => Object.values<PlantedBug[]>(await import(`./${file}`)).flat()),
  );
  return lists.flat().filter((bug) => bug.name.includes(text) || bug.file.includes(text));
}

async function main(): Promise<void> {
  const bugs = await bugsWith(process.argv[2] ?? '');
  const stale = bugs.filter(
    ({ file, find }) => readFileSync(join(ROOT, file), 'utf8').split(find).length !== 2,
  );
  for (const { name, file } of stale)
    console.error(`${name}: its text does not stand exactly once in ${file}`);
  if (stale.length > 0) throw new Error('the sources of these bugs have changed; look at them again');
  if (bugs.length === 0) throw new Error(`no bug, nor the file of one, has "${process.argv[2]}" in its name`);
  const waiting = [...bugs];
  const missed: string[] = [];
  async function work(): Promise<void> {
    const folder = copyOfTree();
    try {
      for (let bug = waiting.shift(); bug !== undefined; bug = waiting.shift()) {
        const caught = await isCaught(folder, bug);
        if (!caught) missed.push(bug.name);
        console.log(`${caught ? 'caught' : 'MISSED'}  ${bug.name} (${bug.file})`);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  const sound = copyOfTree();
  try {
    const files = [...new Set(bugs.flatMap((bug) => bug.tests))];
    if (!(await passes(sound, files))) throw new Error('the tests fail without any bug; repair them first');
  } finally {
    rmSync(sound, { recursive: true, force: true });
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  console.log(`${bugs.length - missed.length} of ${bugs.length} caught`);
  process.exitCode = missed.length === 0 ? 0 : 1;
}

await main();
