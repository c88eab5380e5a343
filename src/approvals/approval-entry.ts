import type { JsonObject } from '../core/json.ts';
import type { EntryDraft, EntryType } from '../ledger/entry.ts';

/** What an entry must say of the approval that it is about. */
export interface EntrySubject {
  readonly id: string;
  readonly sessionId: string | undefined;
  readonly subject: string;
  readonly call: { readonly kind: 'tool' | 'action'; readonly server: string; readonly tool: string };
}

/** `server/tool` of a tool call, the name of any other action. */
function actionOf(call: EntrySubject['call']): string {
  return call.kind === 'action' ? call.tool : `${call.server}/${call.tool}`;
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
      ...(approval.sessionId === undefined ? {} : { session: approval.sessionId }),
      subject: approval.subject,
      ...(fact.principal === undefined ? {} : { principal: fact.principal }),
      action: actionOf(approval.call),
    },
    body: fact.body,
  };
}
