import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectV1 } from '../support/agents.ts';
import { type Answer, type Office, openOffice } from './support/office.ts';

const CANARY = 'acct-canary-7731';

const RULES = `
  - id: harmless
    match: { tools: ["oracle/echo"] }
    effect: allow
  - id: small
    match: { tools: ["oracle/pay"] }
    when: args.amount_cents <= 100 && args.to != ""
    effect: allow
    redact: [/to]
  - id: payments
    match: { tools: ["oracle/pay"] }
    when: args.amount_cents > 100
    effect: hold
    redact: [/to]
  - id: never
    match: { tools: ["oracle/crash"] }
    effect: deny`;

const SHADOWS = `
  - id: ask-to-echo
    match: { tools: ["oracle/echo"] }
    effect: hold
    mode: shadow
  - id: no-large-pay
    match: { tools: ["oracle/pay"] }
    when: args.amount_cents > 50
    effect: deny
    mode: shadow
  - id: of-nothing
    match: { tools: ["elsewhere/*"] }
    effect: deny
    mode: shadow`;

const policyOf = (rules: string): string => `version: 1\ndefaults: { effect: hold }\nrules:${rules}\n`;

const THEN = policyOf(RULES + SHADOWS);

let office: Office;
let held = '';
const paid: string[] = [];
let gone = '';

beforeAll(async () => {
  office = await openOffice({ policy: THEN });
  const agent = await connectV1(office.gateway.app.session.mcp);
  for (const text of ['a', 'b']) await agent.callTool({ name: 'echo', arguments: { text } });
  for (const amount of [40, 60, 90])
    await agent.callTool({ name: 'pay', arguments: { amount_cents: amount, to: CANARY } });
  await agent.callTool({ name: 'crash', arguments: {} });
  await agent.close();
  held = await office.freeze({ amount_cents: 500, to: CANARY });
  const calls = await office.ask('GET', '/v1/logs?type=call.intent&action=oracle/pay&order=asc');
  paid.push(...calls.body.data.map((entry: any) => entry.ref.call));
  gone = paid[2] ?? '';
  expect((await office.ask('POST', '/v1/logs/redact', { body: { id: gone } })).status).toBe(200);
});
afterAll(() => office.close());

interface Replayed {
  readonly answer: Answer;
  readonly lines: any[];
  readonly report: any;
}

async function replay(text: string, more: object = {}, { as }: { as?: string } = {}): Promise<Replayed> {
  const body = { files: { 'new.yaml': text }, ...more };
  const answer = await office.ask('POST', '/v1/policies/replay', { body, ...(as && { as }) });
  const lines = answer.text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  return { answer, lines, report: lines.at(-1).report };
}

const explain = (body: object): Promise<Answer> => office.ask('POST', '/v1/policies/explain-call', { body });

