import { describe, expect, onTestFinished, test } from 'vitest';
import { json, page, problem, startFakeGateway } from '../sdk/fake-gateway.ts';
import { approvalDetailWire, approvalWire } from '../sdk/wire-samples.ts';
import { openTerminal } from './run-command.ts';

async function setUp() {
  const gateway = await startFakeGateway();
  onTestFinished(() => gateway[Symbol.asyncDispose]());
  const terminal = await openTerminal({ COUNTERSIGN_URL: gateway.origin, COUNTERSIGN_API_KEY: 'cs_k' });
  return { gateway, ...terminal };
}

describe('approval list', () => {
  test('prints a table and passes the filters on', async () => {
    const { gateway, run } = await setUp();
    gateway.on('GET /v1/approvals', page([approvalWire]));
    const { code, stdout } = await run(
      'approval list --state pending --user user-1 --tool payments_refund --limit 3',
    );
    expect(code).toBe(0);
    expect(stdout.split('\n')[0]).toMatch(/^ID +STATE +RISK +USER +TOOL +EFFECT +EXPIRES$/);
    expect(stdout).toContain('apr_1  pending  high  user-1  sandbox/payments_refund  Refund 75.00 of inv_1');
    expect(gateway.seen[0]?.query).toEqual({
      state: 'pending',
      subject: 'user-1',
      tool: 'payments_refund',
      limit: '3',
    });
  });

  test('with --json prints the names of the REST API', async () => {
    const { gateway, run } = await setUp();
    gateway.on('GET /v1/approvals', page([approvalWire]));
    const ran = await run('approval list --json');
    expect(ran.json()).toEqual([{ data: [approvalWire], has_more: false }]);
  });

  test('walks over pages up to the limit and says that there is more', async () => {
    const { gateway, run } = await setUp();
    gateway.on(
      'GET /v1/approvals',
      page(Array(200).fill(approvalWire), 'c2'),
      page(Array(50).fill(approvalWire), 'c3'),
    );
    const { stdout, stderr } = await run('approval list --limit 250');
    expect(stdout.trim().split('\n')).toHaveLength(251);
    expect(stderr).toContain('There are more than these 250');
    expect(gateway.seen.map((one) => one.query.limit)).toEqual(['200', '50']);
  });

  test('shows what an agent wrote without letting it control the terminal', async () => {
    const { gateway, run } = await setUp();
    const effect = 'Refund \u001b[2K\u202Ecod\n0.01';
    gateway.on('GET /v1/approvals', page([{ ...approvalWire, effect }]));
    const { stdout } = await run('approval list');
    expect(stdout).toContain('Refund ⟦U+001B⟧[2K⟦U+202E⟧cod⟦U+000A⟧0.01');
    const asJson = await run('approval list --json');
    expect(asJson.stdout).toContain('\\u202e');
    expect(asJson.json()).toMatchObject([{ data: [{ effect }] }]);
  });
});

describe('approval get', () => {
  test('shows the frozen call, the rule and its place, and the result', async () => {
    const { gateway, run } = await setUp();
    const result = { kind: 'result', text: '{"ok":true}' };
    gateway.on('GET /v1/approvals/apr_1', json(200, { ...approvalDetailWire, state: 'succeeded', result }));
    const { code, stdout } = await run('approval get apr_1');
    expect(code).toBe(0);
    for (const text of [
      'refund-over-threshold (refunds.yaml:3)',
      'payments_refund {}',
      '0 of 1',
      '{"ok":true}',
    ]) {
      expect(stdout).toContain(text);
    }
    expect(stdout).not.toContain('Hidden');
  });

  test('names what policy hides, and where a person can reveal it', async () => {
    const { gateway, run } = await setUp();
    const hidden = { hidden: ['/to'], hidden_in_result: ['result:/pin'] };
    gateway.on('GET /v1/approvals/apr_1', json(200, { ...approvalDetailWire, ...hidden, call_digest: null }));
    const { stdout } = await run('approval get apr_1');
    expect(stdout).toMatch(/Hidden +\/to, result:\/pin \(.*on its page\)/);
  });
});

