// Any Node that a person happens to have reads this file: no newer syntax here, and no import by name that may be absent.
import * as nodeModule from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Keeps what V8 makes of every module imported from here on, in this thread and in those started later, so that the
 * next start need not compile it again. It lives in the cache folder of this user, not in the shared temporary folder,
 * since whoever can write there could plant code. Node's own NODE_COMPILE_CACHE=<folder> and
 * NODE_DISABLE_COMPILE_CACHE=1 win; a folder that cannot be written only costs time.
 */
export function keepCompiledCode(env: Record<string, string | undefined>): void {
  if (typeof nodeModule.enableCompileCache !== 'function') return;
  const caches = env.XDG_CACHE_HOME || env.LOCALAPPDATA || join(homedir(), '.cache');
  const folder = env.NODE_COMPILE_CACHE || join(caches, 'countersign', 'compiled');
  nodeModule.enableCompileCache(folder);
  // A thread has a cache of its own, and learns of the folder by this variable alone.
  env.NODE_COMPILE_CACHE = folder;
}
