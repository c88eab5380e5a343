import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyIndependently } from '../evidence/independent/verify.ts';
import { verifyText } from '../evidence/support/verify.ts';
import { connectV1 } from '../support/agents.ts';
import { type Approver, enrol } from '../support/approver.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { ndjson, openTerminal, type Terminal } from './cli-terminal.ts';
import { exportOf, heldId, PAY } from './journey.ts';

const POLICY = `version: 1
defaults: { effect: hold }
rules:
  - id: harmless
    match: { tools: ["oracle/echo"] }
    effect: allow
  - id: payments
    match: { tools: ["oracle/pay"] }
    effect: hold
    risk: high
    approval: { quorum: 2 }
  - id: deployments
    match: { tools: ["deployment.execute"], kinds: [action] }
    effect: hold
    risk: high
  - id: builds
    match: { tools: ["build.start"], kinds: [action] }
    effect: allow
`;

const EXCHANGE = {
  grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
  subject_token_type: 'urn:countersign:params:oauth:token-type:approval',
};

let gateway: TestGateway;
let terminal: Terminal;
let people: readonly [Approver, Approver, Approver];
let vkey = '';
let early = '';

async function settled(id: string): Promise<string> {
  const { body } = await gateway.api('GET', `/v1/approvals/${id}/wait?timeout_ms=15000`);
  return body.state;
}

/** Asks for an action; `take` exchanges its capability and reports that it was carried out. */
async function act(action: string, approver?: Approver): Promise<string> {
  const asked = await gateway.api('POST', '/v1/approvals', {
    action,
    resource: 'service:billing',
    arguments: { tag: 'v1' },
  });
  const id = asked.body.id as string;
  if (approver !== undefined) expect((await approver.decide(id, 'approve')).body.state).toBe('approved');
  const exchanged = await fetch(`${gateway.app.origin}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Bearer ${gateway.apiKey}` },
    body: new URLSearchParams({ ...EXCHANGE, subject_token: id }),
  });
  expect(exchanged.status).toBe(200);
  expect((await gateway.api('POST', `/v1/approvals/${id}/outcome`, { state: 'succeeded' })).status).toBe(200);
  return id;
}

async function breakGlass(by: Approver, id: string): Promise<void> {
  const body = { decision: 'approve', reason: 'production is down', break_glass: true };
  const offered = await by.fetch('POST', `/v1/approvals/${id}/statement`, body);
  expect(offered.status).toBe(200);
  const assertion = by.device.get({ challenge: offered.body.challenge });
  const signed = { statement_id: offered.body.statement_id, assertion };
  expect((await by.fetch('POST', `/v1/approvals/${id}/decide`, signed)).status).toBe(200);
}

/** A working day: payments by two people, a denial, a broken glass, actions, another key, and somebody who leaves. */
async function work(): Promise<{ paid: string; deployed: string }> {
  const [ada, bob, cleo] = people;
  const agent = await connectV1({ ...gateway.app.session.mcp });
  const call = (name: string, args: object) => agent.callTool({ name, arguments: { ...args } });
  await call('echo', { text: 'hello' });
  const paid = heldId(await call('pay', PAY));
  await ada.decide(paid, 'approve', 'seen');
  await bob.decide(paid, 'approve');
  expect(await settled(paid)).toBe('succeeded');
  early = (await gateway.api('GET', '/v1/logs/proof?seq=0')).body.checkpoint;
  const denied = heldId(await call('pay', { ...PAY, amount_cents: 1 }));
  await cleo.decide(denied, 'deny', 'not this one');
  const urgent = heldId(await call('pay', { ...PAY, amount_cents: 2 }));
  await breakGlass(bob, urgent);
  await breakGlass(cleo, urgent);
  expect(await settled(urgent)).toBe('succeeded');
  expect((await gateway.api('POST', '/v1/ledger/rotate-key', {})).status).toBe(200);
  const spare = await ada.addPasskey();
  const deployed = await act('deployment.execute', spare);
  await act('build.start');
  expect((await ada.perform('approver.remove', { person: cleo.id })).status).toBe(200);
  expect((await gateway.api('POST', '/v1/logs/redact', { id: denied })).status).toBe(200);
  await agent.close();
  return { paid, deployed };
}

let done: { paid: string; deployed: string };
let exported = '';

