import { existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StdioServer } from '../downstream/server-config.ts';
import type { JobPair } from '../jobs/pair.ts';

const FILE_SERVER = '@modelcontextprotocol/server-filesystem';

const WELCOME = `Welcome to Countersign

This folder is what the server "files" shows to agents. Reading it is allowed by the shipped policy;
writing, moving and editing wait for a person. Put something here and ask your agent about it.
`;

function nodeServer(server: { name: string; args: string[]; place: string }): StdioServer {
  return {
    kind: 'stdio',
    command: process.execPath,
    env: {},
    cwd: undefined,
    prefix: undefined,
    timeoutMs: undefined,
    trustAnnotations: false,
    forwardCapability: false,
    relay: [],
    disabled: false,
    ...server,
  };
}

/** The sandbox company's research goes on after the call that begins it. */
export const SANDBOX_RESEARCH: JobPair = {
  server: 'sandbox',
  start: 'research_start',
  poll: 'research_status',
  cancel: 'research_cancel',
  id: '/research_id',
  argument: 'research_id',
  state: '/status',
  ends: { completed: ['done'], failed: [], cancelled: ['cancelled'] },
  progress: '/step',
  total: '/steps',
  message: '/doing',
  everyMs: 1_000,
};

/** The program of the file server, found as Node finds packages from here. */
function fileServerProgram(): string {
  const require = createRequire(import.meta.url);
  const manifest = require.resolve(`${FILE_SERVER}/package.json`);
  const { bin } = require(manifest) as { bin: Record<string, string> };
  return join(dirname(manifest), Object.values(bin)[0] ?? 'dist/index.js');
}

function makeFolders({ company, files }: { company: string; files: string }): void {
  for (const folder of [company, files]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const welcome = join(files, 'welcome.txt');
  if (!existsSync(welcome)) writeFileSync(welcome, WELCOME);
}

/**
 * The servers behind a gateway that was given none: the sandbox company as `sandbox`, with its own database, and
 * MCP's file server as `files` on a folder of the data directory. Makes both folders when they are missing, unless told
 * not to.
 */
export function defaultServers(dataDir: string, { make } = { make: true }): StdioServer[] {
  const company = join(dataDir, 'sandbox');
  const files = join(dataDir, 'files');
  if (make) makeFolders({ company, files });
  const here = fileURLToPath(import.meta.url);
  const program = join(dirname(here), '..', 'demo', here.endsWith('.ts') ? 'main.ts' : 'main.js');
  return [
    nodeServer({ name: 'sandbox', args: [program, company], place: 'the sandbox company' }),
    nodeServer({
      name: 'files',
      args: [fileServerProgram(), make ? realpathSync(files) : files],
      place: 'the file server',
    }),
  ];
}
