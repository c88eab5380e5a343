import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PolicyTools } from '../../src/cli/ports.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import { policyJsonSchema } from '../../src/policy/rule.ts';
import { connectV1 } from '../support/agents.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { openTerminal, type Ran } from './run-command.ts';

const head = 'version: 1\ndefaults: { effect: hold }\nrules:\n';
const pay = (more: string) => `  - { id: pay, match: { tools: ["oracle/pay"] }, ${more} }\n`;
const shadow = '  - { id: strict, match: { tools: ["oracle/pay"] }, effect: deny, mode: shadow }\n';

const absent = () => Promise.reject(new Error('not asked for'));
const tools: PolicyTools = {
  check: absent,
  test: absent,
  explain: absent,
  async read(dir) {
    return Object.fromEntries((await loadPolicy(dir)).sources.map(({ name, text }) => [name, text]));
  },
  schema: policyJsonSchema,
};

let gateway: TestGateway;
let held = '';

beforeAll(async () => {
  gateway = await startTestGateway({ policy: head + pay('effect: hold, redact: [/to]') + shadow });
  const agent = await connectV1(gateway.app.session.mcp);
  const answer: any = await agent.callTool({ name: 'pay', arguments: { amount_cents: 7, to: 'c_canary' } });
  held = answer.structuredContent.approval_id;
  await agent.close();
});
afterAll(() => gateway.close());

async function run(
  line: string,
  files: Readonly<Record<string, string>> = {},
): Promise<Ran & { dir: string }> {
  const terminal = await openTerminal({
    COUNTERSIGN_URL: gateway.app.origin,
    COUNTERSIGN_API_KEY: gateway.apiKey,
  });
  await mkdir(join(terminal.dir, 'new'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(terminal.dir, 'new', name), text);
  const ran = await terminal.run(line, { policyTools: async () => tools, now: () => Date.now() });
  return { ...ran, dir: terminal.dir };
}

describe('policy replay', () => {
  it('ends with 8 when a verdict would change, and says which', async () => {
    const ran = await run('policy replay --since 1h --policies new', {
      'a.yaml': head + pay('effect: allow, when: args.amount_cents < 10'),
    });
    expect(ran.code).toBe(8);
    expect(ran.stdout).toContain('1 calls, 1 judged anew, 1 would change');
    expect(ran.stdout).toContain('hold → allow: 1');
    expect(ran.stdout).toMatch(/hold → allow {2}1 {2}oracle\/pay {2}\(pay → pay\)\n {4}apr_/);
    expect(ran.stderr).toContain('Replaying… 100 %');
  });

  it('ends with 0 when nothing would, as JSON too', async () => {
    const ran = await run('policy replay --policies new --json', { 'a.yaml': head + pay('effect: hold') });
    expect(ran.code).toBe(0);
    expect(ran.json()).toMatchObject([
      { changed: 0, calls: 1, not_judged: { erased: 0, not_kept: 0, definition_unknown: 0 } },
    ]);
  });

  it('sends nothing of a folder that is no policy, and names what is wrong', async () => {
    const none = await run('policy replay --policies new');
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('holds no *.yaml')]);
    const bad = await run('policy replay --policies new', { 'a.yaml': 'version: 2\n' });
    expect([bad.code, bad.stderr]).toEqual([1, expect.stringContaining('a.yaml:1:')]);
    const time = await run('policy replay --since yesterday', {});
    expect(time.code).not.toBe(0);
  });
});

describe('policy shadow', () => {
  it('lists what each rule would have changed, with its place and an example', async () => {
    const ran = await run('policy shadow --since 1h');
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain('1 calls judged, 1 would have been decided otherwise');
    expect(ran.stdout).toMatch(
      /^strict \(policy\.yaml:5\) {2}1 calls: hold → deny: 1\n {2}1 {2}oracle\/pay$/m,
    );
    expect(ran.stdout).toContain(`e.g. ${held}`);
    expect((await run('policy shadow --json')).json()).toMatchObject([{ differing: 1 }]);
  });
});

describe('policy explain of a recorded call', () => {
  it('shows what was found then and how, without what is redacted', async () => {
    const ran = await run(`policy explain ${held}`);
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain(`${held}  oracle/pay  `);
    expect(ran.stdout).toContain('then: hold by pay');
    expect(ran.stdout).toContain('explained by the same policy:');
    expect(ran.stdout).toContain('+ pay (policy.yaml:4) hold');
    const spied = await run(`policy explain ${held} --policies new`, {
      'a.yaml': head + pay('effect: deny, when: args.to != "x" && args.amount_cents == 7'),
    });
    expect(spied.stdout).toContain('args.amount_cents == 7  = true');
    expect(spied.stdout).toContain('args.to  = [redacted]');
    expect(spied.stdout + spied.stderr).not.toContain('c_canary');
  });

  it('refuses arguments, which the call has of its own, and two policies at once', async () => {
    const given = await run(`policy explain ${held} --args {}`);
    expect([given.code, given.stderr]).toEqual([2, expect.stringContaining('has its own')]);
    const both = await run(`policy explain ${held} --in-force --policies new`);
    expect([both.code, both.stderr]).toEqual([2, expect.stringContaining('either --policies or --in-force')]);
    expect((await run('policy explain req_none')).code).toBe(1);
  });
});

describe('policy schema', () => {
  it('prints the schema that is checked in, or writes it where no file stands', async () => {
    const checkedIn = await readFile(new URL('../../policies/policy.schema.json', import.meta.url), 'utf8');
    const printed = await run('policy schema');
    expect(JSON.parse(printed.stdout)).toEqual(JSON.parse(checkedIn));
    const written = await run('policy schema --out new/policy.schema.json');
    const text = await readFile(join(written.dir, 'new/policy.schema.json'), 'utf8');
    expect(JSON.parse(text)).toEqual(policyJsonSchema());
    const again = await run('policy schema --out new/a.yaml', { 'a.yaml': 'x' });
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('exists already')]);
  });
});
