import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { words } from '../cli/support/program.ts';
import { connectV2 } from '../support/agents.ts';
import { enrol } from '../support/approver.ts';
import { openTerminal } from './cli-terminal.ts';

const STEPS = /^## First gated call$([\s\S]*?)^## /m;

/** The shell commands and the tool calls of the skill's steps, in order; the agent knows nothing else. */
function stepsOf(skill: string) {
  const section = STEPS.exec(skill)?.[1] ?? '';
  const blocks = [...section.matchAll(/^ *```(sh|json)\n([\s\S]*?)^ *```$/gm)];
  const of = (kind: string) =>
    blocks.filter((block) => block[1] === kind).map((block) => block[2]?.trim() ?? '');
  return {
    commands: of('sh'),
    calls: of('json').map((text) => JSON.parse(text) as { name: string; arguments: Record<string, unknown> }),
  };
}

test('an agent that follows the starter prompt and the skill gets from nothing to an approved call', async () => {
  const prompt = await readFile(new URL('../../docs/agents.md', import.meta.url), 'utf8');
  expect(prompt).toContain('Read /skill.md at that address and follow its section "First gated call"');
  const terminal = await openTerminal();
  onTestFinished(() => terminal.close());

  const { ready } = await terminal.up();
  const { commands, calls } = stepsOf(await (await fetch(`${ready.origin}/skill.md`)).text());
  expect([commands.length, calls.length]).toEqual([2, 3]);
  for (const command of commands) {
    const [program, ...args] = words(command);
    expect(program).toBe('countersign');
    const { code, stderr } = await terminal.run(args);
    // The doctor finds that nobody has a passkey yet, and says so.
    expect([command, args[0] === 'doctor' ? 0 : code, stderr.includes('error:')]).toEqual([
      command,
      0,
      false,
    ]);
  }

  const file = JSON.parse(await readFile(join(terminal.dir, '.cursor/mcp.json'), 'utf8'));
  const [access] = Object.values<any>(file.mcpServers);
  const client = await connectV2({ url: access.url, headers: access.headers }, 'auto');
  onTestFinished(() => client.close());
  const { tools } = await client.listTools();
  const [list, refund, collect] = calls as [any, any, any];
  expect(tools.map(({ name }) => name)).toEqual(
    expect.arrayContaining([list.name, refund.name, collect.name]),
  );

  const listed = await client.callTool(list);
  const invoice = /inv_\w+/.exec(JSON.stringify(listed))?.[0];
  const held = await client.callTool({
    name: refund.name,
    arguments: { ...refund.arguments, invoice_id: invoice },
  });
  const { status, approval_id: id, approve_url: page } = held.structuredContent as Record<string, string>;
  expect(status).toBe('pending_approval');
  expect(page).toContain(String(id));

  const person = await enrol(ready.origin, ready.enrol_url);
  expect((await person.decide(String(id), 'approve')).status).toBe(200);
  const collected = await client.callTool({
    name: collect.name,
    arguments: { ...collect.arguments, approval_id: id },
  });
  expect(JSON.stringify(collected)).toContain('Refunded 75.00 USD');

  const logs = await terminal.run(['logs', 'query', '--user', 'you', '--json']);
  expect(logs.stdout).toContain(String(id));
});
