import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Check, type Results, verdictsOf } from './verdict.ts';

export type SuiteName = 'stable' | 'next';

export const REVISIONS = ['2025-06-18', '2025-11-25', '2026-07-28'] as const;
export type Revision = (typeof REVISIONS)[number];

/** The official suites by line of release. The stable one knows no revision after 2025-11-25. */
const ENTRIES: Readonly<Record<SuiteName, string>> = {
  stable: fileURLToPath(import.meta.resolve('@modelcontextprotocol/conformance/dist/index.js')),
  next: fileURLToPath(import.meta.resolve('conformance-next/dist/index.js')),
};

/** Extensions are off the timeline of revisions; the suite runs them at the newest. */
const EXTENSIONS_AT: Revision = '2026-07-28';
const LONGEST_MS = 120_000;
const LISTED = /^\s+- (\S+) \[(.+)\]$/;
const FOLDER = /^server-(.+)-\d{4}-\d{2}-\d{2}T[\d-]+Z$/;

export interface Scenarios {
  /** Those of the revision itself, which one process runs. */
  readonly dated: readonly string[];
  /** Those of extensions, each of which takes a process. */
  readonly extensions: readonly string[];
}

function runNode(suite: SuiteName, args: readonly string[]): Promise<{ stdout: string; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [ENTRIES[suite], ...args], { timeout: LONGEST_MS });
    const parts = { stdout: '', output: '' };
    child.stdout.on('data', (chunk: Buffer) => {
      parts.stdout += String(chunk);
      parts.output += String(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      parts.output += String(chunk);
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      // Exit code 1 is a check that failed, which is a result like another.
      if (signal === null && (code === 0 || code === 1)) resolve(parts);
      else
        reject(new Error(`the ${suite} suite ended with ${signal ?? code}:\n${parts.output.slice(-2_000)}`));
    });
  });
}

/** The scenarios for servers at a revision, as the suite itself lists them. */
export async function listScenarios(suite: SuiteName, revision: Revision): Promise<Scenarios> {
  const { stdout } = await runNode(suite, ['list', '--server']);
  const listed = stdout.split('\n').flatMap((line) => {
    const [, name, where] = LISTED.exec(line) ?? [];
    return name === undefined || where === undefined ? [] : [{ name, where: where.split(',') }];
  });
  if (listed.length === 0)
    throw new Error(`the ${suite} suite lists no scenarios:\n${stdout.slice(0, 2_000)}`);
  const named = (tag: string): string[] =>
    listed.filter(({ where }) => where.includes(tag)).map(({ name }) => name);
  return { dated: named(revision), extensions: revision === EXTENSIONS_AT ? named('extension') : [] };
}

async function readResults(folder: string): Promise<Map<string, Check[]>> {
  const found = new Map<string, Check[]>();
  for (const name of await readdir(folder)) {
    const scenario = FOLDER.exec(name)?.[1];
    if (scenario === undefined) continue;
    found.set(scenario, JSON.parse(await readFile(join(folder, name, 'checks.json'), 'utf8')) as Check[]);
  }
  return found;
}

/** Runs scenarios against a server and reads what was judged. A scenario that left nothing behind has an empty verdict. */
export async function runScenarios(
  { suite, revision }: { suite: SuiteName; revision: Revision },
  { url, scenarios }: { url: string; scenarios: Scenarios },
): Promise<Results> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-conformance-'));
  const server = ['server', '--url', url, '-o', folder];
  try {
    if (scenarios.dated.length > 1)
      await runNode(suite, [...server, '--suite', 'all', '--spec-version', revision]);
    else
      for (const name of scenarios.dated)
        await runNode(suite, [...server, '--scenario', name, '--spec-version', revision]);
    for (const name of scenarios.extensions) await runNode(suite, [...server, '--scenario', name]);
    const found = await readResults(folder);
    const names = [...scenarios.dated, ...scenarios.extensions];
    return new Map(names.map((name) => [name, verdictsOf(found.get(name) ?? [])]));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
