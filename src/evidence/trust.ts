import type { EntryType } from '../ledger/entry.ts';

/** The types that say whose signatures count: people, their passkeys, service accounts, and capability keys. */
export const TRUST_TYPES: readonly EntryType[] = [
  'approver.invited',
  'approver.enrolled',
  'approver.removed',
  'passkey.added',
  'passkey.removed',
  'service_account.created',
  'service_account.removed',
  'capability_key.created',
  'capability_key.retired',
];