describe('a replay', () => {
  it('by the policy that judged the calls changes nothing', async () => {
    const { report, lines, answer } = await replay(THEN);
    expect(answer.headers.get('content-type')).toBe('application/x-ndjson');
    expect(report).toMatchObject({ calls: 7, judged: 6, same: 6, changed: 0, changes: [], ungrouped: 0 });
    expect(report.not_judged).toEqual({ erased: 1, not_kept: 0, definition_unknown: 0, redacted: 0 });
    expect(lines.slice(0, -1).every((line) => line.progress.read <= line.progress.of)).toBe(true);
    expect(lines.at(-2).progress).toMatchObject({ calls: 7, changed: 0 });
  });

  it('names what would be loosened before what would be tightened, by tool and rule, with examples', async () => {
    const { report } = await replay(
      policyOf(`
  - id: anything-goes
    match: { tools: ["oracle/crash"] }
    effect: allow
  - id: pay-less
    match: { tools: ["oracle/pay"] }
    when: args.amount_cents < 50
    effect: allow
  - id: harmless
    match: { tools: ["oracle/echo"] }
    effect: allow
    limits: [{ name: echoes, per: session, max: 1, window: 1h, on_exceed: deny }]`),
    );
    expect(report.transitions).toEqual([
      { from: 'deny', to: 'allow', calls: 1 },
      { from: 'allow', to: 'hold', calls: 1 },
      { from: 'allow', to: 'deny', calls: 1 },
    ]);
    expect(report.changes).toMatchObject([
      { tool: 'crash', rule: { before: 'never', after: 'anything-goes' }, examples: [{ id: null }] },
      {
        tool: 'pay',
        server: 'oracle',
        rule: { before: 'small', after: null },
        examples: [{ id: paid[1], session: expect.stringMatching(/^ses_/) }],
      },
      { tool: 'echo', rule: { before: 'harmless', after: 'harmless' }, calls: 1 },
    ]);
    expect(report.judged).toBe(6);
  });

  it('does not guess the arguments of a denied call, which are not kept', async () => {
    const { report } = await replay(
      policyOf(`
  - id: crash-when
    match: { tools: ["oracle/crash"] }
    when: "!has(args.why)"
    effect: allow`),
    );
    expect(report.not_judged).toEqual({ erased: 0, not_kept: 1, definition_unknown: 0, redacted: 0 });
    expect(report.changes.map((change: any) => change.tool)).not.toContain('crash');
  });

  it('reads only the time that was asked for', async () => {
    const { report } = await replay(THEN, { until: '2020-01-01T00:00:00Z' });
    expect(report).toMatchObject({ calls: 0, changed: 0, since: '2019-12-25T00:00:00.000Z' });
    const body = { files: { 'a.yaml': THEN }, since: '2020-01-02T00:00:00Z', until: '2020-01-01T00:00:00Z' };
    const refused = await office.ask('POST', '/v1/policies/replay', { body });
    expect([refused.status, refused.body.detail]).toEqual([400, 'since: expected a time before until']);
  });

  it('of files that are no policy is refused with their problems', async () => {
    const body = { files: { 'bad.yaml': 'version: 1\nrules: [{ id: r }]\n', 'x_test.yaml': 'tests: []' } };
    const refused = await office.ask('POST', '/v1/policies/replay', { body });
    expect([refused.status, refused.body.code]).toEqual([422, 'policy_invalid']);
    expect(refused.body.detail).toContain('bad.yaml:2:');
  });

  it('is for people and operators, and tells people nothing that follows from what is redacted', async () => {
    const spy = policyOf(`
  - id: spy
    match: { tools: ["oracle/pay"] }
    when: args.to.startsWith("acct")
    effect: deny`);
    const asPerson = await replay(spy, {}, { as: office.person.cookie });
    expect(asPerson.report.not_judged).toMatchObject({ erased: 1, redacted: 3 });
    expect(asPerson.report.changes.map(({ tool }: any) => tool)).not.toContain('pay');
    const asOperator = await replay(spy);
    expect(asOperator.report.not_judged).toMatchObject({ erased: 1, redacted: 0 });
    expect(asOperator.report.changes.map(({ tool }: any) => tool)).toContain('pay');
    for (const as of [office.keys.reader, office.keys.requester]) {
      const body = { files: { 'spy.yaml': spy } };
      expect((await office.ask('POST', '/v1/policies/replay', { as, body })).status).toBe(403);
    }
    for (const as of [office.keys.reader, office.keys.requester, office.person.cookie]) {
      expect(
        (await office.ask('POST', '/v1/policies/explain-call', { as, body: { call: held } })).status,
      ).toBe(403);
    }
  });

  it('leaves its idempotency key free and tells no argument', async () => {
    const ask = () =>
      office.ask('POST', '/v1/policies/replay', {
        body: { files: { 'a.yaml': policyOf(' []') } },
        headers: { 'idempotency-key': 'replay-1' },
      });
    const [first, second] = [await ask(), await ask()];
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(first.text).toContain('"changed":');
    expect(first.text + second.text).not.toContain(CANARY);
  });
});

