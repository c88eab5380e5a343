import type { EntryType } from '../ledger/entry.ts';
import {
  approved,
  cancelled,
  denied,
  escalated,
  expired,
  glassBroken,
  outcome,
  resolved,
  voided,
} from './approvals.ts';
import { exchanged, executing, issued, keyCreated, keyRetired, revoked } from './capabilities.ts';
import { decided } from './decisions.ts';
import { keyMade } from './keys.ts';
import { enrolled, invited, passkeyAdded, passkeyRemoved, removed, revealed } from './people.ts';
import { requested, requesterLives } from './requests.ts';
import { accountCreated, accountRemoved } from './service-accounts.ts';
import { minted, narrowed, sessionRevoked } from './sessions.ts';
import type { Rule } from './world.ts';

/** A rule with its number in docs/ledger-format.md. */
export interface NumberedRule {
  readonly number: number;
  readonly rule: Rule;
}

/** What such an entry tells is not judged; nothing rests on it. */
const TOLD: readonly NumberedRule[] = [];

const one = (number: number, rule: Rule): readonly NumberedRule[] => [{ number, rule }];

const live: Rule = (world) => {
  world.tally.liveCalls++;
  return undefined;
};

/** Every type that a ledger may hold, with the rules about it in their order. */
export const RULES: Readonly<Record<EntryType, readonly NumberedRule[]>> = {
  'ledger.genesis': TOLD,
  'ledger.key_rotated': TOLD,
  'policy.loaded': TOLD,
  'policy.replayed': TOLD,
  'key.created': one(2, keyMade),
  'key.revoked': TOLD,
  'capability_key.created': one(5, keyCreated),
  'capability_key.retired': one(5, keyRetired),
  'service_account.created': one(2, accountCreated),
  'service_account.removed': one(2, accountRemoved),
  'approver.invited': one(2, invited),
  'approver.enrolled': one(2, enrolled),
  'approver.removed': one(2, removed),
  'approver.signed_in': TOLD,
  'passkey.added': one(2, passkeyAdded),
  'passkey.removed': one(2, passkeyRemoved),
  'passkey.suspect': TOLD,
  'session.minted': one(9, minted),
  'session.narrowed': one(9, narrowed),
  'session.revoked': one(9, sessionRevoked),
  'tool.pinned': TOLD,
  'tool.quarantined': TOLD,
  'tool.accepted': TOLD,
  'tool.refused': TOLD,
  'server.authorized': TOLD,
  'server.deauthorized': TOLD,
  'access.evaluated': TOLD,
  'call.denied': TOLD,
  'call.intent': one(1, live),
  'call.outcome': TOLD,
  'call.asked': TOLD,
  'approval.requested': [
    { number: 9, rule: requesterLives },
    { number: 4, rule: requested },
  ],
  'approval.escalated': one(4, escalated),
  'approval.decided': one(3, decided),
  'approval.approved': one(4, approved),
  'approval.denied': one(4, denied),
  'approval.expired': one(4, expired),
  'approval.cancelled': one(4, cancelled),
  'approval.void': one(4, voided),
  'approval.executing': one(6, executing),
  'approval.outcome': one(7, outcome),
  'approval.late_result': TOLD,
  'approval.resolved': one(7, resolved),
  'approval.revealed': one(2, revealed),
  'break_glass.invoked': one(4, glassBroken),
  'capability.issued': one(5, issued),
  'capability.exchanged': one(6, exchanged),
  'capability.revoked': one(5, revoked),
  'job.created': TOLD,
  'job.ended': TOLD,
  'webhook.created': TOLD,
  'webhook.changed': TOLD,
  'webhook.removed': TOLD,
  'device.added': TOLD,
  'device.removed': TOLD,
  'payload.redacted': TOLD,
};

/** The rules about a type; undefined for one that no ledger of this format holds. */
export function rulesOf(type: string): readonly NumberedRule[] | undefined {
  return Object.hasOwn(RULES, type) ? RULES[type as EntryType] : undefined;
}
