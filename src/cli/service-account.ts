import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { resolve } from 'node:path';
import { CountersignError } from '../core/errors.ts';
import { readSecretFile } from '../core/secret-file.ts';
import type { ServiceAccount } from '../sdk/approvals.ts';
import type { DpopKey } from '../sdk/dpop.ts';
import type { Environment } from './ports.ts';

/** A service account with its key: it logs in by it, and can prove it to whoever takes a capability. */
export type MachineKey = ServiceAccount & DpopKey;

export interface MachineInput {
  readonly serviceAccount?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly cwd: string;
  readonly env: Environment;
}

function keyIn(file: string, text: string): KeyObject {
  try {
    return text.startsWith('{')
      ? createPrivateKey({ key: JSON.parse(text) as Record<string, string>, format: 'jwk' })
      : createPrivateKey(text);
  } catch (cause) {
    throw new CountersignError('config_invalid', `${file}: expected a private key in PEM or as a JWK.`, {
      cause,
    });
  }
}

function algorithmOf(file: string, key: KeyObject): 'ES256' | 'Ed25519' {
  if (key.asymmetricKeyType === 'ed25519') return 'Ed25519';
  if (key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return 'ES256';
  throw new CountersignError('config_invalid', `${file}: expected a key of Ed25519 or P-256.`);
}

/**
 * The service account that the flags name, or else the environment; undefined when neither does. Throws
 * `invalid_request` when only half of it is given, `config_invalid` when the key file cannot be used or when other
 * users can read it.
 */
export function findServiceAccount(input: MachineInput): MachineKey | undefined {
  const id = input.serviceAccount ?? (input.env.COUNTERSIGN_SERVICE_ACCOUNT || undefined);
  const file = input.keyFile ?? (input.env.COUNTERSIGN_SERVICE_ACCOUNT_KEY_FILE || undefined);
  if (id === undefined && file === undefined) return undefined;
  if (id === undefined || file === undefined) {
    const missing =
      id === undefined
        ? '--service-account (or COUNTERSIGN_SERVICE_ACCOUNT)'
        : '--key-file (or COUNTERSIGN_SERVICE_ACCOUNT_KEY_FILE)';
    throw new CountersignError(
      'invalid_request',
      `${missing} is missing: a service account needs its id and its key.`,
    );
  }
  const path = resolve(input.cwd, file);
  const key = keyIn(path, readSecretFile(path));
  const algorithm = algorithmOf(path, key);
  const { d: _secret, ...publicKey } = key.export({ format: 'jwk' }) as Record<string, unknown>;
  return {
    id,
    algorithm,
    publicKey,
    sign: async (bytes) =>
      algorithm === 'Ed25519'
        ? sign(null, bytes, key)
        : sign('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' }),
  };
}
