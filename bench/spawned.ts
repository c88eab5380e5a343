import { type ChildProcess, spawn } from 'node:child_process';
import { connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Where a script of this folder stands. */
export function scriptPath(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

interface Options {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Starts Node on a script; what it says on stderr is kept for the message of a failure. */
export function spawnNode(
  args: readonly string[],
  options: Options = {},
): { child: ChildProcess; said(): string } {
  const child = spawn(process.execPath, args, {
    cwd: options.cwd ?? ROOT,
    env: { ...process.env, NODE_NO_WARNINGS: '1', ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const kept: { text: string } = { text: '' };
  child.stderr?.on('data', (chunk: Buffer) => {
    kept.text = (kept.text + chunk.toString()).slice(-4_000);
  });
  return { child, said: () => kept.text };
}

/** The first line on stdout that is JSON and that `accept` takes. Rejects when the child ends before, or is too slow. */
export function firstJson<T>(
  started: { child: ChildProcess; said(): string },
  accept: (value: unknown) => value is T,
  timeoutMs = 30_000,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string): void => reject(new Error(`${reason}\n${started.said()}`));
    const timer = setTimeout(() => fail(`not ready after ${timeoutMs} ms`), timeoutMs);
    started.child.once('exit', (code) => fail(`ended with ${code}`));
    const { stdout } = started.child;
    if (!stdout) return fail('no stdout');
    createInterface({ input: stdout }).on('line', (line) => {
      if (!line.startsWith('{')) return;
      const value: unknown = JSON.parse(line);
      if (!accept(value)) return;
      clearTimeout(timer);
      resolve(value);
    });
  });
}

/** True for the line by which the fixtures say where they listen. */
export function isPort(value: unknown): value is { port: number } {
  return typeof (value as { port?: unknown }).port === 'number';
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Resolves when something listens on the port. */
export async function listening(
  started: { child: ChildProcess; said(): string },
  port: number,
  timeoutMs = 30_000,
): Promise<void> {
  const until = performance.now() + timeoutMs;
  while (!(await canConnect(port))) {
    if (started.child.exitCode !== null)
      throw new Error(`ended with ${started.child.exitCode}\n${started.said()}`);
    if (performance.now() > until)
      throw new Error(`does not listen after ${timeoutMs} ms\n${started.said()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Ends the child, first politely. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 12_000);
  await ended;
  clearTimeout(timer);
}
