import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { CliDeps } from '../../src/cli/ports.ts';
import { inspectConfig } from '../../src/config/inspect.ts';
import { checkPolicies } from '../../src/policy/check.ts';
import { readPolicyDirectory } from '../../src/policy/load.ts';
import { enrol } from '../support/approver.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { openTerminal, type Ran } from './run-command.ts';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

interface Found {
  readonly check: string;
  readonly status: string;
  readonly text: string;
  readonly todo?: string;
}

const policyTools = async () => ({
  check: async (dir: string) => checkPolicies(await readPolicyDirectory(dir)),
  test: async () => ({ results: [] }),
  explain: async () => Promise.reject(new Error('not here')),
  read: async () => Promise.reject(new Error('not here')),
  schema: () => ({}),
});

async function doctor(line = '', more: Partial<CliDeps> = {}, origin = gateway.app.origin): Promise<Ran> {
  const { dir, run } = await openTerminal();
  const env = {
    COUNTERSIGN_URL: origin,
    COUNTERSIGN_API_KEY: gateway.apiKey,
    COUNTERSIGN_DATA_DIR: join(gateway.dir, 'data'),
    COUNTERSIGN_POLICIES: join(gateway.dir, 'policies'),
    COUNTERSIGN_CONFIG: join(gateway.dir, 'countersign.json'),
    ...more.env,
  };
  const deps = { policyTools, inspectConfig: async (asked: object) => inspectConfig(asked as never) };
  const ran = await run(`doctor ${line}`.trim(), {
    ...deps,
    now: () => Date.now(),
    version: '0.1.0',
    ...more,
    env,
  });
  expect(await readdir(dir)).toEqual([]);
  return ran;
}

function findings(ran: Ran): Found[] {
  return (ran.json()[0] as { findings: Found[] }).findings;
}

const of = (ran: Ran, check: string) => findings(ran).filter((one) => one.check === check);

describe('doctor on a running gateway', () => {
  it('tells that nobody can approve yet, and ends with 1', async () => {
    const ran = await doctor('--json');
    expect(ran.code, ran.stderr).toBe(1);
    expect(of(ran, 'approvers')).toMatchObject([
      { status: 'problem', todo: expect.stringContaining('--new-enrol-link') },
    ]);
  });

  it('ends with 0 when all that is left are warnings, with a line for everything', async () => {
    await enrol(gateway.app.origin, gateway.app.enrolUrl ?? '');
    const ran = await doctor('--json');
    expect(findings(ran).filter(({ status }) => status === 'problem')).toEqual([]);
    expect(ran.code).toBe(0);
    const seen = Object.fromEntries(findings(ran).map(({ check, status }) => [check, status]));
    expect(seen).toMatchObject({
      config: 'ok',
      policy: 'ok',
      data: 'ok',
      files: expect.stringMatching(/ok|warning/),
      gateway: 'ok',
      clock: 'ok',
      version: 'ok',
      address: 'ok',
      page: 'ok',
      'server oracle': 'ok',
      approvers: 'warning',
      ledger: 'ok',
      witness: 'warning',
    });
    const { stdout } = await doctor();
    expect(stdout).toMatch(/^ok +gateway +http:\/\/localhost:\d+ is ready$/m);
    expect(stdout).toMatch(/^ +→ Add a second passkey/m);
    expect(stdout).toMatch(/^0 problems, \d+ warnings?$/m);
  });

  it('says so when the clocks differ', async () => {
    const ran = await doctor('--json', { now: () => Date.now() + 60_000 });
    expect(of(ran, 'clock')).toMatchObject([
      { status: 'problem', text: expect.stringMatching(/^the gateway’s clock is (59|60|61) s behind/) },
    ]);
  });

  it('says so when it is reached by another address than the one that passkeys are bound to', async () => {
    const ran = await doctor('--json', {}, gateway.app.origin.replace('localhost', '127.0.0.1'));
    expect(of(ran, 'address')).toMatchObject([
      { status: 'warning', todo: expect.stringContaining('Passkeys') },
    ]);
  });

  it('tells which rule nobody is there to satisfy, with its place', async () => {
    await gateway.writePolicy(
      'version: 1\nrules:\n  - id: treasury\n    match: { tools: ["*"] }\n    effect: hold\n    approval: { groups: [cfo], quorum: 2 }\n',
    );
    await gateway.restart();
    const ran = await doctor('--json');
    expect([ran.code, of(ran, 'quorum')]).toMatchObject([
      1,
      [{ status: 'problem', text: 'policy.yaml:3 (treasury) takes 2 to approve; 0 can' }],
    ]);
  });

  it('tells that a key is not in force, and what is left to see without one', async () => {
    const ran = await doctor('--json', { env: { COUNTERSIGN_API_KEY: `cs_${'x'.repeat(43)}` } });
    expect(ran.code).toBe(1);
    expect(of(ran, 'access')).toMatchObject([{ status: 'problem', todo: expect.stringContaining('reader') }]);
    expect(of(ran, 'page')).toMatchObject([{ status: 'ok' }]);
    expect(of(ran, 'inside')).toMatchObject([{ status: 'skipped' }]);
  });

  it('shows no key and no token', async () => {
    const ran = await doctor('--json');
    const secrets = [gateway.apiKey, gateway.app.session.mcp.secretUrl.split('/').at(-1) ?? ''];
    for (const secret of secrets) expect(ran.stdout + ran.stderr).not.toContain(secret);
  });
});

