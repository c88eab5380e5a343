import { canonicalize } from '../core/canonical.ts';
import type { JsonObject } from '../core/json.ts';

/** Everything that the ledger records. A type never changes its meaning; new facts get new types. */
export type EntryType =
  | 'ledger.genesis'
  | 'ledger.key_rotated'
  | 'policy.loaded'
  | 'policy.replayed'
  | 'key.created'
  | 'key.revoked'
  | 'capability_key.created'
  | 'capability_key.retired'
  | 'service_account.created'
  | 'service_account.removed'
  | 'approver.invited'
  | 'approver.enrolled'
  | 'approver.removed'
  | 'approver.signed_in'
  | 'passkey.added'
  | 'passkey.removed'
  | 'passkey.suspect'
  | 'session.minted'
  | 'session.narrowed'
  | 'session.revoked'
  | 'tool.pinned'
  | 'tool.quarantined'
  | 'tool.accepted'
  | 'tool.refused'
  | 'server.authorized'
  | 'server.deauthorized'
  | 'access.evaluated'
  | 'call.denied'
  | 'call.intent'
  | 'call.outcome'
  | 'call.asked'
  | 'approval.requested'
  | 'approval.escalated'
  | 'approval.decided'
  | 'approval.approved'
  | 'approval.denied'
  | 'approval.expired'
  | 'approval.cancelled'
  | 'approval.void'
  | 'approval.executing'
  | 'approval.outcome'
  | 'approval.late_result'
  | 'approval.resolved'
  | 'approval.revealed'
  | 'break_glass.invoked'
  | 'capability.issued'
  | 'capability.exchanged'
  | 'capability.revoked'
  | 'job.created'
  | 'job.ended'
  | 'webhook.created'
  | 'webhook.changed'
  | 'webhook.removed'
  | 'device.added'
  | 'device.removed'
  | 'payload.redacted';

/** Whom and what an entry is about; queries filter on these. */
export interface EntryRef {
  readonly approval?: string;
  readonly session?: string;
  readonly subject?: string;
  readonly principal?: string;
  readonly call?: string;
  /** `server/tool` for calls, otherwise the operation's own name. */
  readonly action?: string;
}

/** What a use-case hands over; the ledger adds sequence, time and chain. `body` holds commitments, never payloads. */
export interface EntryDraft {
  readonly type: EntryType;
  readonly ref: EntryRef;
  readonly body: JsonObject;
}

/** An entry as it is hashed: `leaf = SHA-256(0x00 ‖ JCS(entry))` (RFC 6962 §2.1). */
export interface Entry extends EntryDraft {
  readonly v: 1;
  readonly log: string;
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly ts: number;
}

/** The canonical bytes of an entry, the preimage of its leaf. */
export function entryText(entry: Entry): string {
  return canonicalize(entry as unknown as JsonObject);
}

/** The first entry of a log: the key that signs its checkpoints, in its public text form. */
export function genesisEntry(vkey: string): EntryDraft {
  return { type: 'ledger.genesis', ref: {}, body: { format: 'countersign/ledger/v1', vkey } };
}
