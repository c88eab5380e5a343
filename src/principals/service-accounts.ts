import { CountersignError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { PrincipalDeps } from './deps.ts';
import { type Principal, principalRef } from './principal.ts';
import { parsePublicKey, type ServiceAccount } from './service-account.ts';
import { insertServiceAccount, liveServiceAccounts, markServiceAccountRemoved } from './store.ts';
import { parseGroups, parseName } from './text.ts';

function requirePerson(by: Principal): void {
  if (by.kind === 'person') return;
  throw new CountersignError(
    'forbidden',
    'Only a signed-in person can register or remove a service account, because it may decide in their place. Use the dashboard.',
  );
}

/** Registers a machine with its public key. Throws `forbidden` unless `by` is a person, and `invalid_request`. */
export async function createServiceAccount(
  deps: PrincipalDeps,
  input: { name: string; groups: readonly string[]; publicKey: string | JsonObject; by: Principal },
): Promise<ServiceAccount> {
  requirePerson(input.by);
  const account: ServiceAccount = {
    id: deps.newId('svc'),
    name: parseName(input.name),
    groups: parseGroups(input.groups),
    publicKey: parsePublicKey(input.publicKey),
    createdBy: principalRef(input.by),
    createdAt: deps.now(),
    removedAt: undefined,
  };
  await deps.ledger.commit({
    guard: insertServiceAccount({ ...account, workspace: deps.workspace }),
    entries: [
      {
        type: 'service_account.created',
        ref: { principal: account.createdBy, action: 'service_accounts.create' },
        body: {
          service_account: account.id,
          name: account.name,
          groups: [...account.groups],
          public_key: JSON.parse(account.publicKey) as JsonObject,
        },
      },
    ],
  });
  return account;
}

/** Registered accounts, oldest first. */
export async function listServiceAccounts(deps: PrincipalDeps): Promise<ServiceAccount[]> {
  return liveServiceAccounts(deps.database, deps.workspace);
}

/** Removes an account; it cannot decide from then on. Throws `forbidden` unless `by` is a person, and `not_found`. */
export async function removeServiceAccount(
  deps: PrincipalDeps,
  input: { id: string; by: Principal },
): Promise<void> {
  requirePerson(input.by);
  const applied = await deps.ledger.commit({
    guard: markServiceAccountRemoved({ id: input.id, workspace: deps.workspace, now: deps.now() }),
    entries: [
      {
        type: 'service_account.removed',
        ref: { principal: principalRef(input.by), action: 'service_accounts.remove' },
        body: { service_account: input.id },
      },
    ],
  });
  if (applied.kind === 'refused') {
    throw new CountersignError(
      'not_found',
      'There is no service account with this id. GET /v1/service-accounts lists them.',
    );
  }
}
