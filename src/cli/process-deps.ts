import { homedir } from 'node:os';
import { createInterface } from 'node:readline/promises';
import { systemClock } from '../core/clock.ts';
import { CountersignError } from '../core/errors.ts';
import { systemNewId } from '../core/ids.ts';
import { openUrl } from './open-url.ts';
import type { CliDeps } from './ports.ts';

/** What comes from the process itself; the rest is wired by `main.ts`. */
export type ProcessDeps = Omit<
  CliDeps,
  | 'version'
  | 'verifyExport'
  | 'startApp'
  | 'startWitness'
  | 'policyTools'
  | 'proofProblem'
  | 'checkCapability'
  | 'inspectConfig'
  | 'probeMcp'
  | 'playAgent'
  | 'approveHeadless'
>;

/** A reader that went away (`countersign logs query | head`) is an end, not a fault. */
function endQuietlyWithoutReader(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}

const STDIN_BYTES = 1024 * 1024;

async function readAll(stream: NodeJS.ReadStream): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += (chunk as Buffer).length;
    if (bytes > STDIN_BYTES)
      throw new CountersignError('payload_too_large', `stdin: expected at most ${STDIN_BYTES} bytes.`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Questions go to stderr, so that data on stdout stays clean. */
async function askOnTerminal(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await lines.question(question);
  } finally {
    lines.close();
  }
}

const PARENT_CHECK_MS = 500;

/**
 * Under `npm run` this process belongs to npm: when npm is killed nobody else would end it, and it would go on holding
 * port and data directory. Calls the listener once then. A process that was started otherwise may outlive its parent.
 */
function onOrphaned(listener: () => void): () => void {
  const parent = process.ppid;
  if (process.env.npm_lifecycle_event === undefined) return () => undefined;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    listener();
  }, PARENT_CHECK_MS);
  timer.unref();
  return () => clearInterval(timer);
}

export function processDeps(): ProcessDeps {
  endQuietlyWithoutReader(process.stdout);
  endQuietlyWithoutReader(process.stderr);
  return {
    env: process.env,
    cwd: process.cwd(),
    platform: process.platform,
    home: homedir(),
    stdout: process.stdout,
    stderr: process.stderr,
    isTty: { stdout: process.stdout.isTTY === true, stderr: process.stderr.isTTY === true },
    now: systemClock,
    newKey: () => systemNewId('req'),
    readStdin: () => readAll(process.stdin),
    ask: process.stdin.isTTY && process.stderr.isTTY ? askOnTerminal : undefined,
    openUrl: (url) => openUrl(url, { platform: process.platform, env: process.env }),
    onSignal(listener) {
      process.on('SIGINT', listener);
      process.on('SIGTERM', listener);
      const forget = onOrphaned(listener);
      return () => {
        process.off('SIGINT', listener);
        process.off('SIGTERM', listener);
        forget();
      };
    },
    exitNow: (code) => process.exit(code),
  };
}
