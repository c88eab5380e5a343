import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { AgentOptions, AgentOutcome } from '../../src/demo/agent.ts';
import type { HeadlessOptions } from '../../src/demo/headless-approver.ts';
import { openTerminal } from './run-command.ts';

const mcp = { url: 'http://localhost:8420/mcp', headers: { Authorization: 'Bearer tok' } };
const pending = {
  approvalId: 'apr_1',
  approveUrl: 'http://localhost:8420/approvals/apr_1',
  expiresAt: 'later',
};

async function setUp() {
  const terminal = await openTerminal();
  const dataDir = join(terminal.dir, '.countersign');
  await mkdir(dataDir);
  await writeFile(join(dataDir, 'session.json'), JSON.stringify({ mcp }));
  return { ...terminal, dataDir };
}

function agentThat(ends: AgentOutcome['state'], seen: AgentOptions[] = []) {
  return async (options: AgentOptions): Promise<AgentOutcome> => {
    seen.push(options);
    options.print('It lists its tools.');
    options.status('waiting');
    await options.onPending(pending);
    return { state: ends, text: 'done' };
  };
}

test('try plays the agent on the session of the data directory with a key of its own', async () => {
  const { run } = await setUp();
  const seen: AgentOptions[] = [];
  const { code, stdout, stderr } = await run('try', { playAgent: agentThat('succeeded', seen) });
  expect([code, stdout, stderr]).toEqual([0, 'It lists its tools.\n', 'waiting\n']);
  expect(seen[0]).toMatchObject({ mcpUrl: mcp.url, headers: mcp.headers, idempotencyKey: 'req_key' });
});

test('try takes the session from the environment first, and keeps stdout for JSON with --json', async () => {
  const { run } = await setUp();
  const seen: AgentOptions[] = [];
  const env = { COUNTERSIGN_MCP_URL: 'http://h/mcp', COUNTERSIGN_MCP_AUTHORIZATION: 'Bearer x' };
  const ran = await run('try --json', { env, playAgent: agentThat('denied', seen) });
  expect(seen[0]).toMatchObject({ mcpUrl: 'http://h/mcp', headers: { Authorization: 'Bearer x' } });
  expect(ran.code).toBe(3);
  expect(ran.json()).toEqual([{ state: 'denied', text: 'done' }]);
});

test('try without a session says how to get one', async () => {
  const { run } = await openTerminal();
  const { code, stderr } = await run('try');
  expect(code).toBe(2);
  expect(stderr).toContain('npm start');
});

test('try --headless hands over the page, the unused link and the place of the key, and says what it is', async () => {
  const { run, dataDir } = await setUp();
  await writeFile(join(dataDir, 'enrol-url'), 'http://localhost:8420/enrol#t\n');
  const asked: HeadlessOptions[] = [];
  const approveHeadless = async (options: HeadlessOptions) => void asked.push(options);
  const playAgent = async (options: AgentOptions): Promise<AgentOutcome> => {
    await options.onPending(pending);
    while (asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
    return { state: 'succeeded', text: '' };
  };
  const { code, stdout } = await run('try --headless', { approveHeadless, playAgent });
  expect(code).toBe(0);
  expect(stdout).toContain('A demo authenticator decides now');
  expect(asked[0]).toMatchObject({
    approveUrl: pending.approveUrl,
    enrolUrl: 'http://localhost:8420/enrol#t',
    passkeyFile: join(dataDir, 'demo-passkey.json'),
  });
});

test('try --headless stops waiting and tells why when the browser cannot decide', async () => {
  const { run } = await setUp();
  const approveHeadless = async () => {
    throw new Error('no browser here');
  };
  const playAgent = async (options: AgentOptions): Promise<AgentOutcome> => {
    await options.onPending(pending);
    return await new Promise((_resolve, reject) => {
      options.signal.addEventListener('abort', () => reject(options.signal.reason));
    });
  };
  const { code, stderr } = await run('try --headless', { approveHeadless, playAgent });
  expect([code, stderr]).toEqual([1, 'error: no browser here\n']);
});
