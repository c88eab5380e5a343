import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { expect, onTestFinished, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { inOrder, unstamped } from '../mcp/support/unstamped.ts';
import { connectV1, connectV2 } from '../support/agents.ts';
import { unpackBrowser } from '../support/browser.ts';
import { BASE_POLICY, startTestGateway } from '../support/gateway.ts';

const require = createRequire(import.meta.url);
const POLICY = `${BASE_POLICY}  - id: others
    match: { tools: ["others/*"] }
    effect: allow
`;

interface Entry {
  readonly command: string;
  readonly args: string[];
  readonly env?: Record<string, string>;
  readonly cwd?: string;
}
interface Program {
  readonly entry: Entry;
  readonly calls: readonly (readonly [tool: string, args: Record<string, unknown>])[];
  /** Takes out of a text what differs from one process to the next. */
  readonly steady?: (text: string) => string;
}

async function temporaryFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'countersign-others-')));
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}

/** A program beside its package's description, without a shell or a package runner. */
function program(description: string, bin: string, args: readonly string[] = []): Entry {
  return { command: process.execPath, args: [join(dirname(description), bin), ...args] };
}

/** Servers that others have made, each made anew for whoever asks, with calls whose answers can be compared. */
const PROGRAMS: Readonly<Record<string, () => Promise<Program>>> = {
  async '@modelcontextprotocol/server-filesystem'() {
    const folder = await temporaryFolder();
    const path = join(folder, 'ünï code.txt');
    await writeFile(path, 'one\ntwo\u2028three\n');
    return {
      entry: program(
        require.resolve('@modelcontextprotocol/server-filesystem/package.json'),
        'dist/index.js',
        [folder],
      ),
      steady: (text) => text.replaceAll(folder, '<folder>'),
      calls: [
        ['list_allowed_directories', {}],
        ['read_text_file', { path, head: 1 }],
        ['write_file', { path: join(folder, 'new.txt'), content: 'written' }],
        ['list_directory', { path: folder }],
        ['read_text_file', { path: '/etc/passwd' }],
      ],
    };
  },
  async '@modelcontextprotocol/server-everything'() {
    return {
      entry: program(
        require.resolve('@modelcontextprotocol/server-everything/package.json'),
        'dist/index.js',
        ['stdio'],
      ),
      calls: [
        ['echo', { message: 'A😀\u2028' }],
        ['get-sum', { a: 1, b: 0.5 }],
        ['get-tiny-image', {}],
        ['get-structured-content', { location: 'Chicago' }],
        ['get-annotated-message', { messageType: 'error', includeImage: true }],
        ['get-resource-links', { count: 3 }],
        ['trigger-long-running-operation', { duration: 0.2, steps: 2 }],
      ],
    };
  },
  async '@modelcontextprotocol/server-memory'() {
    const env = { MEMORY_FILE_PATH: join(await temporaryFolder(), 'memory.json') };
    const entities = [{ name: 'Ada', entityType: 'person', observations: ['wrote notes'] }];
    return {
      entry: {
        ...program(require.resolve('@modelcontextprotocol/server-memory/package.json'), 'dist/index.js'),
        env,
      },
      calls: [
        ['create_entities', { entities }],
        ['add_observations', { observations: [{ entityName: 'Ada', contents: ['on engines'] }] }],
        ['read_graph', {}],
        ['search_nodes', { query: 'engines' }],
        ['add_observations', { observations: [{ entityName: 'Nobody', contents: ['x'] }] }],
      ],
    };
  },
  async '@modelcontextprotocol/server-sequential-thinking'() {
    const thought = (thoughtNumber: number) => ({
      thought: `step ${thoughtNumber}`,
      thoughtNumber,
      totalThoughts: 2,
      nextThoughtNeeded: thoughtNumber < 2,
    });
    return {
      entry: program(
        require.resolve('@modelcontextprotocol/server-sequential-thinking/package.json'),
        'dist/index.js',
      ),
      calls: [
        ['sequentialthinking', thought(1)],
        ['sequentialthinking', thought(2)],
      ],
    };
  },
  async '@eslint/mcp'() {
    const cwd = await temporaryFolder();
    await writeFile(
      join(cwd, 'eslint.config.js'),
      'module.exports = [{ rules: { "no-debugger": "error" } }];\n',
    );
    await writeFile(join(cwd, 'bad.js'), 'debugger;\n');
    return {
      entry: { ...program(require.resolve('@eslint/mcp/package.json'), 'src/mcp-cli.js'), cwd },
      steady: (text) => text.replaceAll(cwd, '<folder>'),
      calls: [
        ['lint-files', { filePaths: [join(cwd, 'bad.js')] }],
        ['lint-files', { filePaths: [] }],
      ],
    };
  },
  async '@wrtnlabs/calculator-mcp'() {
    return {
      entry: program(require.resolve('@wrtnlabs/calculator-mcp/package.json'), 'bin/index.js'),
      calls: [
        ['add', { a: 0.1, b: 0.2 }],
        ['div', { a: 1, b: 0 }],
        ['sqrt', { a: -1 }],
        ['mod', { a: 7, b: 3 }],
        ['add', { a: 'x' }],
      ],
    };
  },
  async 'chrome-devtools-mcp'() {
    const folder = await temporaryFolder();
    const { executablePath, flags, env } = await unpackBrowser(folder);
    const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    const args = [
      '--headless',
      '--isolated',
      '--no-usage-statistics',
      '--no-performance-crux',
      `--executable-path=${executablePath}`,
      ...[...flags, ...sandbox].map((flag) => `--chrome-arg=${flag}`),
    ];
    return {
      entry: {
        ...program(
          require.resolve('chrome-devtools-mcp/package.json'),
          'build/src/bin/chrome-devtools-mcp.js',
          args,
        ),
        env: { ...env, CHROME_DEVTOOLS_MCP_NO_UPDATE_CHECKS: '1' },
      },
      calls: [
        ['navigate_page', { pageId: 1, url: 'data:text/html,<title>Hello</title><h1>Signed</h1>' }],
        ['take_snapshot', { pageId: 1 }],
        ['evaluate_script', { pageId: 1, function: '() => document.title + [1.5, null]' }],
        ['list_pages', {}],
      ],
    };
  },
};

