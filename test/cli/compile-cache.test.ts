import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-cache-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function version(caches: string, more: Record<string, string> = {}): string {
  const { NODE_COMPILE_CACHE: _, ...env } = process.env;
  return execFileSync(process.execPath, [MAIN, '--version'], {
    env: { ...env, XDG_CACHE_HOME: caches, ...more },
    encoding: 'utf8',
  }).trim();
}

test('compiled code is kept in the cache folder of the user', () => {
  expect(version(folder)).toMatch(/^\d+\.\d+\.\d+/);
  expect(readdirSync(join(folder, 'countersign', 'compiled'))).toHaveLength(1);
});

test('a folder that Node is told to use wins', () => {
  const chosen = join(folder, 'chosen');
  version(folder, { NODE_COMPILE_CACHE: chosen });
  expect(readdirSync(folder)).toEqual(['chosen']);
});

test('a cache folder that cannot be used stops nothing', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  expect(version(file)).toMatch(/^\d+\.\d+\.\d+/);
});
