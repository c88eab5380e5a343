import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { commandTree } from '../../src/cli/command-tree.ts';
import { openTerminal } from './run-command.ts';
import { idleProgram } from './support/program.ts';

/** What bash offers for the last word of each of these lines. */
async function offered(script: string, lines: readonly string[]): Promise<string[][]> {
  const asks = lines.map((line) => {
    const words = line.split(' ');
    const given = words.map((word) => `'${word}'`).join(' ');
    return `COMP_WORDS=(${given}); COMP_CWORD=${words.length - 1}; _countersign; echo "\${COMPREPLY[*]}"`;
  });
  const { stdout } = await promisify(execFile)('bash', ['-c', `${script}\n${asks.join('\n')}`]);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' '));
}

test('bash completes commands, their options and those that every command takes', async () => {
  const { run } = await openTerminal();
  const { code, stdout } = await run('completion bash');
  expect(code).toBe(0);
  const lines = ['sess', 'session m', '--json session list --tr', 'session list --js', 'jobs w'];
  expect(
    await offered(
      stdout,
      lines.map((line) => `countersign ${line}`),
    ),
  ).toEqual([['session'], ['mint'], ['--tree'], ['--json'], ['wait']]);
  const nodes = commandTree(idleProgram().program);
  const options = await offered(
    stdout,
    nodes.map(({ path }) => ['countersign', ...path, '--'].join(' ')),
  );
  const parents = nodes.filter(({ commands }) => commands.length > 0);
  const commands = await offered(
    stdout,
    parents.map(({ path }) => ['countersign', ...path, ''].join(' ')),
  );
  for (const [index, node] of nodes.entries())
    expect(options[index]).toEqual(expect.arrayContaining(node.options.map(({ text }) => text)));
  expect(commands).toEqual(parents.map((node) => node.commands.map(({ text }) => text)));
});

test.each(['zsh', 'fish'])('the script for %s names the options of every command', async (shell) => {
  const { run } = await openTerminal();
  const { stdout } = await run(`completion ${shell}`);
  for (const { path, options } of commandTree(idleProgram().program)) {
    if (path.length === 0 || (shell === 'fish' && options.length === 0)) continue;
    expect(stdout).toContain(`"${path.join(' ')}"`);
    for (const { text } of options)
      expect(stdout).toContain(shell === 'fish' ? `-l ${text.slice(2)} ` : `'${text}:`);
  }
  expect(stdout).not.toContain('undefined');
});

test('a shell that is not known is told which are', async () => {
  const { run } = await openTerminal();
  const { code, stderr } = await run('completion tcsh');
  expect([code, stderr]).toEqual([2, 'error: shell: expected bash, zsh, fish, but got "tcsh".\n']);
});
