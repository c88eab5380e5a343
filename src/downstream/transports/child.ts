import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { LIMITS } from '../../core/limits.ts';
import type { Log, Timers } from '../link.ts';
import type { StdioServer } from '../server-config.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What a child process needs to run at all; nothing here is a credential. */
const INHERITED = [
  'PATH',
  'HOME',
  'LANG',
  'LANGUAGE',
  'LC_ALL',
  'LC_CTYPE',
  'TERM',
  'TMPDIR',
  'TEMP',
  'TMP',
  'USER',
  'LOGNAME',
  'SHELL',
  'TZ',
  'APPDATA',
  'COMSPEC',
  'HOMEDRIVE',
  'HOMEPATH',
  'LOCALAPPDATA',
  'PATHEXT',
  'PROGRAMFILES',
  'SYSTEMDRIVE',
  'SYSTEMROOT',
  'USERNAME',
  'USERPROFILE',
  'WINDIR',
];

/** The whole environment of a child: the allow-listed part of ours and what its definition says, which wins. */
export function childEnvironment({
  ours,
  configured,
}: {
  ours: Environment;
  configured: Environment;
}): Record<string, string> {
  const result: Record<string, string> = {};
  for (const name of INHERITED) {
    const value = ours[name];
    if (value !== undefined && !value.startsWith('()')) result[name] = value;
  }
  for (const [name, value] of Object.entries(configured)) if (value !== undefined) result[name] = value;
  return result;
}

export interface Child {
  readonly pid: number | undefined;
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Resolves with a sentence once the process has ended or could not be started. Never rejects. */
  readonly ended: Promise<string>;
  /** Asks the whole process group to end, then forces it. Resolves when it is gone. */
  stop(): Promise<void>;
}

/** Shorter values are words such as `true`, and no secrets. */
const SECRET_CHARACTERS = 8;

/** The line with the name of the variable in place of each value that the definition puts into the environment. */
function withoutValues(line: string, env: StdioServer['env']): string {
  return Object.entries(env)
    .filter(([, value]) => value.length >= SECRET_CHARACTERS)
    .sort(([, one], [, other]) => other.length - one.length)
    .reduce((text, [name, value]) => text.replaceAll(value, () => `[${name}]`), line);
}

/**
 * Copies stderr into the log at debug level, at a bounded rate: a flood is slowed down, counted and cut. Programs that
 * fail like to print what they were configured with; the values of `server.env` are left out.
 */
function drainErrors({
  stream,
  server: { name: server, env },
  timers,
  log,
}: {
  stream: Readable;
  server: StdioServer;
  timers: Timers;
  log: Log;
}): void {
  const state = { bytes: 0, lines: 0, dropped: 0, since: timers.now() };
  stream.on('error', (error) => log.debug({ server, problem: error.message }, 'stderr cannot be read'));
  stream.on('data', (chunk: Buffer) => {
    if (timers.now() - state.since >= 1_000)
      Object.assign(state, { bytes: 0, lines: 0, since: timers.now() });
    state.bytes += chunk.length;
    if (state.lines >= LIMITS.downstreamStderrLinesPerSecond) state.dropped += chunk.length;
    else {
      for (const line of chunk.toString('utf8', 0, 4_096).split('\n')) {
        if (line.trim() === '' || state.lines >= LIMITS.downstreamStderrLinesPerSecond) continue;
        state.lines++;
        log.debug(
          { server, stderr: withoutValues(line, env).slice(0, 500), dropped_bytes: state.dropped },
          'the server wrote to stderr',
        );
        state.dropped = 0;
      }
    }
    if (state.bytes < LIMITS.downstreamStderrBytesPerSecond) return;
    stream.pause();
    timers.after(1_000, () => stream.resume());
  });
}

function isRunning(process: ChildProcessByStdio<Writable, Readable, Readable>): boolean {
  return process.pid !== undefined && process.exitCode === null && process.signalCode === null;
}

/** Signals the group that the child leads, so that nothing it started stays behind. */
function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, signal);
  } catch (error) {
    if (
      (error as NodeJS.ErrnoException).code !== 'ESRCH' &&
      (error as NodeJS.ErrnoException).code !== 'EPERM'
    )
      throw error;
  }
}

/** Starts the program of a definition: an argument array, no shell, its own process group. */
export function startChild(input: {
  server: StdioServer;
  spawnEnv: Environment;
  timers: Timers;
  log: Log;
}): Child {
  const { server, spawnEnv, timers, log } = input;
  const child = spawn(server.command, [...server.args], {
    cwd: server.cwd,
    env: childEnvironment({ ours: spawnEnv, configured: server.env }),
    stdio: ['pipe', 'pipe', 'pipe'],
    shell: false,
    windowsHide: true,
    detached: process.platform !== 'win32',
  });
  drainErrors({ stream: child.stderr, server, timers, log });
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      const why =
        error.code === 'ENOENT' ? 'the program or its working directory was not found' : error.message;
      resolve(`"${server.command}" could not be started: ${why}; check "command" at ${server.place}`);
    });
    child.once('exit', (code, signal) => {
      resolve(
        signal === null ? `its process ended with exit code ${code}` : `its process was ended by ${signal}`,
      );
    });
  });

  async function stop(): Promise<void> {
    const { pid } = child;
    if (pid === undefined) return;
    const exited = isRunning(child)
      ? new Promise<void>((resolve) => child.once('exit', () => resolve()))
      : undefined;
    child.stdin.destroy();
    signalGroup(pid, 'SIGTERM');
    const force = timers.after(LIMITS.downstreamKillGraceMs, () => signalGroup(pid, 'SIGKILL'));
    await exited;
    force.cancel();
    signalGroup(pid, 'SIGKILL');
    child.stdout.destroy();
    child.stderr.destroy();
  }

  return { pid: child.pid, stdin: child.stdin, stdout: child.stdout, ended, stop };
}
