import { existsSync, readFileSync } from 'node:fs';
import { CountersignError } from '../../core/errors.ts';
import { isJsonObject, type JsonValue, parseStrict } from '../../core/json.ts';
import { writeSecretFile } from '../../core/secret-file.ts';
import type { HeldCheckpoint } from './add-checkpoint.ts';

/** What a witness has cosigned, in a file that is the only truth: it is read for every question and written whole. */
export interface WitnessMemory {
  /** The newest checkpoint that was cosigned of a log. Throws `config_invalid` when the file is gone or damaged. */
  held(origin: string): HeldCheckpoint | undefined;
  /** Returns when the checkpoint is on disk; throws when it may not be. */
  remember(origin: string, checkpoint: HeldCheckpoint): void;
}

/** What to do when a memory is lost; a backup of it is no help, for it may be older than what was cosigned since. */
export const NEW_WITNESS =
  "name another --key and --state, and give the logs the new witness's verifier key.";

type Logs = Readonly<Record<string, HeldCheckpoint>>;

function refuse(file: string, what: string, cause?: unknown): never {
  throw new CountersignError('config_invalid', `${file}: ${what}`, cause === undefined ? {} : { cause });
}

function isHeld(value: JsonValue | undefined): value is { size: number; root: string } {
  if (!isJsonObject(value)) return false;
  const { size, root } = value;
  return Number.isSafeInteger(size) && (size as number) >= 0 && /^[0-9a-f]{64}$/.test(String(root));
}

function read(file: string): Logs {
  let value: JsonValue;
  try {
    value = parseStrict(readFileSync(file, 'utf8'));
  } catch (cause) {
    return refuse(
      file,
      `what this witness has cosigned cannot be read; if it is damaged, ${NEW_WITNESS}`,
      cause,
    );
  }
  const logs = isJsonObject(value) && value.v === 1 ? value.logs : undefined;
  if (isJsonObject(logs) && Object.values(logs).every(isHeld)) return logs as unknown as Logs;
  return refuse(
    file,
    `expected {"v":1,"logs":{"<origin>":{"size":…,"root":"<hex>"}}}; if it is damaged, ${NEW_WITNESS}`,
  );
}

function write(file: string, logs: Logs): void {
  writeSecretFile(file, `${JSON.stringify({ v: 1, logs }, null, 2)}\n`);
}

/** Begins an empty memory, unless the file is there already. */
export function beginMemory(file: string): void {
  if (!existsSync(file)) write(file, {});
}

/** Opens a memory that was begun before. Throws `config_invalid` when it is gone or damaged. */
export function openMemory(file: string): WitnessMemory {
  read(file);
  return {
    held: (origin) => {
      const logs = read(file);
      return Object.hasOwn(logs, origin) ? logs[origin] : undefined;
    },
    remember: (origin, { size, root }) => write(file, { ...read(file), [origin]: { size, root } }),
  };
}