describe('doctor without a gateway', () => {
  async function folder(): Promise<string> {
    const dir = await mkdtemp(join(tmpdir(), 'countersign-doctor-'));
    onTestFinished(() => rm(dir, { recursive: true }));
    return dir;
  }
  let nowhere = '';

  beforeAll(async () => {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    nowhere = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await new Promise((closed) => server.close(closed));
  });

  it('says how to start it, and still looks at what is on this machine, making nothing', async () => {
    const dir = await folder();
    const config = join(dir, 'countersign.json');
    await writeFile(config, '{}');
    const env = { COUNTERSIGN_DATA_DIR: join(dir, 'data'), COUNTERSIGN_CONFIG: config };
    const ran = await doctor('--json', { env }, nowhere);
    expect(ran.code).toBe(1);
    expect(of(ran, 'gateway')).toMatchObject([
      {
        status: 'problem',
        text: expect.stringContaining('ECONNREFUSED'),
        todo: expect.stringContaining('up'),
      },
    ]);
    expect(of(ran, 'data')).toMatchObject([{ status: 'skipped' }]);
    expect(of(ran, 'disk')).toHaveLength(1);
    expect(await readdir(dir)).toEqual(['countersign.json']);
  });

  it('names the line of a configuration that does not load', async () => {
    const dir = await folder();
    const config = join(dir, 'countersign.yaml');
    await writeFile(config, 'listen: { port: 8420 }\npolices: x\n');
    const ran = await doctor(`--config ${config} --json`, {}, nowhere);
    expect(of(ran, 'config')).toMatchObject([
      { status: 'problem', text: expect.stringContaining('countersign.yaml:2: polices: unknown key') },
    ]);
  });

  it('names the line of a policy that does not load', async () => {
    const dir = await folder();
    await writeFile(join(dir, 'p.yaml'), 'version: 1\nrules:\n  - id: x\n    effect: maybe\n');
    const ran = await doctor('--json', { env: { COUNTERSIGN_POLICIES: dir } }, nowhere);
    expect(of(ran, 'policy')[0]).toMatchObject({
      status: 'problem',
      text: expect.stringMatching(/p\.yaml:\d+: /),
    });
  });

  it('says which keys others can read, and the command that shuts them', async () => {
    const dir = await folder();
    await mkdir(join(dir, 'data'), { mode: 0o700 });
    for (const name of ['countersign.db', 'ledger.key', 'payload.key'])
      await writeFile(join(dir, 'data', name), '', { mode: 0o600 });
    await chmod(join(dir, 'data', 'ledger.key'), 0o644);
    const env = { COUNTERSIGN_DATA_DIR: join(dir, 'data') };
    const key = join(dir, 'data', 'ledger.key');
    const ran = await doctor('--json', { env }, nowhere);
    expect(of(ran, 'files')).toMatchObject([
      { status: 'problem', text: expect.stringContaining(key), todo: `chmod go-rwx '${key}'` },
    ]);
    await rm(join(dir, 'data', 'payload.key'));
    expect(of(await doctor('--json', { env }, nowhere), 'data')).toMatchObject([
      { status: 'problem', text: expect.stringContaining('lacks payload.key') },
    ]);
  });

  it('warns of headers that go over the network without TLS', async () => {
    const dir = await folder();
    const config = join(dir, 'mcp.json');
    const servers = { far: { url: 'http://far.example/mcp', headers: { Authorization: 'Bearer CANARY' } } };
    await writeFile(config, JSON.stringify({ mcpServers: servers }));
    const ran = await doctor('--json', { env: { COUNTERSIGN_CONFIG: config } }, nowhere);
    expect(of(ran, 'config')[1]).toMatchObject({ status: 'warning', text: expect.stringContaining('"far"') });
    expect(ran.stdout).not.toContain('CANARY');
  });
});
