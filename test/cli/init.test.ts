import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { runPolicyTests } from '../../src/policy/test-suite.ts';
import { openTerminal } from './run-command.ts';

test('a new project starts as it is, its policy passes its own tests, and secrets are not committed', async () => {
  const { run, dir } = await openTerminal();
  const { code, json } = await run('init --json');
  expect(code).toBe(0);
  const written = ['countersign.yaml', 'policies/policy.yaml', 'policies/policy_test.yaml', '.gitignore'];
  expect(json()).toEqual([{ folder: dir, written, kept: [] }]);
  const config = loadConfig({ env: {}, configFile: join(dir, 'countersign.yaml') });
  expect(config.policiesDir).toBe(join(dir, 'policies'));
  const { results } = await runPolicyTests(join(dir, 'policies'));
  expect(results.map(({ name, ok }) => [name, ok])).toEqual([
    ['lists are read without asking', true],
    ['a large refund waits for a person', true],
  ]);
  const ignored = await readFile(join(dir, '.gitignore'), 'utf8');
  expect(ignored.split('\n')).toEqual(expect.arrayContaining(['.countersign/', '.mcp.json']));
});

test('what is there already stays, and only what is missing is added to .gitignore', async () => {
  const { run, dir } = await openTerminal();
  await writeFile(join(dir, 'countersign.yaml'), 'data_dir: here\n');
  await writeFile(join(dir, '.gitignore'), 'node_modules\n.countersign/');
  expect((await run('init')).stdout).toContain('kept  countersign.yaml\n');
  expect(await readFile(join(dir, 'countersign.yaml'), 'utf8')).toBe('data_dir: here\n');
  expect(await readFile(join(dir, '.gitignore'), 'utf8')).toBe(
    'node_modules\n.countersign/\n.mcp.json\n.cursor/mcp.json\n.vscode/mcp.json\n',
  );
  expect((await run('init --json')).json()).toMatchObject([{ written: [] }]);
});
