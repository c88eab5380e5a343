import { CountersignError } from '../core/errors.ts';
import type { JsonValue } from '../core/json.ts';
import { LIMITS } from '../core/limits.ts';
import { refuse, type Source } from '../downstream/source.ts';
import type { Environment } from './environment.ts';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A setting with the place that it came from, so that a later check can still name it. */
export interface Settings {
  readonly at: (key: string) => JsonValue | undefined;
  readonly fail: (key: string, problem: string) => never;
  readonly has: (key: string) => boolean;
}

const ENVIRONMENT: Readonly<Record<string, string>> = {
  'listen.host': 'COUNTERSIGN_HOST',
  'listen.port': 'COUNTERSIGN_PORT',
  public_origin: 'COUNTERSIGN_PUBLIC_ORIGIN',
  data_dir: 'COUNTERSIGN_DATA_DIR',
  policies: 'COUNTERSIGN_POLICIES',
  tool_lock: 'COUNTERSIGN_TOOL_LOCK',
  allowed_origins: 'COUNTERSIGN_ALLOWED_ORIGINS',
  allowed_hosts: 'COUNTERSIGN_ALLOWED_HOSTS',
  'sessions.default_ttl': 'COUNTERSIGN_SESSION_TTL',
  'jobs.detach_after': 'COUNTERSIGN_JOBS_DETACH_AFTER',
  'jobs.keep': 'COUNTERSIGN_JOBS_KEEP',
  'log.level': 'COUNTERSIGN_LOG_LEVEL',
  'metrics.host': 'COUNTERSIGN_METRICS_HOST',
  'metrics.port': 'COUNTERSIGN_METRICS_PORT',
  tracing: 'COUNTERSIGN_TRACING',
  'passkeys.attestation': 'COUNTERSIGN_PASSKEYS_ATTESTATION',
  trusted_proxy: 'COUNTERSIGN_TRUSTED_PROXY',
  demo: 'COUNTERSIGN_DEMO',
};

function fromText(text: string): JsonValue {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^[0-9]{1,9}$/.test(text) ? Number(text) : text;
}

/** One view on environment and file: the environment wins, and a refusal names whichever the value came from. */
export function settingsOf(source: Source | undefined, env: Environment): Settings {
  const variableOf = (key: string) => {
    const name = ENVIRONMENT[key];
    return name !== undefined && env[name] !== undefined && env[name] !== '' ? name : undefined;
  };
  const at = (key: string): JsonValue | undefined => {
    const variable = variableOf(key);
    return variable === undefined ? source?.valueAt(key.split('.')) : fromText(env[variable] as string);
  };
  return {
    at,
    has: (key) => at(key) !== undefined,
    fail(key, problem) {
      const variable = variableOf(key);
      if (variable === undefined && source !== undefined) return refuse(source, key.split('.'), problem);
      throw new CountersignError('config_invalid', `${variable ?? key}: ${problem}.`, {
        fields: [{ field: key, expected: problem }],
      });
    },
  };
}

export function textOf({ at, fail }: Settings, key: string): string | undefined {
  const value = at(key);
  if (value !== undefined && (typeof value !== 'string' || value === '')) fail(key, 'expected a text');
  return value as string | undefined;
}

export function booleanOf({ at, fail }: Settings, key: string): boolean | undefined {
  const value = at(key);
  if (value !== undefined && typeof value !== 'boolean') fail(key, 'expected true or false');
  return value as boolean | undefined;
}

export function listOf({ at, fail }: Settings, key: string): string[] {
  const value = at(key) ?? [];
  const list = typeof value === 'string' ? value.split(',').map((item) => item.trim()) : value;
  const isList = Array.isArray(list) && list.every((item) => typeof item === 'string' && item !== '');
  return isList ? (list as string[]) : fail(key, 'expected a list of texts');
}

/** Milliseconds of a text such as `30m`; not a number for anything else. */
export function readDuration(value: JsonValue): number {
  const match = /^([0-9]{1,9})(ms|s|m|h|d)$/.exec(String(value));
  return Number(match?.[1]) * (UNITS[match?.[2] ?? ''] ?? Number.NaN);
}

export function durationOf({ at, fail }: Settings, key: string, fallback: number): number {
  const ms = readDuration(at(key) ?? `${fallback}ms`);
  if (ms >= LIMITS.sessionTtlMinMs && ms <= LIMITS.sessionTtlMaxMs) return ms;
  return fail(key, 'expected a time such as "30m", "1h" or "7d", between 1 second and 30 days');
}

/** An origin exactly as browsers write it, or a refusal that shows how it is written. */
export function originOf({ fail }: Settings, key: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    url !== undefined &&
    /^https?:$/.test(url.protocol) &&
    url.origin === text.replace(/\/$/, '').toLowerCase()
  )
    return url.origin;
  return fail(
    key,
    `expected an origin such as "https://countersign.example.com", not ${JSON.stringify(text)}`,
  );
}
