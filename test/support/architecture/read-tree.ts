import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Tree } from './source.ts';

const TEXT = /\.(?:ts|tsx|js|mjs|css|html|sql|yaml|yml|json|md)$/;

/** Reads every text file below the given folders of the repository. */
export function readTree(root: string, folders: readonly string[]): Tree {
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true }).filter(
      (entry) => entry.isFile() && TEXT.test(entry.name),
    ),
  );
  return new Map(
    files.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [relative(root, path).replaceAll('\\', '/'), readFileSync(path, 'utf8')];
    }),
  );
}
