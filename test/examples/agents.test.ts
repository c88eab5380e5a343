import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Countersign } from '../../src/sdk/countersign.ts';
import { openTerminal } from '../stories/cli-terminal.ts';
import { connectV2 } from '../support/agents.ts';
import { enrol } from '../support/approver.ts';

const EXAMPLES = fileURLToPath(new URL('../../examples', import.meta.url));

/** The gateway as it starts by itself: the sandbox company and the shipped policy. */
async function open() {
  const terminal = await openTerminal();
  onTestFinished(() => terminal.close());
  const { ready } = await terminal.up();
  const env = { PATH: process.env.PATH, COUNTERSIGN_URL: ready.origin, COUNTERSIGN_API_KEY: ready.api_key };
  const client = new Countersign({ baseUrl: ready.origin, apiKey: ready.api_key });
  return {
    dir: terminal.dir,
    client,
    person: await enrol(ready.origin, ready.enrol_url),
    async run(program: string, ...args: string[]) {
      const child = spawn(process.execPath, [join(EXAMPLES, program), ...args], { env, stdio: 'pipe' });
      const written = { stdout: '', stderr: '' };
      for (const name of ['stdout', 'stderr'] as const)
        child[name].setEncoding('utf8').on('data', (text: string) => {
          written[name] += text;
        });
      const [code] = await once(child, 'close');
      return { code, ...written };
    },
    pending: () =>
      vi.waitFor(
        async () => {
          const [one] = (await client.approvals.list({ state: 'pending' })).data;
          if (one === undefined) throw new Error('nothing waits');
          return one;
        },
        { timeout: 15_000, interval: 20 },
      ),
  };
}

test('the support bot refunds what a person approved, and tells the customer of what was denied', async () => {
  const { run, person, pending, client } = await open();
  const small = await run('support-bot/bot.js', 'Message from Harbor Robotics: please refund 400 cents');
  expect(small).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('Refunded 4.00 USD') });

  const large = run('support-bot/bot.js', 'Message from Harbor Robotics: please refund 7500 cents');
  const held = await pending();
  expect(held.effect).toContain('75');
  await person.decide(held.id, 'approve');
  expect(await large).toMatchObject({ code: 0, stdout: expect.stringContaining('Refunded 75.00 USD') });

  const other = run('support-bot/bot.js', 'Message from Harbor Robotics: please refund 8000 cents');
  await person.decide((await pending()).id, 'deny', 'too much');
  expect((await other).stdout).toContain('Your refund is denied: too much.');
  expect((await client.sessions.list({ subject: 'support', state: 'active' })).data).toEqual([]);
});

test('the graph ends while a person decides, and goes on from its checkpoint without calling again', async () => {
  const { run, person, pending, dir, client } = await open();
  const checkpoint = join(dir, 'checkpoint.json');
  const first = await run('agent-graph/agent.js', checkpoint);
  const held = await pending();
  expect(first).toMatchObject({ code: 5, stderr: '', stdout: expect.stringContaining(held.url) });
  expect((await run('agent-graph/agent.js', checkpoint)).code).toBe(5);
  await person.decide(held.id, 'approve');
  await client.approvals.wait(held.id, { timeoutMs: 10_000 });
  expect(await run('agent-graph/agent.js', checkpoint)).toMatchObject({
    code: 0,
    stdout: 'refund: succeeded\n',
  });
  expect((await run('agent-graph/agent.js', checkpoint)).stdout).toBe('refund: succeeded\n');
  const calls = await client.logs.query({ action: 'sandbox/payments_refund', type: 'approval.requested' });
  expect(calls.data).toHaveLength(1);
});

test('a worker that is not trusted does its work, is refused the rest, and is left with nothing', async () => {
  const { run, client } = await open();
  const { code, stdout } = await run(
    'untrusted-worker/orchestrator.js',
    'sandbox/customers_list,sandbox/invoices_list',
    '5',
  );
  expect(code).toBe(0);
  expect(stdout).toContain('may use: customers_list, invoices_list\n');
  expect(stdout).toContain('customers_list: done\n');
  expect(stdout).toMatch(/payments_refund: refused/);
  const [session] = (await client.sessions.list({ subject: 'month-end' })).data;
  expect(session).toMatchObject({ state: 'revoked', revokeReason: 'the worker has ended' });
});

test('a server of one’s own is gated by the configuration and the policy that stand beside it', async () => {
  const terminal = await openTerminal();
  onTestFinished(() => terminal.close());
  const folder = join(EXAMPLES, 'gate-your-server');
  const policies = join(folder, 'policies');
  expect((await terminal.run(['policy', 'test', policies])).code).toBe(0);

  const file = join(terminal.dir, 'notes.json');
  const yaml = await readFile(join(folder, 'countersign.yaml'), 'utf8');
  const config = await terminal.write(
    'countersign.yaml',
    yaml
      .replace('server.js', join(folder, 'server.js'))
      .replace('./policies', policies)
      .replace(/\$\{NOTES_FILE[^}]*\}/, file),
  );
  const { ready } = await terminal.up('--config', config);
  const person = await enrol(ready.origin, ready.enrol_url);
  const agent = await connectV2(ready.session.mcp, 'auto');
  onTestFinished(() => agent.close());
  await agent.callTool({ name: 'notes_add', arguments: { text: 'milk' } });
  const held: any = await agent.callTool({ name: 'notes_clear', arguments: {} });
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(['milk']);
  const id = held.structuredContent.approval_id;
  expect((await person.decide(id, 'approve')).status).toBe(200);
  await agent.callTool({ name: 'approval_wait', arguments: { approval_id: id } });
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual([]);
});
