import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where Debian's golang-golang-x-mod-dev puts its sources. */
const GOPATH = '/usr/share/gocode';
const PROGRAM = fileURLToPath(new URL('./judge.go', import.meta.url));

export const NOT_RUN =
  'Go or golang.org/x/mod (Debian: golang-go, golang-golang-x-mod-dev) is not on this machine; the comparison with it was not run';

/** What the Go program is asked; hashes are base64. */
export interface Task {
  readonly skey: string;
  readonly text: string;
  readonly notes: readonly { vkey: string; note: string }[];
  readonly cosigns: readonly { logVkey: string; witnessVkey: string; note: string; time: number }[];
  readonly leaves: readonly string[];
  readonly trees: readonly {
    size: number;
    root: string;
    inclusion: readonly { index: number; proof: readonly string[] }[];
    consistency: readonly { first: number; proof: readonly string[] }[];
  }[];
}

export interface Verdict {
  readonly Problems: readonly string[];
  readonly Checked: Readonly<Record<string, number>>;
  /** The task's text, signed by Go with the task's skey. */
  readonly Note: string;
}

export type Judge = (task: Partial<Task>) => Verdict;

/** Compiles the program in a folder, without any network; undefined where Go or its packages are not installed. */
export function buildJudge(folder: string): Judge | undefined {
  if (spawnSync('go', ['version']).status !== 0) return undefined;
  if (!existsSync(join(GOPATH, 'src/golang.org/x/mod/sumdb/tlog'))) return undefined;
  const binary = join(folder, 'judge');
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    GOPATH,
    GOCACHE: join(folder, 'cache'),
    GO111MODULE: 'off',
    GOFLAGS: '',
    GOPROXY: 'off',
    CGO_ENABLED: '0',
  };
  const built = spawnSync('go', ['build', '-o', binary, PROGRAM], { env, encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`the Go program does not compile: ${built.stderr}`);
  return (task) => {
    const ran = spawnSync(binary, { input: JSON.stringify(task), encoding: 'utf8', maxBuffer: 1 << 26 });
    if (ran.status !== 0) throw new Error(`the Go program failed: ${ran.stderr}`);
    return JSON.parse(ran.stdout) as Verdict;
  };
}
