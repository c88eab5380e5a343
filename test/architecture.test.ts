import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { checkArchitecture } from './support/architecture/check.ts';
import { readTree } from './support/architecture/read-tree.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

type Files = Readonly<Record<string, string>>;

function rulesBroken(files: Files): string[] {
  return checkArchitecture(new Map(Object.entries(files))).map((one) => one.rule);
}

test('the repository keeps every rule of the house', () => {
  const tree = readTree(ROOT, ['src', 'test', 'bench']);
  const report = checkArchitecture(tree).map((one) => `${one.path}:${one.line} [${one.rule}] ${one.detail}`);
  expect(tree.size).toBeGreaterThan(10);
  expect(report).toEqual([]);
});

const A_LINE = 'export const x = 1;\n';

const CLEAN: Readonly<Record<string, Files>> = {
  'a gate that reaches down and a feature that takes a type of another': {
    'src/core/clock.ts':
      'export type Clock = () => number;\nexport const systemClock: Clock = () => Date.now();\n',
    'src/storage/database.ts': A_LINE,
    'src/sessions/session.ts': 'export interface Session { readonly id: string }\n',
    'src/approvals/store.ts':
      "import type { Session } from '../sessions/session.ts';\nexport const sql = (s: Session) => [`SELECT * FROM approval WHERE session_id = ?`, s.id];\n",
    'src/downstream/call.ts':
      "import { Client } from '@modelcontextprotocol/client';\nexport const call = () => new Client();\n",
    'src/gate/forward.ts':
      "import { call } from '../downstream/call.ts';\nexport const forward = (d: D) => d.downstreams.request(call());\n",
    'src/mcp/serve.ts':
      "import { forward } from '../gate/forward.ts';\nexport const serve = () => forward();\n",
    'src/app.ts': "import { serve } from './mcp/serve.ts';\nexport const startApp = () => serve();\n",
    'src/main.ts': "import { startApp } from './app.ts';\nstartApp();\n",
  },
  'browser code over the SDK and the portable part of core': {
    'src/core/canonical.ts': A_LINE,
    'src/sdk/client.ts': "import { x } from '../core/canonical.ts';\nexport const y = x;\n",
    'src/dashboard/browser/main.tsx':
      "import { signal } from '@preact/signals';\nimport { y } from '../../sdk/client.ts';\nimport './style.css';\nexport const z = signal(y);\n",
  },
  'a handled failure, a filled table and prose that mentions a selection from a list': {
    'src/policy/load.ts':
      "const NAMES = new Map([['a', 1]]);\n// Select one from the list.\nexport const f = () => { try { return NAMES.get('select from') } catch (cause) { throw new Error('x', { cause }) } };\n",
    'src/principals/service-account.ts': 'export const at = new Date(0);\n',
    'test/policy/load.test.ts':
      "import { test } from 'vitest';\ntest('a rule is loaded whole', () => undefined);\n",
  },
};

