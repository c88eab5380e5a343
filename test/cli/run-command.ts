import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { CliDeps } from '../../src/cli/ports.ts';
import { runCli } from '../../src/cli/run.ts';

export const NOW = Date.parse('2026-01-01T00:10:00.000Z');

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Each line of stdout, parsed. */
  json(): unknown[];
}

export interface Terminal {
  /** A folder of its own, the current one of every command. */
  readonly dir: string;
  run(line: string | readonly string[], more?: Partial<CliDeps>): Promise<Ran>;
}

function absent(what: string): () => Promise<never> {
  return async () => {
    throw new Error(`${what} was not expected here`);
  };
}

/** Runs command lines in this process with captured streams, off a terminal unless `isTty` says otherwise. */
export async function openTerminal(env: Record<string, string> = {}): Promise<Terminal> {
  const dir = await mkdtemp(join(tmpdir(), 'countersign-cli-'));
  onTestFinished(() => rm(dir, { recursive: true }));

  async function run(line: string | readonly string[], more: Partial<CliDeps> = {}): Promise<Ran> {
    const written = { stdout: '', stderr: '' };
    const sink = (name: keyof typeof written) => ({
      write(text: string) {
        written[name] += text;
      },
    });
    const argv = typeof line === 'string' ? line.split(' ') : line;
    const code = await runCli(argv, {
      startApp: absent('startApp'),
      startWitness: absent('startWitness'),
      policyTools: absent('policyTools'),
      proofProblem: absent('proofProblem'),
      checkCapability: absent('checkCapability'),
      verifyExport: absent('verifyExport'),
      inspectConfig: absent('inspectConfig'),
      probeMcp: absent('probeMcp'),
      playAgent: absent('playAgent'),
      approveHeadless: absent('approveHeadless'),
      readStdin: absent('readStdin'),
      ask: undefined,
      openUrl: absent('openUrl'),
      env,
      cwd: dir,
      platform: 'linux',
      home: join(dir, 'home'),
      version: '9.9.9',
      stdout: sink('stdout'),
      stderr: sink('stderr'),
      isTty: { stdout: false, stderr: false },
      now: () => NOW,
      newKey: () => 'req_key',
      onSignal: () => () => undefined,
      exitNow: (code) => {
        throw new Error(`exit ${code}`);
      },
      ...more,
    });
    const json = () =>
      written.stdout
        .split('\n')
        .filter((text) => text !== '')
        .map((text) => JSON.parse(text) as unknown);
    return { code, ...written, json };
  }

  return { dir, run };
}
