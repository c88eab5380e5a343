import { constants } from 'node:fs';
import { copyFile, mkdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CountersignError } from '../../core/errors.ts';
import { readIfPresent } from '../connection.ts';
import { changedLines, type Placed, putEntry } from './config-text.ts';

export interface WrittenConfig {
  /** Where it really is: a symbolic link is followed. */
  readonly file: string;
  /** The file as it was; undefined when there was none, or nothing had to change. */
  readonly backup: string | undefined;
  readonly changed: boolean;
  /** The lines that differ, without credentials. */
  readonly diff: readonly string[];
}

const OWNER_ONLY = 0o600;
const BACKUPS = 1_000;

async function realFile(file: string): Promise<string> {
  try {
    return await realpath(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return file;
    throw error;
  }
}

/** Copies the file beside itself under the first free name. */
async function backUp(file: string): Promise<string> {
  for (let number = 1; number <= BACKUPS; number++) {
    const backup = `${file}.backup-${number}`;
    try {
      await copyFile(file, backup, constants.COPYFILE_EXCL);
      return backup;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  throw new CountersignError('conflict', `${file}: there are ${BACKUPS} backups of it; remove some.`);
}

/**
 * Sets one entry of a client's file, whole or not at all, with the file as it was beside it. Throws `invalid_request`
 * for a malformed file and `conflict` when another program changed it meanwhile; both leave it as it was.
 */
export async function writeConfig(given: string, placed: Placed): Promise<WrittenConfig> {
  const file = await realFile(given);
  const before = await readIfPresent(file);
  const after = putEntry(file, before, placed);
  if (after === before) return { file, backup: undefined, changed: false, diff: [] };
  const diff = changedLines(before, after);
  const mode = before === undefined ? OWNER_ONLY : (await stat(file)).mode & 0o777;
  await mkdir(dirname(file), { recursive: true });
  const backup = before === undefined ? undefined : await backUp(file);
  const part = `${file}.part`;
  try {
    // What an attempt that was cut off has left.
    await rm(part, { force: true });
    await writeFile(part, after, { mode, flag: 'wx' });
    const now = before === undefined ? await readIfPresent(file) : await readFile(file, 'utf8');
    if (now !== before) {
      const problem = `${file} was changed by another program meanwhile; nothing was written. Try again.`;
      throw new CountersignError('conflict', problem);
    }
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true });
    if (backup !== undefined) await rm(backup, { force: true });
    throw error;
  }
  return { file, backup, changed: true, diff };
}
