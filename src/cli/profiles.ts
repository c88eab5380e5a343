import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CountersignError } from '../core/errors.ts';
import { isJsonObject, type JsonObject, parseStrict } from '../core/json.ts';
import { readSecretFile, writeSecretFile } from '../core/secret-file.ts';
import { nearest } from './nearest.ts';
import type { Environment } from './ports.ts';

/** A gateway and a way to sign in to it, under a name. */
export interface Profile {
  readonly url: string;
  readonly apiKey?: string | undefined;
  readonly serviceAccount?: string | undefined;
  /** An absolute path. */
  readonly keyFile?: string | undefined;
}

export interface Profiles {
  /** The one that is in use where nothing else names a gateway. */
  readonly current: string | undefined;
  readonly named: ReadonlyMap<string, Profile>;
}

const MEMBERS = ['url', 'api_key', 'service_account', 'key_file'];
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$/;

/** Where profiles are kept: `countersign/config.json` below `XDG_CONFIG_HOME`, or below `~/.config`. */
export function profilesFile(at: { readonly env: Environment; readonly home: string }): string {
  return join(at.env.XDG_CONFIG_HOME || join(at.home, '.config'), 'countersign', 'config.json');
}

/** Throws `invalid_request` for a name that no profile can have. */
export function checkProfileName(name: string): void {
  if (NAME.test(name)) return;
  const expected = 'up to 40 letters, digits, "_", "." and "-", the first a letter or digit';
  throw new CountersignError('invalid_request', `profile: expected ${expected}, but got "${name}".`);
}

function profileFrom(file: string, name: string, value: unknown): Profile {
  const known = isJsonObject(value) ? value : {};
  const wrong =
    Object.entries(known).find(([key, one]) => !MEMBERS.includes(key) || typeof one !== 'string')?.[0] ??
    (typeof known.url === 'string' ? undefined : 'url');
  if (wrong !== undefined) {
    const expected = MEMBERS.includes(wrong) ? 'text' : `one of ${MEMBERS.join(', ')}`;
    throw new CountersignError('config_invalid', `${file}: profiles.${name}.${wrong}: expected ${expected}.`);
  }
  const { url = '', api_key, service_account, key_file } = known as Record<string, string>;
  return { url, apiKey: api_key, serviceAccount: service_account, keyFile: key_file };
}

/** All profiles. Throws `config_invalid` for a file that is malformed, or that other users can read. */
export function readProfiles(file: string): Profiles {
  if (!existsSync(file)) return { current: undefined, named: new Map() };
  const text = readSecretFile(file);
  let value: unknown;
  try {
    value = parseStrict(text);
  } catch (cause) {
    throw new CountersignError('config_invalid', `${file} is not JSON.`, { cause });
  }
  const { current, profiles = {} } = isJsonObject(value) ? (value as JsonObject) : {};
  const named = new Map(
    Object.entries(isJsonObject(profiles) ? profiles : {}).map(([name, one]) => [
      name,
      profileFrom(file, name, one),
    ]),
  );
  return { current: typeof current === 'string' && named.has(current) ? current : undefined, named };
}

/** Writes all profiles, whole or not at all, readable by their owner alone. */
export function writeProfiles(file: string, { current, named }: Profiles): void {
  const profiles = Object.fromEntries(
    [...named].map(([name, { url, apiKey, serviceAccount, keyFile }]) => [
      name,
      { url, api_key: apiKey, service_account: serviceAccount, key_file: keyFile },
    ]),
  );
  writeSecretFile(file, `${JSON.stringify({ current, profiles }, null, 2)}\n`);
}

/** The profile of this name. Throws `invalid_request`, with the name that was probably meant, when there is none. */
export function profileNamed({ named }: Profiles, name: string): Profile {
  const found = named.get(name);
  if (found !== undefined) return found;
  const meant = nearest(name, [...named.keys()]);
  const advice =
    meant === undefined
      ? 'List them: countersign profile list. Make one: countersign profile add NAME --url URL'
      : `Did you mean "${meant}"?`;
  throw new CountersignError('invalid_request', `There is no profile "${name}". ${advice}`);
}
