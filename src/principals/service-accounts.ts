import { CountersignError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { actRefused, proveAct, type SignedAct } from './acts.ts';
import type { PasskeyDeps, PrincipalDeps } from './deps.ts';
import { parsePublicKey, type ServiceAccount } from './service-account.ts';
import {
  insertServiceAccount,
  liveServiceAccount,
  liveServiceAccounts,
  markServiceAccountRemoved,
} from './store.ts';
import { foldedName } from './text.ts';

/** Policy knows an account by its name, so that two in force must not share one. Throws `conflict`. */
async function refuseTakenName(deps: PrincipalDeps, name: string): Promise<void> {
  const accounts = await liveServiceAccounts(deps.database, deps.workspace);
  const taken = accounts.find((account) => foldedName(account.name) === foldedName(name));
  if (taken === undefined) return;
  throw new CountersignError(
    'conflict',
    `name: the service account ${taken.id} has this name. Remove it first, or choose another.`,
  );
}

/**
 * Registers a machine with its public key as the signed act `service_account.create` says. Throws as `proveAct` does,
 * and `conflict` when a registered account has the name, in whatever case or width.
 */
export async function createServiceAccount(deps: PasskeyDeps, signed: SignedAct): Promise<ServiceAccount> {
  const act = await proveAct(deps, { ...signed, act: 'service_account.create' });
  const { name, groups, public_key } = act.params;
  await refuseTakenName(deps, name);
  const account: ServiceAccount = {
    id: deps.newId('svc'),
    name,
    groups,
    publicKey: parsePublicKey(public_key),
    createdBy: act.by,
    createdAt: deps.now(),
    removedAt: undefined,
  };
  const applied = await deps.ledger.commit({
    guard: insertServiceAccount({ ...account, workspace: deps.workspace }, act.stillValid),
    then: act.then,
    entries: [
      {
        type: 'service_account.created',
        ref: { principal: act.by, action: 'service_accounts.create' },
        body: {
          service_account: account.id,
          name,
          groups: [...groups],
          public_key: JSON.parse(account.publicKey) as JsonObject,
          ...act.evidence,
        },
      },
    ],
  });
  if (applied.kind === 'refused') throw actRefused('The account was not registered.');
  return account;
}

/** Registered accounts, oldest first. */
export async function listServiceAccounts(
  deps: Pick<PrincipalDeps, 'database' | 'workspace'>,
): Promise<ServiceAccount[]> {
  return liveServiceAccounts(deps.database, deps.workspace);
}

/** The account with this id while it is registered. Throws `not_found`. */
export async function requireServiceAccount(
  deps: Pick<PrincipalDeps, 'database' | 'workspace'>,
  id: string,
): Promise<ServiceAccount> {
  const account = await liveServiceAccount(deps.database, { id, workspace: deps.workspace });
  if (account !== undefined) return account;
  throw new CountersignError(
    'not_found',
    'There is no service account with this id. GET /v1/service-accounts lists them.',
  );
}

/**
 * Removes an account as the signed act `service_account.remove` says; it cannot act from then on. Throws as
 * `proveAct` does, and `not_found`.
 */
export async function removeServiceAccount(
  deps: PasskeyDeps,
  input: SignedAct & { accountId: string },
): Promise<void> {
  const about = { service_account: input.accountId };
  const act = await proveAct(deps, { ...input, act: 'service_account.remove', about });
  const { id } = await requireServiceAccount(deps, input.accountId);
  const applied = await deps.ledger.commit({
    guard: markServiceAccountRemoved({ id, workspace: deps.workspace, now: deps.now() }, act.stillValid),
    then: act.then,
    entries: [
      {
        type: 'service_account.removed',
        ref: { principal: act.by, action: 'service_accounts.remove' },
        body: { service_account: id, ...act.evidence },
      },
    ],
  });
  if (applied.kind === 'refused') throw actRefused('The account was removed already.');
}
