import {
  chmodSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { CountersignError } from './errors.ts';

function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Writes a whole file or none, durable before it has its name, readable by its owner alone. Makes its folder. */
export function writeSecretFile(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.new`;
  const handle = openSync(draft, 'w', 0o600);
  try {
    chmodSync(draft, 0o600);
    writeSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(draft, file);
  syncFolder(dirname(file));
}

/**
 * The text of a file that holds a secret, without the white space around it. Throws `config_invalid`, which names the
 * file and what to do, when it cannot be read or when other users can read it.
 */
export function readSecretFile(file: string): string {
  try {
    const mode = statSync(file).mode & 0o777;
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      const problem = `this secret key can be read by other users (mode ${mode.toString(8)}); run: chmod 600 ${file}`;
      throw new CountersignError('config_invalid', `${file}: ${problem}`);
    }
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    if (cause instanceof CountersignError) throw cause;
    throw new CountersignError(
      'config_invalid',
      `${file}: this secret key cannot be read; check that the file exists and who owns it`,
      { cause },
    );
  }
}
