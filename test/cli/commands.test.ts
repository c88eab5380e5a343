import { describe, expect, onTestFinished, test } from 'vitest';
import type { PolicyTools } from '../../src/cli/ports.ts';
import { json, page, startFakeGateway } from '../sdk/fake-gateway.ts';
import { entryWire, mintedWire, sessionWire } from '../sdk/wire-samples.ts';
import { NOW, openTerminal } from './run-command.ts';

async function setUp() {
  const gateway = await startFakeGateway();
  onTestFinished(() => gateway[Symbol.asyncDispose]());
  const terminal = await openTerminal({ COUNTERSIGN_URL: gateway.origin, COUNTERSIGN_API_KEY: 'cs_k' });
  return { gateway, ...terminal };
}

describe('session', () => {
  test('mint turns its options into the body and prints what connects an agent', async () => {
    const { gateway, run } = await setUp();
    gateway.on('POST /v1/sessions', json(201, mintedWire));
    const line =
      'session mint --user user-1 --ttl 90m --tools sandbox/*,!sandbox/vault_* --label teamName=ops --call-cap 5';
    const { code, stdout } = await run(line);
    expect(code).toBe(0);
    expect(gateway.seen[0]?.body).toEqual({
      subject: 'user-1',
      ttl_ms: 5_400_000,
      tools: ['sandbox/*', '!sandbox/vault_*'],
      labels: { teamName: 'ops' },
      call_cap: 5,
    });
    expect(stdout).toContain('Authorization: Bearer tok');
    expect((await run(`${line} --json`)).json()).toEqual([mintedWire]);
  });

  test('mint names the option that is wrong and what was expected', async () => {
    const { run } = await setUp();
    const wrong = {
      '--ttl soon': '--ttl: expected a duration such as "90s"',
      '--label team': '--label: expected key=value',
      '--call-cap 0': '--call-cap: expected a whole number from 1',
    };
    for (const [options, message] of Object.entries(wrong)) {
      const { code, stderr } = await run(`session mint ${options}`);
      expect(code).toBe(2);
      expect(stderr).toContain(message);
    }
  });

  test('list says what to do when there are none, and revoke tells the time', async () => {
    const { gateway, run } = await setUp();
    gateway.on('GET /v1/sessions', page([]));
    const revoked = {
      ...sessionWire,
      state: 'revoked',
      revoked_at: '2026-01-01T00:05:00.000Z',
      revoke_reason: 'lost',
    };
    gateway.on('POST /v1/sessions/ses_1/revoke', json(200, revoked));
    const listed = await run('session list');
    expect([listed.stdout, listed.stderr]).toEqual(['', expect.stringContaining('countersign session mint')]);
    const { stdout } = await run('session revoke ses_1 --reason lost');
    expect(stdout).toContain('2026-01-01T00:05:00.000Z');
    expect(gateway.seen[1]?.body).toEqual({ reason: 'lost' });
  });
});

describe('logs', () => {
  test('query takes durations for times, and prints one JSON line for each entry with --json', async () => {
    const { gateway, run } = await setUp();
    gateway.on('GET /v1/logs', page([entryWire(2), entryWire(1)]));
    const ran = await run('logs query --action sandbox/x --since 10m --user user-1 --limit 2 --json');
    expect(ran.json()).toEqual([entryWire(2), entryWire(1)]);
    const since = new Date(NOW - 600_000).toISOString();
    expect(gateway.seen[0]?.query).toEqual({ action: 'sandbox/x', since, subject: 'user-1', limit: '2' });
  });

  test('tail prints entries as they come until it is stopped, and ends with 0', async () => {
    const { gateway, run } = await setUp();
    const stops: (() => void)[] = [];
    gateway.on('GET /v1/logs/stream', (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const seq of [1, 2])
        response.write(`id: ${seq}\nevent: entry\ndata: ${JSON.stringify(entryWire(seq))}\n\n`);
    });
    const lines: string[] = [];
    const stdout = {
      write(text: string) {
        if (lines.push(text) === 2) for (const stop of stops) stop();
      },
    };
    const onSignal = (listener: () => void) => {
      stops.push(listener);
      return () => undefined;
    };
    const { code } = await run('logs tail --json', { stdout, onSignal });
    expect(code).toBe(0);
    expect(lines.map((text) => (JSON.parse(text) as { seq: number }).seq)).toEqual([1, 2]);
  });

  test('verify ends with 7 and says where it fails', async () => {
    const { gateway, run } = await setUp();
    const report = { ok: true, size: 3, root: 'r', checkpoint: 'c', vkey: 'v' };
    const failed = { ...report, ok: false, problem: { seq: 2, reason: 'the leaf differs' } };
    gateway.on('GET /v1/logs/verify', json(200, report), json(200, failed));
    expect((await run('logs verify')).code).toBe(0);
    const { code, stdout } = await run('logs verify');
    expect(code).toBe(7);
    expect(stdout).toContain('entry 2: the leaf differs');
  });
});

