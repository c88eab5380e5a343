import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import * as countersign from '../../src/index.ts';
import { startTestGateway } from '../support/gateway.ts';
import { asModule, readExamples, runExample } from './support/examples.ts';
import { operationsOf, sampledGateway } from './support/sampled-gateway.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BASE_URL = 'http://localhost:8420';

/** What other parties' own software reads: discovery documents, and the registration of OAuth clients. */
const OF_OTHERS = /^(?:GET \/\.well-known\/|POST \/oauth\/register$)/;

/** Functions by their path, such as `sessions.mint`. */
function methodsOf(value: object, path: readonly string[] = []): string[] {
  return Object.entries(value).flatMap(([name, member]) => {
    if (typeof member === 'function') return [[...path, name].join('.')];
    return typeof member === 'object' && member !== null ? methodsOf(member, [...path, name]) : [];
  });
}

/** Where a value is undefined: the client reads there what the document does not promise. */
function gaps(value: unknown, path = ''): string[] {
  if (value === undefined) return [path];
  if (typeof value !== 'object' || value === null || value instanceof ReadableStream) return [];
  return Object.entries(value).flatMap(([name, member]) => gaps(member, `${path}.${name}`));
}

/** The same functions, each of which tells its name and what it resolved with. */
function watched<T extends object>(
  target: T,
  told: (name: string, result?: unknown) => void,
  path: readonly string[] = [],
): T {
  const entries = Object.entries(target).map(([name, member]) => {
    const at = [...path, name];
    if (typeof member === 'object' && member !== null) return [name, watched(member, told, at)];
    if (typeof member !== 'function') return [name, member];
    const call = (...given: unknown[]) => {
      const result = member(...given);
      told(at.join('.'));
      if (!(result instanceof Promise)) return name === 'forUser' ? watched(result, told, ['user']) : result;
      void result.then(
        (value: unknown) => told(at.join('.'), value),
        () => undefined,
      );
      return result;
    };
    return [name, call];
  });
  return Object.fromEntries(entries) as T;
}

/** What a running gateway says of its API. */
async function readDocument(): Promise<any> {
  const gateway = await startTestGateway({ oracle: false });
  onTestFinished(() => gateway.close());
  return (await gateway.api('GET', '/v1/openapi.json')).body;
}

async function runAll(document: any) {
  const gateway = sampledGateway(document);
  const called = new Set<string>();
  const missing: string[] = [];
  const told = (name: string, result?: unknown): void => {
    // A user's resource is the same one, narrowed.
    called.add(name).add(name.replace(/^user\.(?=.*\.)/, ''));
    if (result !== undefined) missing.push(...gaps(result, name));
  };
  function Countersign(options: countersign.CountersignOptions) {
    const pause = () => new Promise<void>((resolve) => void setImmediate(resolve));
    return watched(new countersign.Countersign({ ...options, fetch: gateway.fetch, pause }), told);
  }
  for (const example of await readExamples()) {
    const client = Countersign({ baseUrl: BASE_URL, apiKey: 'cs_k' });
    const names = {
      countersign: client,
      user: client.forUser('x'),
      authenticator: async () => ({ id: 'x' }),
      console: { log: () => undefined, warn: () => undefined, error: () => undefined },
    };
    await runExample(example, names, async (from) =>
      from === 'countersign' ? { ...countersign, Countersign } : import(from),
    ).catch((cause: unknown) => {
      throw new Error(`docs/${example.at} failed`, { cause });
    });
  }
  return { asked: gateway.asked, called, missing };
}

test('the examples of the SDK’s pages run, and call every method and every operation of the API', async () => {
  const document = await readDocument();
  const { asked, called, missing } = await runAll(document);
  const client = new countersign.Countersign({ baseUrl: BASE_URL, apiKey: 'cs_k' });
  const methods = [...methodsOf(client), 'user.session'];
  expect(methods.filter((name) => !called.has(name))).toEqual([]);
  const operations = operationsOf(document).map(({ name }) => name);
  expect(operations.filter((name) => !asked.has(name) && !OF_OTHERS.test(name))).toEqual([]);
  expect(missing).toEqual([]);
});

test('every function that the package exports is shown on the SDK’s pages', async () => {
  const code = (await readExamples()).map((example) => example.code).join('\n');
  const functions = Object.entries(countersign).filter(([, value]) => typeof value === 'function');
  expect(functions.map(([name]) => name).filter((name) => !code.includes(`${name}(`))).toEqual([]);
});

test('the examples of the SDK’s pages are well-typed under the strictest settings', async () => {
  const dir = await mkdtemp(join(ROOT, 'test/sdk/.examples-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  await writeFile(join(dir, 'examples.ts'), asModule(await readExamples()));
  const settings = {
    extends: join(ROOT, 'tsconfig.test.json'),
    compilerOptions: { paths: { countersign: [join(ROOT, 'src/index.ts')] }, rootDir: ROOT },
    include: [],
    files: ['examples.ts'],
  };
  await writeFile(join(dir, 'tsconfig.json'), JSON.stringify(settings));
  const tsc = join(ROOT, 'node_modules/.bin/tsc');
  const { stdout } = await promisify(execFile)(tsc, ['-p', dir]).catch((error) => error);
  expect(stdout).toBe('');
});
