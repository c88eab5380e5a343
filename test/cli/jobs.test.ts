import { describe, expect, onTestFinished, test } from 'vitest';
import { json, page, problem, startFakeGateway } from '../sdk/fake-gateway.ts';
import { jobDetailWire, jobWire } from '../sdk/wire-samples.ts';
import { openTerminal } from './run-command.ts';

async function setUp() {
  const gateway = await startFakeGateway();
  onTestFinished(() => gateway[Symbol.asyncDispose]());
  const terminal = await openTerminal({ COUNTERSIGN_URL: gateway.origin, COUNTERSIGN_API_KEY: 'cs_k' });
  return { gateway, ...terminal };
}

describe('job list', () => {
  test('prints a table and passes the filters on, also as jobs', async () => {
    const { gateway, run } = await setUp();
    gateway.on('GET /v1/jobs', page([jobWire]));
    const { code, stdout } = await run(
      'jobs list --state working --user user-1 --source poll --since 1h --limit 3',
    );
    expect(code).toBe(0);
    expect(stdout.split('\n')[0]).toMatch(/^ID +STATE +SOURCE +USER +TOOL +PROGRESS +CREATED$/);
    expect(stdout).toContain('job_1  working  poll    user-1  sandbox/research_start  2 of 5, reading');
    expect(gateway.seen[0]?.query).toEqual({
      state: 'working',
      source: 'poll',
      subject: 'user-1',
      since: '2025-12-31T23:10:00.000Z',
      limit: '3',
    });
  });

  test('with --json prints the names of the REST API', async () => {
    const { gateway, run } = await setUp();
    gateway.on('GET /v1/jobs', page([jobWire]));
    expect((await run('job list --json')).json()).toEqual([{ data: [jobWire], has_more: false }]);
  });

  test('shows what a server wrote without letting it control the terminal', async () => {
    const { gateway, run } = await setUp();
    const progress = { progress: 1, total: null, message: '\u001b[2Jdone' };
    gateway.on('GET /v1/jobs', page([{ ...jobWire, progress }]));
    expect((await run('job list')).stdout).toContain('1, ⟦U+001B⟧[2Jdone');
  });
});

describe('job wait', () => {
  test.each([
    ['completed', 0],
    ['failed', 1],
    ['cancelled', 1],
    ['unknown', 1],
  ])('for one that is %s ends with %i', async (state, code) => {
    const { gateway, run } = await setUp();
    gateway.on('GET /v1/jobs/job_1/wait', json(200, { ...jobDetailWire, state }));
    const ran = await run('job wait job_1 --json');
    expect(ran.code).toBe(code);
    expect(ran.json()).toMatchObject([{ id: 'job_1', state }]);
  });

  test('tells its progress on stderr, and ends with 5 when the time is over', async () => {
    const { gateway, run } = await setUp();
    gateway.on('GET /v1/jobs/job_1/wait', json(202, jobDetailWire));
    const { code, stderr } = await run('job wait job_1 --timeout 1ms');
    expect(code).toBe(5);
    expect(stderr).toContain('job_1 is working: 2 of 5, reading');
  });

  test('goes on asking until it has ended', async () => {
    const { gateway, run } = await setUp();
    const ended = { ...jobDetailWire, state: 'completed', result: { kind: 'result', text: '{"ok":true}' } };
    gateway.on('GET /v1/jobs/job_1/wait', json(202, jobDetailWire), json(200, ended));
    const { code, stdout } = await run('job wait job_1');
    expect(code).toBe(0);
    expect(stdout).toContain('Result    {"ok":true}');
  });
});

test('job get shows why it ended, and where a person decides', async () => {
  const { gateway, run } = await setUp();
  const url = 'http://localhost:8420/approvals/apr_1';
  const more = { state: 'failed', reason: 'too much', approval: 'apr_1', approval_url: url };
  gateway.on('GET /v1/jobs/job_1', json(200, { ...jobDetailWire, ...more }));
  const { code, stdout } = await run('job get job_1');
  expect(code).toBe(0);
  for (const text of ['failed: too much', url, '2 of 5, reading']) expect(stdout).toContain(text);
});

test('job cancel asks for the end, and tells a refusal', async () => {
  const { gateway, run } = await setUp();
  gateway.on('POST /v1/jobs/job_1/cancel', json(200, jobDetailWire), problem(409, 'conflict'));
  expect((await run('job cancel job_1')).code).toBe(0);
  expect(gateway.seen[0]?.body).toEqual({});
  const refused = await run('job cancel job_1');
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('It was conflict.')]);
});