interface Agent {
  listTools(): Promise<{ tools: { name: string }[] }>;
  callTool(call: { name: string; arguments: Record<string, unknown> }): Promise<unknown>;
  close(): Promise<void>;
}

/** Lists every tool and makes every call, in order; then hangs up. */
async function use(agent: Agent, { calls, steady = (text) => text }: Program) {
  const { tools } = await agent.listTools();
  const listed = tools
    .filter(({ name }) => name !== 'approval_wait')
    // Only the revisions before 2026-07-28 know `execution`.
    .map(({ execution: _execution, ...tool }: { name: string; execution?: unknown }) => inOrder(tool));
  const answers: string[] = [];
  for (const [name, args] of calls) {
    const answer = (await agent.callTool({ name, arguments: args })) as JsonObject;
    answers.push(`${name}: ${steady(inOrder(unstamped(answer)))}`);
  }
  await agent.close();
  return { listed: listed.sort(), answers };
}

async function directly(made: Program) {
  const client = new Client({ name: 'direct', version: '1.0.0' });
  await client.connect(new StdioClientTransport({ ...made.entry, stderr: 'ignore' }));
  return use(client as Agent, made);
}

async function throughGateway(made: Program, which: 'v1' | 'v2') {
  const servers = { others: made.entry };
  const gateway = await startTestGateway({ policy: POLICY, oracle: false, servers });
  try {
    const { mcp } = gateway.app.session;
    return await use((which === 'v1' ? await connectV1(mcp) : await connectV2(mcp, 'modern')) as Agent, made);
  } finally {
    await gateway.close();
  }
}

test.each(Object.keys(PROGRAMS))(
  '%s lists and answers behind the gateway what it does directly',
  { timeout: 120_000 },
  async (name) => {
    const make = PROGRAMS[name] ?? expect.unreachable(name);
    const direct = await directly(await make());
    expect(direct.listed.length).toBeGreaterThan(0);
    expect(direct.answers[0]).not.toContain('"isError":true');
    expect(await throughGateway(await make(), 'v1')).toEqual(direct);
    expect(await throughGateway(await make(), 'v2')).toEqual(direct);
  },
);
