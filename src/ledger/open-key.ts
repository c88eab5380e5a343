import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { CountersignError } from '../core/errors.ts';
import type { RandomBytes } from '../core/ids.ts';
import { isKeyName, type NoteSigner, newSkey, parseSkey } from './note.ts';

const DATA_KEY_BYTES = 32;

function refuse(file: string, what: string, cause?: unknown): never {
  throw new CountersignError('config_invalid', `${file}: ${what}`, cause === undefined ? {} : { cause });
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Writes a whole file or none, durable before it has its name, readable by its owner alone. */
function writeSecret(file: string, text: string): void {
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

function readSecret(file: string): string {
  const mode = statSync(file).mode & 0o777;
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    refuse(
      file,
      `this secret key can be read by other users (mode ${mode.toString(8)}); run: chmod 600 ${file}`,
    );
  }
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    return refuse(file, 'this secret key cannot be read; check the owner of the file', cause);
  }
}

/**
 * Opens the key that signs checkpoints, made on first use under `name` (the log's origin, such as
 * `localhost:8787/default`). Later the name in the file holds, for it is in every entry. Throws `config_invalid` when
 * the file is malformed or can be read by other users.
 */
export function openLogKey(options: { file: string; name: string; random: RandomBytes }): {
  signer: NoteSigner;
  created: boolean;
} {
  const { file, name, random } = options;
  const created = !existsSync(file);
  if (created) {
    if (!isKeyName(name)) refuse(file, `"${name}" cannot name a log; expected no white space and no "+"`);
    writeSecret(file, `${newSkey({ name, random })}\n`);
  }
  const signer = parseSkey(readSecret(file));
  if (signer === undefined) {
    return refuse(
      file,
      'expected one line "PRIVATE+KEY+<name>+<id>+<base64>"; restore the file from a backup',
    );
  }
  return { signer, created };
}

/**
 * Opens the key that payloads are encrypted with, 32 bytes, made on first use. Throws `config_invalid` when the file
 * is malformed or can be read by other users. Whoever loses it loses every stored payload, and only those.
 */
export function openDataKey({ file, random }: { file: string; random: RandomBytes }): Uint8Array {
  if (!existsSync(file)) writeSecret(file, `${Buffer.from(random(DATA_KEY_BYTES)).toString('base64')}\n`);
  const text = readSecret(file);
  const key = Buffer.from(text, 'base64');
  if (key.length !== DATA_KEY_BYTES || key.toString('base64') !== text) {
    refuse(file, 'expected 32 bytes in base64 on one line; restore the file from a backup');
  }
  return key;
}
