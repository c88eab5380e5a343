import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CountersignError } from '../core/errors.ts';
import type { Environment } from './ports.ts';
import { profileNamed, profilesFile, readProfiles } from './profiles.ts';
import { findServiceAccount, type MachineKey } from './service-account.ts';

/** Which gateway, and who asks: exactly one of key and account is there. */
export interface Connection {
  readonly origin: string;
  readonly apiKey?: string;
  readonly serviceAccount?: MachineKey;
}

export interface ConnectionInput {
  readonly url?: string | undefined;
  readonly apiKey?: string | undefined;
  /** The flags that name a service account. */
  readonly serviceAccount?: string | undefined;
  readonly keyFile?: string | undefined;
  /** The flag that names a profile. */
  readonly profile?: string | undefined;
  readonly cwd: string;
  readonly home: string;
  readonly dataDir: string;
  readonly env: Environment;
}

const NO_GATEWAY =
  'No gateway is known. Start one here with "countersign up", or name one: --url and --api-key, ' +
  'or COUNTERSIGN_URL and COUNTERSIGN_API_KEY (or COUNTERSIGN_API_KEY_FILE), or a profile: countersign profile add.';

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

interface SavedConnection {
  readonly origin?: string;
  readonly api_key?: string;
}

type Target = Pick<
  ConnectionInput,
  'url' | 'apiKey' | 'serviceAccount' | 'keyFile' | 'profile' | 'home' | 'env'
>;

/**
 * What was asked for, with a profile's address and credentials where they are not given otherwise. One that is named, by
 * flag or by COUNTERSIGN_PROFILE, counts as flags do; the one in use counts where nothing else names a gateway. Its
 * credentials go to its own gateway only.
 */
function withProfile<T extends Target>(input: T, isKnownOtherwise: boolean): T {
  const name = input.profile ?? (input.env.COUNTERSIGN_PROFILE || undefined);
  if (name === undefined && (isKnownOtherwise || input.url !== undefined || input.env.COUNTERSIGN_URL))
    return input;
  const profiles = readProfiles(profilesFile(input));
  const chosen = name ?? profiles.current;
  if (chosen === undefined) return input;
  const { url, apiKey, serviceAccount, keyFile } = profileNamed(profiles, chosen);
  const { env } = input;
  const fromEnvironment =
    env.COUNTERSIGN_API_KEY || env.COUNTERSIGN_API_KEY_FILE || env.COUNTERSIGN_SERVICE_ACCOUNT;
  const isGiven =
    input.apiKey !== undefined ||
    input.serviceAccount !== undefined ||
    input.keyFile !== undefined ||
    (name === undefined && Boolean(fromEnvironment));
  const isElsewhere = input.url !== undefined && !sameOrigin(input.url, url);
  const credentials = isGiven || isElsewhere ? {} : { apiKey, serviceAccount, keyFile };
  return { ...input, url: input.url ?? url, ...credentials };
}

function originOf(input: Pick<ConnectionInput, 'url' | 'env'>, saved: SavedConnection | undefined): string {
  const origin = input.url ?? (input.env.COUNTERSIGN_URL || undefined) ?? saved?.origin;
  if (origin === undefined) throw new CountersignError('invalid_request', NO_GATEWAY);
  return origin;
}

/** Which gateway, for what needs no API key. Throws `invalid_request` when none is known. */
export async function findOrigin(
  input: Pick<ConnectionInput, 'url' | 'profile' | 'home' | 'dataDir' | 'env'>,
): Promise<string> {
  const saved = await readState<SavedConnection>(join(input.dataDir, 'cli.json'));
  return originOf(withProfile(input, saved?.origin !== undefined), saved);
}

/** The service account, where it is meant: flags win over the environment, and both at one level are a mistake. */
function accountOf(input: ConnectionInput, hasKeyVariable: boolean): MachineKey | undefined {
  const byFlag = input.serviceAccount !== undefined || input.keyFile !== undefined;
  if (input.apiKey !== undefined && !byFlag) return undefined;
  const account = findServiceAccount(input);
  if (account === undefined) return undefined;
  if (input.apiKey === undefined && (byFlag || !hasKeyVariable)) return account;
  const message = byFlag
    ? '--api-key, --service-account: expected one of them, not both.'
    : 'COUNTERSIGN_API_KEY, COUNTERSIGN_SERVICE_ACCOUNT: expected one of them, not both. Unset the other.';
  throw new CountersignError('invalid_request', message);
}

/**
 * Which gateway, and with what key: flags, a profile that is named, the environment, `cli.json` of the data directory,
 * the profile in use. A key from that file goes only to the gateway that wrote it. Throws `invalid_request` (no gateway)
 * or `unauthenticated`.
 */
export async function findConnection(given: ConnectionInput): Promise<Connection> {
  const saved = await readState<SavedConnection>(join(given.dataDir, 'cli.json'));
  const input = withProfile(given, saved?.origin !== undefined);
  const environmentKey = input.apiKey === undefined ? await keyFromEnvironment(input.env) : undefined;
  const serviceAccount = accountOf(input, environmentKey !== undefined);
  if (serviceAccount !== undefined) return { origin: await findOrigin(input), serviceAccount };
  const givenKey = input.apiKey ?? environmentKey;
  const origin = originOf(input, saved);
  const savedKey =
    saved?.origin !== undefined && sameOrigin(saved.origin, origin) ? saved.api_key : undefined;
  const apiKey = givenKey ?? savedKey;
  if (apiKey === undefined) {
    const message = `No API key for ${origin}. Give one by COUNTERSIGN_API_KEY, COUNTERSIGN_API_KEY_FILE or --api-key; an operator makes one with "countersign key create".`;
    throw new CountersignError('unauthenticated', message);
  }
  return { origin, apiKey };
}
