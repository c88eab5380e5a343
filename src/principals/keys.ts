import { CountersignError } from '../core/errors.ts';
import { actRefused, proveAct, type SignedAct } from './acts.ts';
import {
  API_KEY_BYTES,
  type ApiKey,
  formatApiKey,
  hashSecret,
  hintOf,
  isApiKey,
  parseRoles,
} from './api-key.ts';
import type { PasskeyDeps, PrincipalDeps } from './deps.ts';
import type { Principal } from './principal.ts';
import {
  insertKey,
  isKeyHashKnown,
  type KeyPage,
  keyById,
  keysOf,
  liveKeyByHash,
  markKeyRevoked,
} from './store.ts';
import { parseName } from './text.ts';

/**
 * Makes an API key. `secret` is returned here and never again. `by` is a principal reference such as
 * `api_key:key_…`, or `gateway:start` for the first key of a new installation. Throws `invalid_request`.
 */
export async function createKey(
  deps: PrincipalDeps,
  input: { name: string; roles: readonly string[]; by: string },
): Promise<{ key: ApiKey; secret: string }> {
  const name = parseName(input.name);
  const roles = parseRoles(input.roles);
  const secret = formatApiKey(deps.random(API_KEY_BYTES));
  const key: ApiKey = {
    id: deps.newId('key'),
    name,
    roles,
    hint: hintOf(secret),
    createdBy: input.by,
    createdAt: deps.now(),
    revokedAt: undefined,
  };
  await deps.ledger.commit({
    guard: insertKey({ ...key, workspace: deps.workspace, hash: hashSecret(secret) }),
    entries: [
      {
        type: 'key.created',
        ref: { principal: input.by, action: 'keys.create' },
        body: { key: key.id, name, roles: [...roles], hint: key.hint },
      },
    ],
  });
  return { key, secret };
}

/** Throws `conflict` when a key has this hash or had it: what was revoked never comes back. */
export async function refuseKnownKey(deps: PrincipalDeps, hash: string): Promise<void> {
  if (!(await isKeyHashKnown(deps.database, hash))) return;
  throw new CountersignError(
    'conflict',
    'hash: this key exists already, or did before it was revoked. Make a new secret.',
  );
}

/**
 * Makes an API key as the signed act `key.create` says. Whoever signed made the secret; only its hash comes here. Throws
 * as `proveAct` does, and `conflict` when a key has or had this hash.
 */
export async function createSignedKey(deps: PasskeyDeps, signed: SignedAct): Promise<ApiKey> {
  const act = await proveAct(deps, { ...signed, act: 'key.create' });
  const { name, roles, hint, hash } = act.params;
  await refuseKnownKey(deps, hash);
  const key: ApiKey = {
    id: deps.newId('key'),
    name,
    roles,
    hint,
    createdBy: act.by,
    createdAt: deps.now(),
    revokedAt: undefined,
  };
  const applied = await deps.ledger.commit({
    guard: insertKey({ ...key, workspace: deps.workspace, hash }, act.stillValid),
    then: act.then,
    entries: [
      {
        type: 'key.created',
        ref: { principal: act.by, action: 'keys.create' },
        body: { key: key.id, name, roles: [...roles], hint, hash, ...act.evidence },
      },
    ],
  });
  if (applied.kind === 'refused') throw actRefused('The key was not made.');
  return key;
}

/**
 * Revokes a key at once; revoking it again changes nothing. Throws `not_found`, and `conflict` for the last operator's
 * key: without one nobody could make another.
 */
export async function revokeKey(deps: PrincipalDeps, input: { id: string; by: string }): Promise<ApiKey> {
  const at = { id: input.id, workspace: deps.workspace };
  await deps.ledger.commit({
    guard: markKeyRevoked({ ...at, now: deps.now() }),
    entries: [
      { type: 'key.revoked', ref: { principal: input.by, action: 'keys.revoke' }, body: { key: input.id } },
    ],
  });
  const key = await keyById(deps.database, at);
  if (key === undefined) {
    throw new CountersignError('not_found', 'There is no API key with this id. GET /v1/keys lists them.');
  }
  if (key.revokedAt === undefined) {
    throw new CountersignError(
      'conflict',
      'This is the last key with the role operator, and only an operator makes keys. Make another first: countersign key create --name <name> --role operator.',
    );
  }
  return key;
}

/** One page of the keys, newest first; revoked ones stay in it. */
export async function listKeys(deps: PrincipalDeps, page: KeyPage): Promise<ApiKey[]> {
  return keysOf(deps.database, deps.workspace, page);
}

/** Whether a key was ever made. One that was revoked counts. */
export async function hadKeys(deps: PrincipalDeps): Promise<boolean> {
  return (await listKeys(deps, { limit: 1 })).length > 0;
}

/** Whoever holds this key, or undefined when it is malformed, unknown or revoked. */
export async function authenticateKey(deps: PrincipalDeps, token: string): Promise<Principal | undefined> {
  if (!isApiKey(token)) return undefined;
  const key = await liveKeyByHash(deps.database, { hash: hashSecret(token), workspace: deps.workspace });
  return key && { kind: 'api_key', id: key.id, roles: key.roles, name: key.name };
}
