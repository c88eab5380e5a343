import type { Approval } from '../approvals/approval.ts';
import { getApproval } from '../approvals/list.ts';
import { CountersignError, isCountersignError } from '../core/errors.ts';
import { type Principal, principalRef, type Role } from '../principals/principal.ts';
import { listServiceAccounts } from '../principals/service-accounts.ts';
import { foldedName } from '../principals/text.ts';
import { type ApiContext, type ApiDeps, hasRole, requireAny, requireKey } from './context.ts';

/** A program that asks for approvals, with a key of its own. */
export type Requester = Extract<Principal, { kind: 'api_key' | 'service_account' }>;

/** A service account, or an API key with one of the roles. Throws `unauthenticated` or `forbidden`. */
export function requireRequester(c: ApiContext, roles: readonly Role[] = ['requester']): Requester {
  const principal = c.get('principal');
  return principal?.kind === 'service_account' ? principal : requireKey(c, roles);
}

/** The same, or anybody else who holds one of the roles, people included. Throws `unauthenticated` or `forbidden`. */
export function requireViewer(c: ApiContext, roles: readonly Role[]): Principal {
  const principal = c.get('principal');
  return principal?.kind === 'service_account' ? principal : requireAny(c, roles);
}

function unknownApproval(id: string): CountersignError {
  return new CountersignError('not_found', `There is no approval ${id}. List approvals to see which exist.`);
}

/** The approval, if it exists for this caller: a service account sees its own alone. Throws `not_found`. */
export async function visibleApproval(deps: ApiDeps, principal: Principal, id: string): Promise<Approval> {
  const approval = await getApproval(deps, id);
  if (principal.kind === 'service_account' && approval.requester !== principalRef(principal))
    throw unknownApproval(id);
  return approval;
}

/** An action that this very caller requested. Throws `not_found` for any other approval. */
export async function ownApproval(deps: ApiDeps, principal: Requester, id: string): Promise<Approval> {
  const approval = await getApproval(deps, id);
  if (approval.call.kind === 'action' && approval.requester === principalRef(principal)) return approval;
  throw unknownApproval(id);
}

/** Kinds of actor that stand for somebody who has a credential of their own. */
const RESERVED = /^(?:person|session|gateway|api_key|service_account):/;

function refuse(actor: string, why: string): never {
  throw new CountersignError('forbidden', `actor: "${actor}" ${why}`);
}

/**
 * Who acts. A service account is `service-account:` and its name, nobody else. An API key names whom it likes, and is
 * `api-key:` and its name when it does not; but not a person, another key, or a service account that is registered:
 * these have credentials of their own. Throws `forbidden`.
 */
export async function actorOf(
  deps: ApiDeps,
  principal: Requester,
  named: string | undefined,
): Promise<string> {
  const own = `${principal.kind === 'api_key' ? 'api-key' : 'service-account'}:${principal.name}`;
  if (named === undefined || named === own) return own;
  if (principal.kind === 'service_account')
    return refuse(
      named,
      `is not who asks. A service account acts for itself alone: leave it out, or say ${own}.`,
    );
  const claimed = foldedName(named);
  if (RESERVED.test(claimed))
    return refuse(
      named,
      'stands for somebody who has a credential of their own. Name another kind of actor.',
    );
  if (claimed.startsWith('api-key:')) return refuse(named, `is another key’s name. This one is ${own}.`);
  const accounts = await listServiceAccounts(deps.principals);
  if (accounts.some((account) => foldedName(`service-account:${account.name}`) === claimed))
    return refuse(
      named,
      'is a registered service account, which has a key of its own. Sign in as that account.',
    );
  return named;
}

/** Whether this caller could request something for that actor. */
export async function mayRequestAs(deps: ApiDeps, principal: Principal, actor: string): Promise<boolean> {
  if (principal.kind !== 'service_account' && principal.kind !== 'api_key') return false;
  if (principal.kind === 'api_key' && !hasRole(principal, ['requester'])) return false;
  try {
    await actorOf(deps, principal, actor);
    return true;
  } catch (error) {
    if (isCountersignError(error) && error.code === 'forbidden') return false;
    throw error;
  }
}