describe('the shadow report', () => {
  it('counts what each rule in shadow mode would have decided otherwise, and names those that would not', async () => {
    const { body } = await office.ask('GET', '/v1/policies/shadow', { as: office.keys.reader });
    expect(body).toMatchObject({ calls: 7, differing: 5 });
    expect(body.rules).toMatchObject([
      {
        rule: 'no-large-pay',
        file: 'policy.yaml',
        line: expect.any(Number),
        calls: 3,
        transitions: [
          { from: 'allow', to: 'deny', calls: 2 },
          { from: 'hold', to: 'deny', calls: 1 },
        ],
        tools: [{ tool: 'oracle/pay', calls: 3 }],
        examples: [{ id: held }, { id: paid[2] }, { id: paid[1] }],
      },
      { rule: 'ask-to-echo', calls: 2, transitions: [{ from: 'allow', to: 'hold', calls: 2 }] },
      { rule: 'of-nothing', calls: 0, examples: [] },
    ]);
  });

  it('is empty for a time without calls', async () => {
    const { body } = await office.ask('GET', '/v1/policies/shadow?until=2020-01-01T00:00:00Z');
    expect(body).toMatchObject({ calls: 0, differing: 0 });
    expect(body.rules.every((rule: any) => rule.calls === 0)).toBe(true);
  });
});

describe('the explanation of a recorded call', () => {
  it('traces each rule with its values, but for what policy redacts', async () => {
    const { body, text } = await explain({ call: held });
    expect(body.call).toMatchObject({ id: held, effect: 'hold', rule: 'payments', tool: 'pay' });
    expect(body.policy_version).toBe(body.call.policy_version);
    expect(body.verdict).toMatchObject({ effect: 'hold', decidedBy: { rule: 'payments' } });
    const steps = Object.fromEntries(
      body.rules.flatMap((rule: any) => rule.steps.map((step: any) => [step.expression, step.value])),
    );
    expect(steps).toMatchObject({
      'args.amount_cents > 100': 'true',
      'args.amount_cents': '500',
      'args.to': '[redacted]',
      'args.to != ""': '[redacted]',
      args: '[redacted]',
    });
    expect(text).not.toContain(CANARY);
  });

  it('of an allowed call hides what the policy of its time redacts, whatever other files say', async () => {
    const files = {
      'spy.yaml': policyOf(`
  - id: spy
    match: { tools: ["oracle/pay"] }
    when: args.to == "x" || args["t" + "o"] == "y" || int(args.to) > 0
    effect: allow`),
    };
    const { body, text } = await explain({ call: paid[0] ?? '', files });
    expect(body.verdict.effect).toBe('hold');
    expect(body.rules[0]).toMatchObject({ rule: 'spy', outcome: 'error' });
    expect(body.rules[0].why).toContain('it reads redacted values');
    expect(text).not.toContain(CANARY);
  });

  it('is refused once a rule would read what was erased, with what the ledger still says', async () => {
    const refused = await explain({ call: gone });
    expect([refused.status, refused.body.code]).toEqual([410, 'expired']);
    expect(refused.body.detail).toContain('rule small decided: allow');
    expect((await explain({ call: 'req_none' })).status).toBe(404);
    expect((await explain({ call: 'ses_none' })).status).toBe(400);
  });

  it('is by the policy that judged it, also when another is in force by then', async () => {
    const now = policyOf(`${RULES}
  - id: stop-pay
    match: { tools: ["oracle/pay"] }
    effect: deny`);
    const { version } = (await office.ask('GET', '/v1/policies')).body;
    await office.gateway.writePolicy(now);
    await expect.poll(async () => (await office.ask('GET', '/v1/policies')).body.version).not.toBe(version);
    const then = await explain({ call: held });
    expect([then.body.policy_version, then.body.verdict.effect]).toEqual([version, 'hold']);
    const inForce = await explain({ call: held, by: 'in_force' });
    expect(inForce.body.policy_version).not.toBe(version);
    expect(inForce.body.verdict).toMatchObject({ effect: 'deny', decidedBy: { rule: 'stop-pay' } });
  });
});

it('the schema of policy files is served to editors, who have no key', async () => {
  const { status, body } = await office.askAnonymously('GET', '/v1/policies/schema');
  expect(status).toBe(200);
  expect(body).toMatchObject({ title: 'Countersign policy', properties: { rules: { type: 'array' } } });
});
