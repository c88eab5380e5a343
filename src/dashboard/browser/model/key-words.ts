import type { Approver } from '../../../sdk/approvers.ts';
import type { ApiKey, KeyRole } from '../../../sdk/keys.ts';

/** What a key with a role may do. No role decides about calls. */
export const ROLE_WORDS: Readonly<Record<KeyRole, string>> = {
  operator:
    'do all that a key may do: make and revoke keys, accept or refuse changed tools, settle unknown outcomes, try policies on recorded calls, erase what was recorded, change webhooks and the key of the log, and all that the other roles may',
  minter: 'mint sessions for the agents of any user, and revoke sessions',
  reader: 'read sessions, approvals, the log, servers and policies',
  requester: 'ask for approvals, wait for them and withdraw them',
};

const ROLES = Object.keys(ROLE_WORDS) as KeyRole[];

/** In the order of the list, each once. */
export function rolesInOrder(picked: ReadonlySet<KeyRole>): readonly KeyRole[] {
  return ROLES.filter((role) => picked.has(role));
}

/** What a person lets loose who signs for a key. */
export function makeKeySentence({ name, roles }: Pick<ApiKey, 'name' | 'roles'>): string {
  // An operator may all that the others may, so that only this is worth reading.
  const told = roles.includes('operator') ? (['operator'] as const) : roles;
  const may = told.map((role) => ROLE_WORDS[role]).join('; ');
  return `Make the API key ${name}. Whoever holds it may ${may}. It works until somebody revokes it.`;
}

/** A line for a shell that shows that a key works. */
export function tryKeyLine(
  origin: string,
  { key, roles }: { key: string; roles: readonly KeyRole[] },
): string {
  const reads = roles.includes('operator') || roles.includes('reader');
  const mints = 'session mint --user ann --ttl 10m';
  const command = reads ? 'session list' : roles.includes('requester') ? 'approval list' : mints;
  return `COUNTERSIGN_URL=${origin} COUNTERSIGN_API_KEY=${key} countersign ${command}`;
}

/** Whether revoking this key would leave nobody who could make another, which the gateway refuses. */
export function isLastOperator(key: ApiKey, keys: readonly ApiKey[]): boolean {
  const operators = keys.filter(({ roles, revokedAt }) => revokedAt === null && roles.includes('operator'));
  return operators.length === 1 && operators[0]?.id === key.id;
}

/** Who made a key, which the API names as the ledger does, in words; `people` are those who are enrolled. */
export function makerText(createdBy: string, people: readonly Pick<Approver, 'id' | 'name'>[]): string {
  if (createdBy === 'gateway:start') return 'the gateway, at its first start';
  const [kind, id = ''] = createdBy.split(':');
  if (kind === 'api_key') return `the key ${id}`;
  if (kind !== 'person') return createdBy;
  return people.find((person) => person.id === id)?.name ?? `${id}, who was removed`;
}