const PLANTED: ReadonlyArray<readonly [rule: string, what: string, files: Files]> = [
  ['arrow', 'core that imports a feature', { 'src/core/x.ts': "import type { A } from '../policy/a.ts';" }],
  ['arrow', 'storage that imports a feature', { 'src/storage/x.ts': "import { a } from '../policy/a.ts';" }],
  [
    'arrow',
    'a feature that imports a value of another',
    { 'src/jobs/x.ts': "import { a } from '../policy/a.ts';" },
  ],
  [
    'arrow',
    'a value among types of another feature',
    { 'src/jobs/x.ts': "import { type A, b } from '../policy/a.ts';" },
  ],
  ['arrow', 'a side-effect import of another feature', { 'src/jobs/x.ts': "import '../policy/a.ts';" }],
  [
    'arrow',
    'a dynamic import of another feature',
    { 'src/jobs/x.ts': "export const x = () => import('../policy/a.ts');" },
  ],
  [
    'arrow',
    'a feature that imports the gate',
    { 'src/jobs/x.ts': "import type { A } from '../gate/gate.ts';" },
  ],
  ['arrow', 'a gate that imports a door', { 'src/gate/x.ts': "import { a } from '../mcp/a.ts';" }],
  ['arrow', 'one door that imports the other', { 'src/api/x.ts': "import { a } from '../mcp/a.ts';" }],
  ['arrow', 'an app that is imported from below', { 'src/api/x.ts': "import type { A } from '../app.ts';" }],
  [
    'arrow',
    'a command that imports the app',
    { 'src/cli/commands/up.ts': "import type { A } from '../../app.ts';" },
  ],
  [
    'arrow',
    'a command that imports a feature',
    { 'src/cli/commands/x.ts': "import { a } from '../../policy/a.ts';" },
  ],
  [
    'arrow',
    'an SDK that imports a feature',
    { 'src/sdk/x.ts': "import type { A } from '../approvals/a.ts';" },
  ],
  ['arrow', 'a demo that imports a feature', { 'src/demo/x.ts': "import { a } from '../policy/a.ts';" }],
  [
    'arrow',
    'browser code that imports the server',
    { 'src/dashboard/browser/x.ts': "import { a } from '../serve.ts';" },
  ],
  ['arrow', 'source that imports a test', { 'src/core/x.ts': "import { a } from '../../test/a.ts';" }],
  [
    'arrow',
    'browser code that imports the part of core that needs Node',
    {
      'src/core/digest.ts': "import { createHash } from 'node:crypto';\nexport const a = createHash;",
      'src/core/b.ts': "import { a } from './digest.ts';\nexport const b = a;",
      'src/dashboard/browser/x.ts': "import { b } from '../../core/b.ts';\nexport const c = b;",
    },
  ],
  ['place', 'a folder that the house does not know', { 'src/plugins/x.ts': A_LINE }],
  ['place', 'a stray file at the root of the source', { 'src/gateway.ts': A_LINE }],
  [
    'cycle',
    'two files that import each other',
    {
      'src/policy/a.ts': "import { b } from './b.ts';",
      'src/policy/b.ts': "import type { a } from './a.ts';",
    },
  ],
  [
    'package',
    'MCP spoken outside its places',
    { 'src/gate/x.ts': "import type { A } from '@modelcontextprotocol/client';" },
  ],
  ['package', 'an SDK with a dependency', { 'src/sdk/x.ts': "import { z } from 'zod';" }],
  ['package', 'an SDK that needs Node', { 'src/sdk/x.ts': "import { join } from 'node:path';" }],
  [
    'package',
    'a server package in the browser',
    { 'src/dashboard/browser/x.ts': "import { Hono } from 'hono';" },
  ],
  ['package', 'a browser package on the server', { 'src/api/x.ts': "import { h } from 'preact';" }],
  ['package', 'a database opened outside storage', { 'src/jobs/store.ts': "import D from 'libsql';" }],
  [
    'call-door',
    'a call sent past the gate',
    { 'src/mcp/x.ts': 'export const f = (d: Deps) => d.downstreams.request({ server: "a" });' },
  ],
  [
    'call-door',
    'the door taken along as a value',
    {
      'src/gate/hold.ts':
        'export const f = (d: Deps) => { const { request } = d.downstreams; return request; };',
    },
  ],
  [
    'call-door',
    'a request to a downstream made up elsewhere',
    { 'src/api/x.ts': "import type { DownstreamRequest } from '../downstream/catalog.ts';" },
  ],
  [
    'sql',
    'a query in a use-case',
    { 'src/approvals/decide.ts': "export const q = 'SELECT id FROM approval';" },
  ],
  [
    'sql',
    'an update in a template',
    { 'src/gate/x.ts': 'export const q = (t: string) => [`UPDATE approval SET a = 1`, t];' },
  ],
  [
    'sql',
    'an insert in lower case',
    { 'src/api/x.ts': "export const q = 'insert into approval values (1)';" },
  ],
  ['sql', 'a deletion', { 'src/jobs/x.ts': "export const q = 'DELETE FROM job';" }],
  ['sql', 'a table made in passing', { 'src/jobs/x.ts': "export const q = 'CREATE TABLE job (id TEXT)';" }],
  ['clock', 'the time of day', { 'src/jobs/x.ts': 'export const t = () => Date.now();' }],
  [
    'clock',
    'the time of day through the global object',
    { 'src/jobs/x.ts': 'export const t = () => globalThis.Date.now();' },
  ],
  ['clock', 'a date of now', { 'src/jobs/x.ts': 'export const t = () => new Date();' }],
  ['clock', 'dice', { 'src/jobs/x.ts': 'export const t = () => Math.random();' }],
  ['clock', 'an id of the global crypto', { 'src/jobs/x.ts': 'export const t = () => crypto.randomUUID();' }],
  [
    'clock',
    'an imported source of randomness',
    { 'src/jobs/x.ts': "import { randomBytes } from 'node:crypto';" },
  ],
  ['name', 'a file of odds and ends', { 'src/policy/utils.ts': A_LINE }],
  ['name', 'a folder of odds and ends', { 'src/core/common/x.ts': A_LINE }],
  ['name', 'a test folder of helpers', { 'test/helpers/x.ts': A_LINE }],
  ['name', 'a manager', { 'src/sessions/session-manager.ts': A_LINE }],
  ['name', 'a vague identifier', { 'src/sessions/x.ts': 'export const sessionService = 1;' }],
  [
    'word',
    'a server called upstream',
    { 'src/gate/x.ts': 'export const f = (upstreamUrl: string) => upstreamUrl;' },
  ],
  [
    'word',
    'a scope called permission',
    { 'src/sessions/x.ts': 'export interface S { readonly permissions: string[] }' },
  ],
  ['class', 'a class', { 'src/jobs/x.ts': 'export class Job {}' }],
  [
    'class',
    'a second error class',
    { 'src/core/errors.ts': 'export class CountersignError extends Error {}\nexport class B {}' },
  ],
  ['enum', 'an enum', { 'src/jobs/x.ts': "export enum State { Open = 'open' }" }],
  ['default-export', 'a default export', { 'src/jobs/x.ts': 'export default 1;' }],
  [
    'module-state',
    'a module-level variable',
    { 'src/jobs/x.ts': 'let count = 0;\nexport const f = () => ++count;' },
  ],
  [
    'module-state',
    'a module-level cache',
    { 'src/jobs/x.ts': 'export const cache = new Map<string, string>();' },
  ],
  ['barrel', 'a barrel', { 'src/jobs/all.ts': "export * from './job.ts';" }],
  [
    'barrel',
    'a re-export in passing',
    { 'src/jobs/x.ts': "export { a } from './job.ts';\nexport const b = 1;" },
  ],
  [
    'empty-catch',
    'a swallowed exception',
    { 'src/jobs/x.ts': 'export const f = () => { try { g(); } catch { /* well */ } };' },
  ],
  [
    'empty-catch',
    'a swallowed rejection',
    { 'src/jobs/x.ts': 'export const f = () => g().catch(() => {});' },
  ],
  ['plan', 'a plan in a comment', { 'src/jobs/x.ts': '// TODO: later\nexport const x = 1;' }],
  ['length', 'a source file of 301 lines', { 'src/jobs/x.ts': '\n'.repeat(301) }],
  ['length', 'a style sheet of 301 lines', { 'src/dashboard/browser/x.css': '\n'.repeat(301) }],
  ['length', 'a test of 301 lines', { 'test/x.test.ts': '\n'.repeat(301) }],
  [
    'title',
    'a title that stands twice',
    { 'test/x.test.ts': "test('a call is held', f);\ntest('a call is held', g);" },
  ],
  ['title', 'a title that is no sentence', { 'test/x.test.ts': "it.skip('works', f);" }],
  ['mock', 'a mock of our own module', { 'test/x.test.ts': "vi.mock('../src/core/clock.ts');" }],
];

describe('the checker', () => {
  test.each(Object.entries(CLEAN))('finds nothing wrong with %s', (_what, files) => {
    expect(rulesBroken(files)).toEqual([]);
  });

  test.each(PLANTED)('reports [%s] for %s', (rule, _what, files) => {
    expect(rulesBroken(files)).toEqual([rule]);
  });

  test('says which line of which file broke which rule', () => {
    const [one] = checkArchitecture(new Map([['src/jobs/x.ts', '\n\nexport class Job {}\n']]));
    expect(one).toEqual({
      rule: 'class',
      path: 'src/jobs/x.ts',
      line: 3,
      detail: 'CountersignError is the only class; write functions',
    });
  });

  test('accepts a file of exactly 300 lines', () => {
    expect(rulesBroken({ 'src/jobs/x.ts': '\n'.repeat(300) })).toEqual([]);
  });

  test('refuses to judge a file that does not parse', () => {
    expect(() => rulesBroken({ 'src/jobs/x.ts': 'export const = ;' })).toThrow(/src\/jobs\/x\.ts/);
  });
});