describe('policy', () => {
  const problems = [{ file: 'a.yaml', line: 3, column: 7, message: 'unknown field "amuont"' }];
  const rule = { rule: 'r1', file: 'a.yaml', line: 3, effect: 'hold', shadow: false, exceeded: [] } as const;
  const step = { expression: 'args.n > 5', depth: 0, line: 4, column: 11, value: 'true' };
  const answer = {
    verdict: { effect: 'hold', risk: 'high', reason: 'Over the threshold.' },
    rules: [
      { ...rule, outcome: 'matched', steps: [step] },
      { ...rule, rule: 'other', outcome: 'not_matched', why: 'no pattern matches', steps: [] },
    ],
  } as const;
  const asked: unknown[] = [];
  const tools: PolicyTools = {
    check: async (dir) => ({
      ok: !dir.endsWith('bad'),
      version: 'v1',
      problems: dir.endsWith('bad') ? problems : [],
    }),
    test: async (dir) => ({
      results: [
        { file: 'a_test.yaml', line: 3, column: 5, name: 'holds', ok: true, failures: [] },
        {
          file: 'a_test.yaml',
          line: 9,
          column: 5,
          name: 'denies',
          ok: dir.endsWith('good'),
          failures: ['effect: expected "deny"'],
        },
      ],
    }),
    explain: async (dir, question) => {
      asked.push([dir, question]);
      return answer;
    },
    read: () => Promise.reject(new Error('not asked for')),
    schema: () => ({}),
  };
  const policyTools = async () => tools;

  test('check prints file:line:column and ends with 1 when anything is wrong', async () => {
    const { run } = await setUp();
    expect((await run('policy check', { policyTools })).code).toBe(0);
    const { code, stdout } = await run('policy check bad', { policyTools });
    expect(code).toBe(1);
    expect(stdout).toBe('a.yaml:3:7  unknown field "amuont"\n');
  });

  test('test ends with 8 when a test fails, and shows what was expected', async () => {
    const { run } = await setUp();
    const { code, stdout, stderr } = await run('policy test', { policyTools });
    expect(code).toBe(8);
    expect(stdout).toContain('FAIL  a_test.yaml  denies\n      effect: expected "deny"');
    expect(stderr).toBe('1 passed, 1 failed\n');
    expect((await run('policy test good', { policyTools })).code).toBe(0);
  });

  test('explain asks the files when a folder is named', async () => {
    const { run, dir } = await setUp();
    const { code, stdout } = await run('policy explain s/t --policies p --args {"n":7} --label a=b', {
      policyTools,
    });
    expect(code).toBe(0);
    expect(asked).toEqual([
      [`${dir}/p`, { server: 's', tool: 't', args: { n: 7 }, subject: undefined, labels: { a: 'b' } }],
    ]);
    expect(stdout).toContain('hold (risk high): Over the threshold.');
    expect(stdout).toContain(
      '+ r1 (a.yaml:3) hold\n    args.n > 5  = true  [4:11]\n1 rules do not concern this call.',
    );
  });

  test('explain asks the gateway otherwise', async () => {
    const { gateway, run } = await setUp();
    gateway.on('POST /v1/policies/explain', json(200, answer));
    const ran = await run('policy explain s.t --args {"camelCase":1} --user u --json');
    expect(ran.json()).toEqual([answer]);
    const session = { subject: 'u', labels: {} };
    expect(gateway.seen[0]?.body).toEqual({ server: 's', tool: 't', args: { camelCase: 1 }, session });
  });

  test('explain refuses arguments that are no JSON object', async () => {
    const { run } = await setUp();
    for (const args of ['[1]', '{', '{"a":1,"a":2}']) {
      const { code, stderr } = await run(['policy', 'explain', 's/t', '--args', args]);
      expect([code, stderr]).toEqual([2, expect.stringContaining('--args: expected a JSON object')]);
    }
  });
});

