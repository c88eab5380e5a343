import type { JsonObject } from '../core/json.ts';
import type { EntryDraft, EntryType } from '../ledger/entry.ts';

/** What an entry says of the job that it is about. */
export interface EntryJob {
  readonly id: string;
  readonly sessionId: string | undefined;
  readonly subject: string;
  readonly server: string;
  readonly tool: string;
  readonly callId: string | undefined;
  readonly approvalId: string | undefined;
}

/** One fact about a job. `principal` is who brought it about; absent for the gateway itself. */
export function jobEntry(
  job: EntryJob,
  fact: { type: EntryType; principal?: string | undefined; body: JsonObject },
): EntryDraft {
  const { sessionId, callId, approvalId } = job;
  return {
    type: fact.type,
    ref: {
      ...(approvalId === undefined ? {} : { approval: approvalId }),
      ...(sessionId === undefined ? {} : { session: sessionId }),
      subject: job.subject,
      ...(fact.principal === undefined ? {} : { principal: fact.principal }),
      ...(callId === undefined ? {} : { call: callId }),
      action: `${job.server}/${job.tool}`,
    },
    body: { job: job.id, ...fact.body },
  };
}
