import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished, vi } from 'vitest';
import { type Approver, enrol } from '../support/approver.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const EXAMPLES = fileURLToPath(new URL('../../examples', import.meta.url));

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** An example’s program that runs. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ran>;
}

/** A gateway, an approver, and a service account whose key stands in a file: what the examples are run with. */
export interface Workshop {
  readonly gateway: TestGateway;
  readonly approver: Approver;
  readonly dir: string;
  start(command: readonly [string, ...string[]], env?: Record<string, string>): Running;
  /** The next approval that waits and is none of these. */
  pending(known?: readonly string[]): Promise<any>;
  approvals(): Promise<any[]>;
}

export async function openWorkshop(account: string, policy: string): Promise<Workshop> {
  const gateway = await startTestGateway({ policy });
  onTestFinished(() => gateway.close());
  const approver = await enrol(gateway.app.origin, gateway.app.enrolUrl ?? '');
  const { dir } = gateway;

  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const keyFile = join(dir, 'account.key');
  await writeFile(keyFile, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
  // Whoever registers an account does not decide what it asks for.
  const registrar = await approver.invite('Rita', ['registrars']);
  const made = await registrar.perform('service_account.create', {
    name: account,
    groups: [],
    public_key: publicKey.export({ format: 'pem', type: 'spki' }),
  });
  const bin = join(dir, 'bin');
  await mkdir(bin);
  await writeFile(join(bin, 'countersign'), `#!/bin/sh\nexec "${process.execPath}" "${MAIN}" "$@"\n`);
  await chmod(join(bin, 'countersign'), 0o755);

  const children = new Set<ChildProcess>();
  onTestFinished(async () => {
    for (const child of children) child.kill('SIGKILL');
  });
  const environment = {
    PATH: [bin, join(process.execPath, '..'), process.env.PATH].join(delimiter),
    HOME: dir,
    COUNTERSIGN_DATA_DIR: join(dir, 'none'),
    COUNTERSIGN_URL: gateway.app.origin,
    COUNTERSIGN_SERVICE_ACCOUNT: String(made.body.id),
    COUNTERSIGN_SERVICE_ACCOUNT_KEY_FILE: keyFile,
  };
  const approvals: Workshop['approvals'] = async () => (await gateway.api('GET', '/v1/approvals')).body.data;

  return {
    gateway,
    approver,
    dir,
    approvals,
    start([program, ...args], env = {}) {
      const child = spawn(program, args, {
        cwd: EXAMPLES,
        env: { ...environment, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      children.add(child);
      const written = { stdout: '', stderr: '' };
      for (const name of ['stdout', 'stderr'] as const)
        child[name].setEncoding('utf8').on('data', (text: string) => {
          written[name] += text;
        });
      const ended = once(child, 'close').then(([code]): Ran => {
        children.delete(child);
        return { code: code as number | null, ...written };
      });
      return { child, ended };
    },
    pending: (known = []) =>
      vi.waitFor(
        async () => {
          const waiting = (await approvals()).filter((one) => one.state === 'pending');
          const found = waiting.find((one) => !known.includes(one.id));
          if (found === undefined) throw new Error('nothing waits');
          return found;
        },
        { timeout: 15_000, interval: 20 },
      ),
  };
}