describe('server', () => {
  const pinned = { name: 't', gone: 1 };
  const tool = {
    server: 'sandbox',
    tool: 't',
    exposed: 'x_t',
    pinned_hash: 'sha256:a',
    pinned_definition: pinned,
  };
  const definition = { name: 'x_t', description: 'new\u001b[2J' };
  const changed = { ...tool, state: 'quarantined', hash: 'sha256:b', definition };
  const same = { ...tool, tool: 'same', state: 'active', hash: 'sha256:a', definition: pinned };

  test('diff shows each difference at its place and how to accept exactly that', async () => {
    const { gateway, run } = await setUp();
    gateway.on('GET /v1/servers/sandbox/tools', page([changed, same]));
    const { stdout } = await run('server diff sandbox');
    expect(stdout.split('\n')).toEqual([
      'sandbox/t has changed and is quarantined',
      '  /description',
      '  + "new\\u001b[2J"',
      '  /gone',
      '  - 1',
      '  ! 1 hidden character in this definition, written as \\u…',
      '  countersign server accept sandbox t --hash sha256:b',
      '  countersign server refuse sandbox t --hash sha256:b',
      '',
    ]);
    expect((await run('server diff sandbox same')).stderr).toBe('Nothing has changed.\n');
    expect((await run('server diff sandbox nosuch')).stderr).toContain('no tool "nosuch"');
  });

  test('accept needs the hash that was reviewed', async () => {
    const { gateway, run } = await setUp();
    gateway.on('POST /v1/servers/sandbox/tools/t/accept', json(200, {}));
    expect((await run('server accept sandbox t')).code).toBe(2);
    expect((await run('server accept sandbox t --hash sha256:b')).code).toBe(0);
    expect(gateway.seen.map((one) => one.body)).toEqual([{ hash: 'sha256:b' }]);
  });
});

test('key create prints the secret on stdout and the warning on stderr', async () => {
  const { gateway, run } = await setUp();
  const wire = {
    id: 'key_1',
    name: 'ci',
    roles: ['minter', 'reader'],
    hint: 'cs_se',
    created_by: 'x',
    created_at: 'now',
    revoked_at: null,
  };
  gateway.on('POST /v1/keys', json(201, { ...wire, key: 'cs_secret' }));
  const { stdout, stderr } = await run('key create --name ci --role minter,reader');
  expect(gateway.seen[0]?.body).toEqual({ name: 'ci', roles: ['minter', 'reader'] });
  expect(stdout).toContain('cs_secret');
  expect(stderr).toContain('It is not shown again');
});

test('approver list shows the passkeys, and says what to do about one that may be copied', async () => {
  const { gateway, run } = await setUp();
  const passkey = { created_at: 'then', last_used_at: null, attestation: 'none', aaguid: '' };
  const passkeys = [
    { ...passkey, id: 'psk_1', suspect_at: null, device_type: 'singleDevice' },
    { ...passkey, id: 'psk_2', suspect_at: 'now', device_type: 'multiDevice' },
  ];
  const person = { id: 'per_1', name: 'Ann', groups: ['finance'], subject: 'user-7', created_at: 'then' };
  gateway.on('GET /v1/approvers', page([{ ...person, passkeys }]));
  const { stdout, stderr } = await run('approver list');
  expect(stdout).toContain('psk_1, psk_2 (copyable SUSPECT)');
  expect(stdout).toContain('user-7');
  expect(stderr).toContain('SUSPECT: it signed with a counter that went back');
});

test('approver invite and open print the place on the dashboard', async () => {
  const { gateway, run } = await setUp();
  expect((await run('approver invite')).stdout).toBe(`${gateway.origin}/people\n`);
  expect((await run('open --json')).json()).toEqual([{ url: `${gateway.origin}/` }]);
});
