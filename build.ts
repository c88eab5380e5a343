import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('.', import.meta.url));
const SOURCES = ['src', 'vite.config.ts', 'build.ts', 'package-lock.json'];
/** Written last, so that a build that was broken off is not taken for one. */
const STAMP = join(ROOT, 'dist/.built');

function modifiedAtMs(path: string): number {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  const below = readdirSync(path).map((name) => modifiedAtMs(join(path, name)));
  return Math.max(stat.mtimeMs, ...below);
}

function isFresh(): boolean {
  if (!existsSync(STAMP)) return false;
  const builtMs = modifiedAtMs(STAMP);
  return SOURCES.every((path) => modifiedAtMs(join(ROOT, path)) < builtMs);
}

/** Bundles server, SDK and dashboard into dist/, which is emptied before. */
export async function build(): Promise<void> {
  const { createBuilder } = await import('vite');
  const builder = await createBuilder({ configFile: join(ROOT, 'vite.config.ts'), logLevel: 'warn' });
  await builder.buildApp();
  writeFileSync(STAMP, '');
}

/** Builds if a source is newer than what was built last. */
export async function buildWhenStale(): Promise<void> {
  if (!isFresh()) await build();
}

if (import.meta.main) await (process.argv.includes('--when-stale') ? buildWhenStale() : build());
