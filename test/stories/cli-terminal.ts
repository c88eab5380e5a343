import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const ORACLE = fileURLToPath(new URL('../support/downstreams/oracle-main.ts', import.meta.url));

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs until it is told to stop. */
export interface Running {
  /** The next line of stdout. */
  line(): Promise<string>;
  /** Sends a signal and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<Ran>;
}

/** A folder with a shell in it: every command is a process of its own. */
export interface Terminal {
  readonly dir: string;
  readonly dataDir: string;
  run(args: readonly string[], env?: Record<string, string>): Promise<Ran>;
  start(args: readonly string[]): Running;
  /** Writes a file below the folder and returns its path. */
  write(name: string, text: string): Promise<string>;
  /** `up --json` on a free port, with what its ready line says. */
  up(...more: string[]): Promise<Running & { readonly ready: any; readonly readyLine: string }>;
  /** Ends every process that still runs, and removes the folder. */
  close(): Promise<void>;
}

function environment(dataDir: string, more: Record<string, string>): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^COUNTERSIGN_|^NO_COLOR$/.test(name));
  return {
    ...Object.fromEntries(own),
    COUNTERSIGN_DATA_DIR: dataDir,
    COUNTERSIGN_LOG_LEVEL: 'warn',
    ...more,
  };
}

/** A config file with the oracle as the only server, and what it shall write down. */
export function oracleConfig(witness: string, more: object = {}): string {
  return JSON.stringify({
    mcpServers: { oracle: { command: process.execPath, args: [ORACLE, witness] }, ...more },
  });
}

/** `main` is the program of the command `countersign`: the sources unless told otherwise. */
export async function openTerminal(main = MAIN): Promise<Terminal> {
  const dir = await mkdtemp(join(tmpdir(), 'countersign-cli-'));
  const dataDir = join(dir, 'data');
  const children = new Set<ChildProcessByStdio<null, Readable, Readable>>();

  function open(args: readonly string[], env: Record<string, string> = {}) {
    const child = spawn(process.execPath, [main, ...args], {
      cwd: dir,
      env: environment(dataDir, env),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.add(child);
    const written = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        written[name] += text;
      });
    }
    const ended = once(child, 'close').then(([code]): Ran => {
      children.delete(child);
      return { code: code as number | null, ...written };
    });
    return { child, ended, written };
  }

  function start(args: readonly string[]): Running {
    const { child, ended, written } = open(args);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return {
      async line() {
        const { value, done } = await lines.next();
        if (done) throw new Error(`countersign ${args.join(' ')} ended: ${written.stderr}`);
        return value;
      },
      async stop(signal = 'SIGINT') {
        child.kill(signal);
        return await ended;
      },
    };
  }

  return {
    dir,
    dataDir,
    run: (args, env) => open(args, env).ended,
    start,
    async write(name, text) {
      const file = join(dir, name);
      await mkdir(join(file, '..'), { recursive: true });
      await writeFile(file, text);
      return file;
    },
    async up(...more) {
      const running = start(['up', '--json', '--port', '0', ...more]);
      const readyLine = await running.line();
      return { ...running, readyLine, ready: JSON.parse(readyLine) };
    },
    async close() {
      const endings = [...children].map(async (child) => {
        const ended = once(child, 'close');
        child.kill('SIGKILL');
        await ended;
      });
      await Promise.all(endings);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** The lines of NDJSON, parsed. */
export function ndjson({ stdout }: Ran): any[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}
