import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { RunningApp, StartOptions } from '../../src/app/options.ts';
import { startApp } from '../../src/app.ts';
import { connectV2, type McpAccess } from './agents.ts';
import { type Approver, enrol } from './approver.ts';
import { BASE_POLICY } from './gateway.ts';

const MAIN = fileURLToPath(new URL('./killable-main.ts', import.meta.url));
const ORACLE = fileURLToPath(new URL('./downstreams/oracle-main.ts', import.meta.url));

export interface KillableSettings {
  readonly dataDir: string;
  readonly configFile: string;
  readonly policiesDir: string;
  /** Counts the writes, as `kill` does; without either, the gateway opens its database as it always does. */
  readonly counting?: boolean;
  /**
   * The write to die at: by its number, or by the type of an entry that it appends. `before`: inside the transaction,
   * before COMMIT. `after`: persisted, and nobody has been told.
   */
  readonly kill?: { readonly at: number | string; readonly side: 'before' | 'after' };
}

/** A data directory with an enrolled person and a session, to be copied for every run. */
export interface Template {
  readonly dir: string;
  readonly apiKey: string;
  readonly person: Approver;
}

/** One copy of the template, with an oracle of its own behind it. */
export function copyOf(template: Pick<Template, 'dir'> | undefined, dir: string): KillableSettings {
  const policiesDir = join(dir, 'policies');
  mkdirSync(policiesDir, { recursive: true });
  writeFileSync(join(policiesDir, 'policy.yaml'), BASE_POLICY);
  const args = [ORACLE, join(dir, 'witness.jsonl')];
  const configFile = join(dir, 'mcp.json');
  writeFileSync(configFile, JSON.stringify({ mcpServers: { oracle: { command: process.execPath, args } } }));
  const dataDir = join(dir, 'data');
  if (template !== undefined) cpSync(join(template.dir, 'data'), dataDir, { recursive: true });
  return { dataDir, configFile, policiesDir };
}

/** Starts a gateway without faults in this process. */
export function startHere(settings: KillableSettings): Promise<RunningApp> {
  const { dataDir, configFile, policiesDir } = settings;
  const env: StartOptions['env'] = { ...process.env, COUNTERSIGN_LOG_LEVEL: 'silent' };
  return startApp({ port: 0, dataDir, configFile, policiesDir, newEnrolLink: false, env });
}

export async function makeTemplate(dir: string): Promise<Template> {
  const app = await startHere(copyOf(undefined, dir));
  const person = await enrol(app.origin, app.enrolUrl ?? '');
  await app.close();
  return { dir, apiKey: app.apiKey ?? '', person };
}

/** What the agent and the approver had been told when the gateway died. */
export interface Told {
  approvalId?: string;
  decided?: number;
  settled?: string;
}

interface Child {
  readonly process: ChildProcess;
  readonly exit: Promise<unknown>;
  /** The entry types of each write since arming. */
  readonly writes: string[][];
  readonly ready: Promise<{ origin: string; mcp: McpAccess }>;
  readonly armed: Promise<void>;
}

function startChild(settings: KillableSettings, tracer: readonly string[]): Child {
  const command = [...tracer, process.execPath, MAIN, JSON.stringify(settings)];
  const child = spawn(command[0] as string, command.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] });
  // Writing to a process that has died is no fault of the test.
  child.stdin.on('error', () => undefined);
  const writes: string[][] = [];
  const ready = Promise.withResolvers<{ origin: string; mcp: McpAccess }>();
  const armed = Promise.withResolvers<void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const message = JSON.parse(line) as { origin?: string; mcp: McpAccess; armed?: true; types?: string[] };
    if (message.origin !== undefined) ready.resolve({ origin: message.origin, mcp: message.mcp });
    else if (message.armed) armed.resolve();
    else writes.push(message.types ?? []);
  });
  const exit = once(child, 'exit');
  void exit.then(() => {
    const gone = new Error('the gateway ended before it was asked anything');
    ready.reject(gone);
    armed.reject(gone);
  });
  return { process: child, exit, writes, ready: ready.promise, armed: armed.promise };
}

/** One request of the person to the REST API of a gateway whose port is not the one of enrolment. */
export async function personCall(
  at: { origin: string; person: Approver },
  request: { method: string; path: string; body?: unknown },
): Promise<{ status: number; body: any }> {
  const response = await fetch(`${at.origin}${request.path}`, {
    method: request.method,
    headers: {
      origin: at.origin,
      'x-countersign-csrf': '1',
      cookie: at.person.cookie,
      ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
  });
  return { status: response.status, body: await response.json() };
}

/** The whole ceremony of a decision. */
export async function personDecides(
  at: { origin: string; person: Approver },
  made: { id: string; decision: 'approve' | 'deny'; reason?: string },
): Promise<{ status: number; body: any }> {
  const { id, ...body } = made;
  const offered = await personCall(at, { method: 'POST', path: `/v1/approvals/${id}/statement`, body });
  if (offered.status !== 200) return offered;
  const assertion = at.person.device.get({ challenge: offered.body.challenge, origin: at.origin });
  return personCall(at, {
    method: 'POST',
    path: `/v1/approvals/${id}/decide`,
    body: { statement_id: offered.body.statement_id, assertion },
  });
}

/** Pays, approves and waits, as far as the gateway lives; every failed exchange ends the journey, not the test. */
async function journey(at: { origin: string; mcp: McpAccess; person: Approver }, told: Told): Promise<void> {
  const client = await connectV2(at.mcp, 'modern');
  const held: any = await client.callTool({ name: 'pay', arguments: { amount_cents: 7500, to: 'c_123' } });
  const id: string = held.structuredContent.approval_id;
  told.approvalId = id;
  told.decided = (await personDecides(at, { id, decision: 'approve' })).status;
  const path = `/v1/approvals/${id}/wait?timeout_ms=20000`;
  told.settled = (await personCall(at, { method: 'GET', path })).body.state;
  await client.close();
}

/**
 * Runs one journey against a gateway in a process of its own, until the journey or the process ends; the process is
 * dead when this resolves. `tracer` is put before the command, as `strace …` is; `onArmed` is called when counting begins.
 */
export async function runUntilKilled(
  settings: KillableSettings,
  with_: { person: Approver; tracer?: readonly string[]; onArmed?: () => void },
): Promise<{ told: Told; writes: string[][]; killed: boolean }> {
  const child = startChild(settings, with_.tracer ?? []);
  const told: Told = {};
  const status = { finished: false };
  try {
    const { origin, mcp } = await child.ready;
    child.process.stdin?.write('arm\n');
    await child.armed;
    with_.onArmed?.();
    const walked = journey({ origin, mcp, person: with_.person }, told).then(
      () => {
        status.finished = true;
      },
      () => undefined,
    );
    await Promise.race([walked, child.exit]);
  } finally {
    // Its own end of the pipe tells a traced gateway to go, whose process is not the one that was started.
    child.process.stdin?.end();
    if ((with_.tracer ?? []).length === 0) child.process.kill('SIGKILL');
    await child.exit;
  }
  return { told, writes: child.writes, killed: !status.finished };
}
