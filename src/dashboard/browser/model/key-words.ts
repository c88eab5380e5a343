import type { ApiKey, KeyRole } from '../../../sdk/keys.ts';

/** What a key with a role may do. No role decides about calls. */
export const ROLE_WORDS: Readonly<Record<KeyRole, string>> = {
  operator:
    'everything that a key may do: keys, webhooks, changed tools, unknown outcomes, and what the others may',
  minter: 'mint and revoke sessions',
  reader: 'read sessions, approvals, the log, servers and policies',
  requester: 'ask for approvals, wait for them and withdraw them',
};

/** Keys in force before revoked ones, the newest first among each. */
export function keyOrder(keys: readonly ApiKey[]): readonly ApiKey[] {
  const ended = ({ revokedAt }: ApiKey): number => (revokedAt === null ? 0 : 1);
  return [...keys].sort(
    (one, other) => ended(one) - ended(other) || other.createdAt.localeCompare(one.createdAt),
  );
}

/** Whether revoking this key would leave nobody who could make another, which the gateway refuses. */
export function isLastOperator(key: ApiKey, keys: readonly ApiKey[]): boolean {
  const operators = keys.filter(({ roles, revokedAt }) => revokedAt === null && roles.includes('operator'));
  return operators.length === 1 && operators[0]?.id === key.id;
}

/** Who made a key, which the API names as the ledger does, in words. */
export function makerText(createdBy: string): string {
  if (createdBy === 'gateway:start') return 'the gateway, at its first start';
  const [kind = '', id = ''] = createdBy.split(':');
  const kinds: Readonly<Record<string, string>> = { person: 'the person', api_key: 'the key' };
  return kinds[kind] === undefined ? createdBy : `${kinds[kind]} ${id}`;
}
