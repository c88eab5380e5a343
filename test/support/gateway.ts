import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunningApp, StartOptions } from '../../src/app/options.ts';
import { startApp } from '../../src/app.ts';
import { readWitness } from './downstreams/oracle.ts';

const ORACLE = fileURLToPath(new URL('./downstreams/oracle-main.ts', import.meta.url));

/** Allows the harmless tools of the oracle and holds its payments; what a test adds comes after. */
export const BASE_POLICY = `version: 1
defaults: { effect: hold }
rules:
  - id: harmless
    match: { tools: ["oracle/echo", "oracle/slow", "oracle/fail"] }
    effect: allow
  - id: payments
    match: { tools: ["oracle/pay"] }
    effect: hold
    risk: high
    reason: Money leaves the company.
`;

/** A real gateway in a folder of its own, with the oracle as the server behind it. */
export interface TestGateway {
  readonly app: RunningApp;
  readonly dir: string;
  readonly witness: string;
  /** The operator's API key. */
  readonly apiKey: string;
  /** What the oracle received: the `params` of every tools/call, byte for byte. */
  received(): string[];
  /** Replaces the policy on disk; the gateway picks it up by itself. */
  writePolicy(text: string): Promise<void>;
  /** Calls the REST API as the operator and parses the answer. */
  api(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<{ status: number; body: any }>;
  /** Stops it, and starts another on the same folder. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export interface TestGatewayOptions {
  readonly policy?: string;
  /** More members of the oracle's definition; `false`: the oracle is not there. */
  readonly oracle?: Readonly<Record<string, unknown>> | false;
  /** More entries of `mcpServers`. */
  readonly servers?: Readonly<Record<string, unknown>>;
  /** More members of the gateway’s own configuration file. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Opens the storage engine, such as one with faults. */
  readonly openDatabase?: NonNullable<StartOptions['openDatabase']>;
  readonly onEvent?: NonNullable<StartOptions['onEvent']>;
}

export async function startTestGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const dir = await mkdtemp(join(tmpdir(), 'countersign-story-'));
  const witness = join(dir, 'witness.jsonl');
  const policiesDir = join(dir, 'policies');
  await mkdir(policiesDir);
  await writeFile(join(policiesDir, 'policy.yaml'), options.policy ?? BASE_POLICY);
  const oracle = { command: process.execPath, args: [ORACLE, witness], ...(options.oracle || {}) };
  const mcpServers = { ...(options.oracle === false ? {} : { oracle }), ...options.servers };
  const configFile = join(dir, 'countersign.json');
  await writeFile(configFile, JSON.stringify({ mcp_servers: mcpServers, ...options.settings }));
  const start = (): Promise<RunningApp> =>
    startApp({
      port: 0,
      dataDir: join(dir, 'data'),
      configFile,
      policiesDir,
      newEnrolLink: false,
      env: { ...process.env, COUNTERSIGN_LOG_LEVEL: 'silent' },
      ...(options.openDatabase === undefined ? {} : { openDatabase: options.openDatabase }),
      ...(options.onEvent === undefined ? {} : { onEvent: options.onEvent }),
    });
  const running = { app: await start() };
  const apiKey = running.app.apiKey ?? '';

  return {
    get app() {
      return running.app;
    },
    dir,
    witness,
    apiKey,
    received: () => readWitness(witness),
    writePolicy: (text) => writeFile(join(policiesDir, 'policy.yaml'), text),
    async api(method, path, body, headers = {}) {
      const response = await fetch(`${running.app.origin}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${apiKey}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
    },
    async restart() {
      await running.app.close();
      running.app = await start();
    },
    async close() {
      await running.app.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
