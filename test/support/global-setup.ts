import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SOURCES = ['vite.config.ts', 'package-lock.json', 'src/dashboard/browser', 'src/sdk'];

function modifiedAtMs(path: string, pick: (times: readonly number[]) => number): number {
  if (!existsSync(path)) return 0;
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  const times = readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs);
  return times.length === 0 ? 0 : pick(times);
}

/** Builds the dashboard before the first test, when its sources are newer than what was built last. */
export async function setup(): Promise<void> {
  if (!existsSync(join(ROOT, 'vite.config.ts'))) return;
  const { build, resolveConfig } = await import('vite');
  const configFile = join(ROOT, 'vite.config.ts');
  const config = await resolveConfig({ configFile }, 'build');
  const built = modifiedAtMs(join(config.root, config.build.outDir), (times) => Math.min(...times));
  const newest = Math.max(
    ...SOURCES.map((path) => modifiedAtMs(join(ROOT, path), (times) => Math.max(...times))),
  );
  if (built < newest) await build({ configFile, logLevel: 'error' });
}
