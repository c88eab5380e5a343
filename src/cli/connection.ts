import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CountersignError } from '../core/errors.ts';
import type { Environment } from './ports.ts';

export interface Connection {
  readonly origin: string;
  readonly apiKey: string;
}

export interface ConnectionInput {
  readonly url?: string | undefined;
  readonly apiKey?: string | undefined;
  readonly dataDir: string;
  readonly env: Environment;
}

const NO_GATEWAY =
  'No gateway is known. Start one here with "countersign up", or name one: --url and --api-key, ' +
  'or COUNTERSIGN_URL and COUNTERSIGN_API_KEY (or COUNTERSIGN_API_KEY_FILE).';

/** The data directory: the flag, the environment, or `.countersign` here. */
export function dataDirOf(input: { flag?: string | undefined; env: Environment; cwd: string }): string {
  return resolve(input.cwd, input.flag ?? (input.env.COUNTERSIGN_DATA_DIR || '.countersign'));
}

/** The text of a file, or undefined when there is none; any other fault is thrown. */
export async function readIfPresent(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** A JSON object that the gateway left in the data directory. Throws `config_invalid` naming the file. */
export async function readState<T>(file: string): Promise<T | undefined> {
  const text = await readIfPresent(file);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    const message = `${file} is not JSON. It is written by "countersign up"; start it again to have it written anew.`;
    throw new CountersignError('config_invalid', message, { cause });
  }
}

async function keyFromEnvironment(env: Environment): Promise<string | undefined> {
  if (env.COUNTERSIGN_API_KEY) return env.COUNTERSIGN_API_KEY;
  const file = env.COUNTERSIGN_API_KEY_FILE;
  if (!file) return undefined;
  const text = await readIfPresent(file);
  if (text?.trim()) return text.trim();
  throw new CountersignError(
    'invalid_request',
    `COUNTERSIGN_API_KEY_FILE: ${file} does not exist or is empty.`,
  );
}

function sameOrigin(a: string, b: string): boolean {
  return URL.canParse(a) && URL.canParse(b) && new URL(a).origin === new URL(b).origin;
}

/**
 * Which gateway, and with what key: flags, then the environment, then `cli.json` of the data directory. A key from
 * that file goes only to the gateway that wrote it. Throws `invalid_request` (no gateway) or `unauthenticated`.
 */
export async function findConnection(input: ConnectionInput): Promise<Connection> {
  const file = join(input.dataDir, 'cli.json');
  const given = {
    url: input.url ?? (input.env.COUNTERSIGN_URL || undefined),
    key: input.apiKey ?? (await keyFromEnvironment(input.env)),
  };
  const saved = await readState<{ origin?: string; api_key?: string }>(file);
  const origin = given.url ?? saved?.origin;
  if (origin === undefined) throw new CountersignError('invalid_request', NO_GATEWAY);
  const savedKey =
    saved?.origin !== undefined && sameOrigin(saved.origin, origin) ? saved.api_key : undefined;
  const apiKey = given.key ?? savedKey;
  if (apiKey === undefined) {
    const message = `No API key for ${origin}. Give one by COUNTERSIGN_API_KEY, COUNTERSIGN_API_KEY_FILE or --api-key; an operator makes one with "countersign key create".`;
    throw new CountersignError('unauthenticated', message);
  }
  return { origin, apiKey };
}