describe('approval wait', () => {
  test.each([
    ['succeeded', 0],
    ['denied', 3],
    ['expired', 6],
    ['failed', 1],
    ['void', 1],
    ['unknown', 1],
  ])('of a call that is %s ends with %i', async (state, code) => {
    const { gateway, run } = await setUp();
    gateway.on('GET /v1/approvals/apr_1/wait', json(200, { ...approvalDetailWire, state }));
    const ran = await run('approval wait apr_1 --json');
    expect(ran.code).toBe(code);
    expect(ran.json()).toMatchObject([{ id: 'apr_1', state }]);
  });

  test('ends with 5 when the time is over, and tells the state on stderr', async () => {
    const { gateway, run } = await setUp();
    gateway.on('GET /v1/approvals/apr_1/wait', json(202, approvalDetailWire));
    const { code, stderr } = await run('approval wait apr_1 --timeout 1ms');
    expect(code).toBe(5);
    expect(stderr).toContain('apr_1 is pending; it expires in 20 m 00 s');
  });
});

describe('approval approve and deny', () => {
  test.each(['approve', 'deny'])(
    'off a terminal %s prints the link, opens nothing and ends with 5',
    async (verb) => {
      const { gateway, run } = await setUp();
      gateway.on('GET /v1/approvals/apr_1', json(200, approvalDetailWire));
      const { code, stdout, stderr } = await run(`approval ${verb} apr_1`);
      expect(code).toBe(5);
      expect(stdout).toBe(`${approvalWire.url}\n`);
      expect(stderr).toContain(`A terminal cannot ${verb}`);
      expect(gateway.seen.every((one) => one.method === 'GET')).toBe(true);
    },
  );

  test('on a terminal open the page in the browser', async () => {
    const { gateway, run } = await setUp();
    gateway.on('GET /v1/approvals/apr_1', json(200, approvalDetailWire));
    const opened: string[] = [];
    const openUrl = async (url: string) => opened.push(url) > 0;
    await run('approval approve apr_1', { isTty: { stdout: true, stderr: true }, openUrl });
    expect(opened).toEqual([approvalWire.url]);
  });

  test('with --wait, deny ends with 0 once a person denied', async () => {
    const { gateway, run } = await setUp();
    gateway.on('GET /v1/approvals/apr_1', json(200, approvalDetailWire));
    gateway.on('GET /v1/approvals/apr_1/wait', json(200, { ...approvalDetailWire, state: 'denied' }));
    expect((await run('approval deny apr_1 --wait')).code).toBe(0);
    expect((await run('approval approve apr_1 --wait')).code).toBe(3);
  });

  test('of a decided approval show how it stands', async () => {
    const { gateway, run } = await setUp();
    gateway.on('GET /v1/approvals/apr_1', json(200, { ...approvalDetailWire, state: 'expired' }));
    const { code, stderr } = await run('approval approve apr_1');
    expect(code).toBe(6);
    expect(stderr).toContain('apr_1 is expired: there is nothing to approve any more.');
  });
});

test('approval resolve hands over the outcome and the note', async () => {
  const { gateway, run } = await setUp();
  gateway.on('POST /v1/approvals/apr_1/resolve', json(200, { ...approvalDetailWire, state: 'succeeded' }));
  const { code } = await run([
    'approval',
    'resolve',
    'apr_1',
    '--as',
    'succeeded',
    '--note',
    'seen in the bank',
  ]);
  expect(code).toBe(0);
  expect(gateway.seen[0]?.body).toEqual({ as: 'succeeded', note: 'seen in the bank' });
});

test('an error of the gateway is told with its fields, its request id and the exit code', async () => {
  const { gateway, run } = await setUp();
  const fields = [{ field: 'state', expected: 'a state' }];
  gateway.on('GET /v1/approvals', problem(400, 'invalid_request', { fields }), problem(403, 'forbidden'));
  const refused = await run('approval list --state x');
  expect(refused.code).toBe(2);
  expect(refused.stdout).toBe('');
  expect(refused.stderr).toBe('error: It was invalid_request.\n  state: expected a state\n  request req_1\n');
  const forbidden = await run('approval list --json');
  expect(forbidden.code).toBe(4);
  const told = { error: { code: 'forbidden', detail: 'It was forbidden.', fields: [], request_id: 'req_1' } };
  expect(JSON.parse(forbidden.stderr)).toEqual(told);
});

const actionWire = {
  ...approvalDetailWire,
  kind: 'action',
  requester: 'api_key:key_1',
  subject: 'service-account:release-bot',
  session: null,
  server: null,
  tool: 'deployment.execute',
  action: {
    name: 'deployment.execute',
    resource: 'service:billing-api',
    actor: 'service-account:release-bot',
    risk: 'high',
    metadata: { environment: 'production', ownerTeam: 'pay' },
  },
};
const REQUEST = [
  ...['approval', 'request', '--action', 'deployment.execute', '--resource', 'service:billing-api'],
  ...['--risk', 'high', '--actor', 'service-account:release-bot', '--metadata', 'environment=production'],
];

