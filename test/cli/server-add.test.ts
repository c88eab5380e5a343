import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { openTerminal } from './run-command.ts';

const BEFORE = `# mine
listen: { port: 8421 } # kept
mcp_servers:
  # the first
  old:
    url: https://old.example/mcp # why
`;

async function setUp(text?: string) {
  const terminal = await openTerminal();
  const file = join(terminal.dir, 'countersign.yaml');
  if (text !== undefined) await writeFile(file, text);
  return { ...terminal, file, read: () => readFile(file, 'utf8') };
}

test('a server is added by its address or by its program, and every other line stays as it is', async () => {
  const { run, file, read } = await setUp(BEFORE);
  const header = `Authorization=Bearer \${CRM_TOKEN}`;
  const added = await run([
    'server',
    'add',
    'crm',
    '--server-url',
    'https://crm.example/mcp',
    '--header',
    header,
  ]);
  expect([added.code, added.stdout]).toEqual([0, 'added crm\n']);
  await run(['server', 'add', 'shared', '--env', 'REGION=eu', '--', 'npx', '-y', 'some-server', '/srv']);
  expect(await read()).toBe(`${BEFORE}  crm:
    url: https://crm.example/mcp
    headers:
      Authorization: Bearer \${CRM_TOKEN}
  shared:
    command: npx
    args:
      - -y
      - some-server
      - /srv
    env:
      REGION: eu
`);
  const { servers } = loadConfig({ env: { CRM_TOKEN: 'x' }, configFile: file });
  expect(servers.map(({ name }) => name)).toEqual(['old', 'crm', 'shared']);
});

test('the servers of a client’s file are imported, and names that are there already stay unless told', async () => {
  const { run, dir, read } = await setUp(BEFORE);
  const theirs =
    '{ // comment\n "mcpServers": { "old": { "url": "https://new.example/mcp" }, "fs": { "command": "fs", "autoApprove": ["x"] } } }';
  await writeFile(join(dir, 'mcp.json'), theirs);
  const first = await run('server import mcp.json --json');
  expect(first.json()).toMatchObject([{ added: ['fs'], kept: ['old'] }]);
  expect(await read()).toBe(`${BEFORE}  fs:\n    command: fs\n`);
  expect((await run('server import mcp.json --replace')).code).toBe(0);
  expect(await read()).toContain('https://new.example/mcp');
  expect(await read()).toContain('# mine');
});

test('a file that is not there is made, and one that "init" wrote takes its first server', async () => {
  const { run, file, read } = await setUp();
  await run('server add a --server-url https://a.example/mcp');
  expect(await read()).toBe('mcp_servers:\n  a:\n    url: https://a.example/mcp\n');
  await writeFile(file, '');
  const other = await setUp();
  await other.run('init');
  await other.run('server add a --server-url https://a.example/mcp');
  const { servers } = loadConfig({ env: {}, configFile: other.file });
  expect(servers.map(({ name }) => name)).toEqual(['a']);
});

test.each([
  ['neither an address nor a program', undefined, ['server', 'add', 'a'], 'Expected either --server-url'],
  [
    'a name that no server can have',
    undefined,
    ['server', 'add', 'a b', '--server-url', 'https://x'],
    'a b: expected up to 40',
  ],
  [
    'a file that is not well-formed',
    'a: [',
    ['server', 'add', 'a', '--server-url', 'https://x'],
    'Nothing was written',
  ],
  [
    'the file of a client',
    '{"mcpServers":{}}',
    ['server', 'add', 'a', '--server-url', 'https://x'],
    'the file of an MCP client',
  ],
  [
    'servers that are no object',
    'mcp_servers: 1',
    ['server', 'add', 'a', '--server-url', 'https://x'],
    'expected servers by name',
  ],
  ['a file to import that is not there', undefined, ['server', 'import', 'none.json'], 'does not exist'],
])('%s is refused with what to do, and nothing is written', async (_what, text, line, said) => {
  const { run, read } = await setUp(text);
  const { code, stderr } = await run(line);
  expect([code, stderr]).toEqual([2, expect.stringContaining(said)]);
  expect(await read().catch(() => undefined)).toBe(text);
});
