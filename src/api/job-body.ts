import { z } from '@hono/zod-openapi';
import { toRfc3339 } from '../core/clock.ts';
import type { JsonValue } from '../core/json.ts';
import type { JobEvent } from '../jobs/follow.ts';
import {
  CANCEL_STANDINGS,
  type CancelStanding,
  isEnded,
  JOB_SOURCES,
  JOB_STATES,
  type Job,
} from '../jobs/job.ts';
import { redactResult } from '../policy/redact.ts';

export const jobStateSchema = z.enum(JOB_STATES as readonly [Job['state'], ...Job['state'][]]);
export const jobSourceSchema = z.enum(JOB_SOURCES as readonly [Job['source'], ...Job['source'][]]);

export const jobSchema = z
  .object({
    id: z.string(),
    state: jobStateSchema,
    source: jobSourceSchema,
    session: z.string().nullable(),
    subject: z.string(),
    server: z.string(),
    tool: z.string(),
    exposed: z.string(),
    progress: z
      .object({ progress: z.number(), total: z.number().nullable(), message: z.string().nullable() })
      .nullable(),
    reason: z.string().nullable(),
    approval: z.string().nullable(),
    approval_url: z.string().nullable(),
    call: z.string().nullable(),
    cancel_requested_at: z.string().nullable(),
    cancel_standing: z.enum(CANCEL_STANDINGS as readonly [CancelStanding, ...CancelStanding[]]).nullable(),
    created_at: z.string(),
    updated_at: z.string(),
    ended_at: z.string().nullable(),
    keep_until: z.string().nullable(),
  })
  .openapi('Job');

export const jobDetailSchema = jobSchema
  .extend({ result: z.object({ kind: z.enum(['result', 'error', 'note']), text: z.string() }).nullable() })
  .openapi('JobDetail');

const timeOrNull = (at: number | undefined): string | null => (at === undefined ? null : toRfc3339(at));

/** A job as lists show it, without its result. */
export function jobBody(job: Job, { publicOrigin }: { publicOrigin: string }): z.infer<typeof jobSchema> {
  const { progress, approvalId } = job;
  return {
    id: job.id,
    state: job.state,
    source: job.source,
    session: job.sessionId ?? null,
    subject: job.subject,
    server: job.server,
    tool: job.tool,
    exposed: job.exposed,
    progress:
      progress === undefined
        ? null
        : { progress: progress.progress, total: progress.total ?? null, message: progress.message ?? null },
    reason: job.reason ?? null,
    approval: approvalId ?? null,
    approval_url: approvalId === undefined ? null : `${publicOrigin}/approvals/${approvalId}`,
    call: job.callId ?? null,
    cancel_requested_at: timeOrNull(job.cancelRequestedAt),
    cancel_standing: job.cancelStanding ?? null,
    created_at: toRfc3339(job.createdAt),
    updated_at: toRfc3339(job.updatedAt),
    ended_at: timeOrNull(job.endedAt),
    keep_until: timeOrNull(job.keepUntil),
  };
}

/** The same with its result once it has ended, with what policy redacts hidden, as an approval shows it. */
export function jobDetailBody(job: Job, context: { publicOrigin: string }): z.infer<typeof jobDetailSchema> {
  const { result, redact } = job;
  const shown = isEnded(job.state) ? result : undefined;
  return {
    ...jobBody(job, context),
    result:
      shown === undefined || shown.kind !== 'result' || redact.length === 0
        ? (shown ?? null)
        : { ...shown, text: JSON.stringify(redactResult(JSON.parse(shown.text) as JsonValue, redact)) },
  };
}

/** What an event of the stream says: what the job became then, and the job as it is now. */
export function jobEventBody(event: JobEvent, context: { publicOrigin: string }): object {
  return {
    event: event.event,
    seq: event.seq ?? null,
    at: toRfc3339(event.at),
    state: event.state,
    job: jobBody(event.job, context),
  };
}