describe('approval request', () => {
  test('sends the action, says where a person decides, and ends with 5 while it waits', async () => {
    const { gateway, run } = await setUp();
    gateway.on('POST /v1/approvals', json(202, actionWire));
    const { code, stdout, stderr } = await run([
      ...REQUEST,
      ...['--metadata', 'ownerTeam=pay', '--argument', 'version=1.2', '--argument', 'note=a=b'],
      ...['--idempotency-key', 'release-7'],
    ]);
    expect(code).toBe(5);
    expect(stderr).toBe(`A person decides on ${approvalWire.url}\n`);
    expect(stdout).toContain('Action        deployment.execute service:billing-api');
    expect(stdout).toContain('Requested by  api_key:key_1');
    expect(gateway.seen[0]?.body).toEqual({
      action: 'deployment.execute',
      resource: 'service:billing-api',
      actor: 'service-account:release-bot',
      risk: 'high',
      metadata: { environment: 'production', ownerTeam: 'pay' },
      arguments: { version: '1.2', note: 'a=b' },
      idempotency_key: 'release-7',
    });
  });

  test.each([
    ['approved', 0],
    ['denied', 3],
    ['expired', 6],
    ['void', 1],
    ['pending', 5],
  ] as const)('with --wait ends by what came of it: %s with %i', async (state, exit) => {
    const { gateway, run } = await setUp();
    gateway.on('POST /v1/approvals', json(202, actionWire));
    gateway.on(
      'GET /v1/approvals/apr_1/wait',
      json(state === 'pending' ? 202 : 200, { ...actionWire, state }),
    );
    const { code, json: values } = await run([...REQUEST, '--wait', '--timeout', '1s', '--json']);
    expect(code).toBe(exit);
    expect(values()).toMatchObject([{ id: 'apr_1', state, action: { metadata: { ownerTeam: 'pay' } } }]);
  });

  test('does not wait where policy has allowed it, and ends with 3 where policy denies it', async () => {
    const { gateway, run } = await setUp();
    gateway.on(
      'POST /v1/approvals',
      json(201, { ...actionWire, state: 'approved' }),
      problem(403, 'denied_by_policy'),
    );
    expect((await run([...REQUEST, '--wait'])).code).toBe(0);
    expect((await run([...REQUEST, '--wait'])).code).toBe(3);
    expect(gateway.seen).toHaveLength(2);
  });

  test('takes arguments as pairs or as a JSON object, and refuses anything else before it sends', async () => {
    const { gateway, run } = await setUp();
    gateway.on('POST /v1/approvals', json(202, actionWire));
    await run([...REQUEST, '--arguments', '{"replicas":3,"dry_run":false}']);
    expect(gateway.seen[0]?.body).toMatchObject({ arguments: { replicas: 3, dry_run: false } });
    const wrong: readonly (readonly [string, string[]])[] = [
      ['--arguments: expected a JSON object', ['--arguments', '[1]']],
      ['holds the same key twice', ['--arguments', '{"a":1,"a":2}']],
      ['expected one of them, not both', ['--arguments', '{}', '--argument', 'a=b']],
      ['--argument: expected key=value such as version=1.2', ['--argument', 'version']],
      ['--metadata: expected key=value such as environment=production', ['--metadata', '=x']],
      ['--resource', ['approval', 'request', '--action', 'x.y']],
    ];
    for (const [words, options] of wrong) {
      const line = options[0] === 'approval' ? options : [...REQUEST, ...options];
      const { code, stderr } = await run(line);
      expect([words, code]).toEqual([words, 2]);
      expect(stderr.toLowerCase()).toContain(words.toLowerCase());
    }
    expect(gateway.seen).toHaveLength(1);
  });
});

test('approval outcome reports what happened', async () => {
  const { gateway, run } = await setUp();
  gateway.on('POST /v1/approvals/apr_1/outcome', json(200, { ...actionWire, state: 'failed' }));
  const { code } = await run(['approval', 'outcome', 'apr_1', '--state', 'failed', '--note', 'no quota']);
  expect(code).toBe(0);
  expect(gateway.seen[0]?.body).toEqual({ state: 'failed', note: 'no quota' });
});

test('approval list shows actions beside tool calls', async () => {
  const { gateway, run } = await setUp();
  gateway.on('GET /v1/approvals', page([actionWire]));
  const { stdout } = await run('approval list');
  expect(stdout).toContain('service-account:release-bot  deployment.execute service:billing-api');
});
