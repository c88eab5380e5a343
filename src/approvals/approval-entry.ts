import type { JsonObject } from '../core/json.ts';
import type { EntryDraft, EntryType } from '../ledger/entry.ts';

/** What an entry must say of the approval that it is about. */
export interface EntrySubject {
  readonly id: string;
  readonly sessionId: string;
  readonly subject: string;
  readonly call: { readonly server: string; readonly tool: string };
}

/** One fact about an approval. `principal` is who brought it about, as `person:…`, `session:…`; absent for the gateway itself. */
export function approvalEntry(
  approval: EntrySubject,
  fact: { type: EntryType; principal?: string; body: JsonObject },
): EntryDraft {
  return {
    type: fact.type,
    ref: {
      approval: approval.id,
      session: approval.sessionId,
      subject: approval.subject,
      ...(fact.principal === undefined ? {} : { principal: fact.principal }),
      action: `${approval.call.server}/${approval.call.tool}`,
    },
    body: fact.body,
  };
}
