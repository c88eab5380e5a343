import { existsSync } from 'node:fs';
import type { Clock } from '../core/clock.ts';
import { CountersignError } from '../core/errors.ts';
import type { RandomBytes } from '../core/ids.ts';
import { readSecretFile, writeSecretFile } from '../core/secret-file.ts';
import {
  formatKeyFile,
  type KeptKey,
  type KeyFile,
  parseKeyFile,
  readKept,
  settled,
  turned,
} from './key-file.ts';
import { type KeyRotation, type LogSigner, signRotation } from './log-key.ts';
import { newSkey, signTogether } from './note.ts';
import { isKeyName } from './note-key.ts';

const DATA_KEY_BYTES = 32;

function refuse(file: string, what: string, cause?: unknown): never {
  throw new CountersignError('config_invalid', `${file}: ${what}`, cause === undefined ? {} : { cause });
}

export interface LogKeyOptions {
  readonly file: string;
  /** The log's origin, such as `localhost:8787/default`, should the key have to be made. */
  readonly name: string;
  readonly random: RandomBytes;
  readonly now: Clock;
  /** Told the verifier key that has come into force. */
  readonly onRotated?: (vkey: string) => void;
}

/**
 * Opens the keys that sign checkpoints; the first one is made on first use. Later the name in the file holds, for it is
 * in every entry. Throws `config_invalid` when the file is malformed or can be read by other users.
 */
export function openLogKey(options: LogKeyOptions): { signer: LogSigner; created: boolean } {
  const { file, name, random, now, onRotated } = options;
  const created = !existsSync(file);
  if (created) {
    if (!isKeyName(name)) refuse(file, `"${name}" cannot name a log; expected no white space and no "+"`);
    writeSecretFile(file, `${newSkey({ name, random })}\n`);
  }
  const malformed =
    'expected "PRIVATE+KEY+<name>+<id>+<base64>" on the first line and earlier keys below; restore the file from a backup';
  let keys: KeyFile = parseKeyFile(readSecretFile(file)) ?? refuse(file, malformed);

  function keep(next: KeyFile): void {
    writeSecretFile(file, formatKeyFile(next));
    keys = next;
  }

  const rotation: KeyRotation = {
    vkeys: () =>
      [keys.current, ...(keys.next === undefined ? [] : [keys.next]), ...keys.previous].map(
        (key) => key.signer.vkey,
      ),
    settle(vkey) {
      const found = settled(keys, { vkey, at: now() });
      if (found === undefined)
        refuse(
          file,
          `the ledger's key is ${vkey}, which is not in this file; restore the file from a backup`,
        );
      if (formatKeyFile(found) !== formatKeyFile(keys)) keep(found);
    },
    prepare({ overlapUntil }) {
      const made = readKept(newSkey({ name: keys.current.signer.name, random })) as KeptKey;
      const prepared = { ...keys, next: { ...made, until: overlapUntil } };
      keep(prepared);
      const { current, previous } = turned(prepared, now());
      return {
        vkey: made.signer.vkey,
        previous: keys.current.signer.vkey,
        signature: signRotation(keys.current.signer, made.signer.vkey),
        overlapUntil,
        signer: signTogether(
          current.signer,
          previous.map((key) => key.signer),
        ),
      };
    },
    complete() {
      keys = turned(keys, now());
      onRotated?.(keys.current.signer.vkey);
      keep(keys);
    },
    discard() {
      const { current, previous } = keys;
      keep({ current, previous });
    },
  };

  const signer: LogSigner = {
    name: keys.current.signer.name,
    get vkey() {
      return keys.current.signer.vkey;
    },
    sign(text) {
      const at = now();
      const beside = keys.previous.filter((key) => at < key.until).map((key) => key.signer);
      return signTogether(keys.current.signer, beside).sign(text);
    },
    rotation,
  };
  return { signer, created };
}

/**
 * Opens the key that payloads are encrypted with, 32 bytes, made on first use. Throws `config_invalid` when the file
 * is malformed or can be read by other users. Whoever loses it loses every stored payload, and only those.
 */
export function openDataKey({ file, random }: { file: string; random: RandomBytes }): Uint8Array {
  if (!existsSync(file)) writeSecretFile(file, `${Buffer.from(random(DATA_KEY_BYTES)).toString('base64')}\n`);
  const text = readSecretFile(file);
  const key = Buffer.from(text, 'base64');
  if (key.length !== DATA_KEY_BYTES || key.toString('base64') !== text) {
    refuse(file, 'expected 32 bytes in base64 on one line; restore the file from a backup');
  }
  return key;
}