beforeAll(async () => {
  terminal = await openTerminal();
  gateway = await startTestGateway({ policy: POLICY });
  const ada = await enrol(gateway.app.origin, gateway.app.enrolUrl ?? '');
  people = [ada, await ada.invite('Bob', ['break-glass']), await ada.invite('Cleo', ['break-glass'])];
  vkey = (await gateway.api('GET', '/v1/logs/verify')).body.vkey;
  done = await work();
  exported = await exportOf(gateway);
});
afterAll(async () => {
  await gateway.close();
  await terminal.close();
});

const cli = (...args: string[]) =>
  terminal.run(args, { COUNTERSIGN_URL: gateway.app.origin, COUNTERSIGN_API_KEY: gateway.apiKey });
const text = (name: string): string => readFileSync(join(terminal.dir, name), 'utf8');

describe('an auditor with an export and the key of the log', () => {
  it('establishes offline who decided what, and that each dispatch was approved and happened once', async () => {
    const found = await verifyText(exported, { vkey, older: early });
    expect(found).toMatchObject({
      ok: true,
      established: {
        tally: {
          requests: 5,
          decisions: 6,
          dispatches: 4,
          allowedByPolicy: 1,
          breakGlass: 2,
          tokens: 2,
          liveCalls: 1,
        },
        anchors: [{ person: `person:${people[0].id}`, credentialId: people[0].device.credentialId }],
        olderFound: true,
      },
    });
    const { size } = JSON.parse(exported.split('\n')[0] ?? '');
    expect(verifyIndependently(exported, vkey)).toMatchObject({ ok: true, entries: size, dispatches: 4 });
  });

  it('does so by the command line, without any gateway', async () => {
    const written = await cli('logs', 'export', '--out', 'ledger.ndjson', '--payloads');
    expect([written.code, written.stderr]).toEqual([0, expect.stringContaining('logs verify --export')]);
    await terminal.write('early.checkpoint', early);
    const verified = await terminal.run([
      ...['logs', 'verify', '--export', 'ledger.ndjson', '--key', vkey, '--checkpoint', 'early.checkpoint'],
    ]);
    expect([verified.code, verified.stderr]).toEqual([0, expect.stringContaining('ask that person')]);
    expect(verified.stdout).toMatch(/^verified: \d+ entries, root [0-9a-f]{64}\n/);
    expect(verified.stdout).toMatch(
      /Dispatches +4, each once and after its approval; 1 of them allowed by a rule/,
    );
    expect(verified.stdout).toContain(people[0].device.credentialId);
    expect(verified.stdout).toMatch(/Older checkpoint +is contained in this log/);
    const json = await terminal.run(['logs', 'verify', '--export', 'ledger.ndjson', '--key', vkey, '--json']);
    expect(ndjson(json)).toMatchObject([
      { ok: true, established: { tally: { dispatches: 4, allowed_by_policy: 1 } } },
    ]);
  });

  it('is told the first bad entry, why, and what that means, with exit code 7', async () => {
    await cli('logs', 'export', '--out', 'again.ndjson');
    const edit = (from: string, to: string): void =>
      writeFileSync(join(terminal.dir, 'bad.ndjson'), text('again.ndjson').replace(from, to));
    const verify = (...more: string[]) =>
      terminal.run(['logs', 'verify', '--export', 'bad.ndjson', '--key', vkey, ...more]);
    edit('\\"decision\\":\\"approve\\"', '\\"decision\\":\\"deny\\"');
    const bad = await verify();
    expect([bad.code, bad.stdout]).toEqual([
      7,
      expect.stringMatching(
        /^VERIFICATION FAILED: entry \d+ \(approval\.decided\): the statement's decision/,
      ),
    ]);
    expect(bad.stdout).toContain('This decision was not made by whom the log names');
    expect(ndjson(await verify('--json'))).toMatchObject([
      { ok: false, finding: { rule: 3, seq: expect.any(Number) } },
    ]);
    writeFileSync(join(terminal.dir, 'bad.ndjson'), text('again.ndjson').slice(0, -20));
    expect((await verify()).stdout).toContain('the file was cut off');
  });

  it('can be given what is about one approval alone, and learns what that does not show', async () => {
    for (const id of [done.paid, done.deployed]) {
      const name = `${id}.ndjson`;
      expect((await cli('logs', 'export', '--out', name, '--approval', id, '--payloads')).code).toBe(0);
      const verified = await terminal.run(['logs', 'verify', '--export', name, '--key', vkey]);
      expect([verified.code, verified.stdout]).toEqual([0, expect.stringContaining(`verified: ${id}`)]);
      expect(verified.stderr).toContain('It does not show what else was requested or dispatched');
      expect(verifyIndependently(text(name), vkey)).toMatchObject({ ok: true, dispatches: 1 });
    }
  });
});
