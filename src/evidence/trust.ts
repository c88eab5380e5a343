import type { EntryType } from '../ledger/entry.ts';

/** The types that say whose signatures count, and who made what asks: people, passkeys, service accounts, all keys. */
export const TRUST_TYPES: readonly EntryType[] = [
  'approver.invited',
  'approver.enrolled',
  'approver.removed',
  'passkey.added',
  'passkey.removed',
  'service_account.created',
  'service_account.removed',
  'key.created',
  'capability_key.created',
  'capability_key.retired',
];
