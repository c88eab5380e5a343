import { readFileSync, statSync } from 'node:fs';
import { CountersignError, errorText } from '../core/errors.ts';
import type { Lookup } from '../downstream/expand.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const OTHERS_MAY_READ = 0o044;

/** Reads a file that holds one secret. Throws `config_invalid` when it is missing or others than its owner may read it. */
function readSecret(file: string, variable: string): string {
  try {
    const { mode } = statSync(file);
    if (process.platform !== 'win32' && (mode & OTHERS_MAY_READ) !== 0) {
      throw new CountersignError(
        'config_invalid',
        `${file} (named by ${variable}) can be read by other users of this machine; run: chmod 600 ${file}`,
      );
    }
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    if (error instanceof CountersignError) throw error;
    throw new CountersignError(
      'config_invalid',
      `${file} (named by ${variable}) cannot be read: ${errorText(error)}.`,
      {
        cause: error,
      },
    );
  }
}

/** Looks a variable up: the file that `<NAME>_FILE` names comes first, then the variable itself. */
export function environmentLookup(env: Environment): Lookup {
  return (variable) => {
    const file = env[`${variable}_FILE`];
    return file === undefined || file === '' ? env[variable] : readSecret(file, `${variable}_FILE`);
  };
}
