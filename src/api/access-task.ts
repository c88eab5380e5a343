import { z } from '@hono/zod-openapi';
import { type Approval, stateAt } from '../approvals/approval.ts';
import { toRfc3339 } from '../core/clock.ts';
import type { Problem } from './problem.ts';

const STATUSES = ['pending', 'approved', 'denied', 'expired', 'cancelled'] as const;

export const taskSchema = z
  .object({
    task: z.object({
      id: z.string(),
      status: z.enum(STATUSES),
      status_endpoint: z.string(),
      expires_at: z.string(),
      links: z.object({ review: z.string(), cancel: z.string().optional() }),
      display: z.object({ title: z.string() }),
    }),
    result: z
      .object({
        mode: z.literal('reevaluate'),
        approval: z.object({ id: z.string(), approved_at: z.string(), approved_until: z.string() }),
      })
      .optional(),
  })
  .openapi('AccessRequestTask');

type Status = (typeof STATUSES)[number];

/**
 * The status of the task, which never leaves a final one: whatever becomes of an approval after it was given, the task
 * stays `approved`, and the evaluation that names it finds out.
 */
function statusOf(approval: Approval, now: number): Status {
  const state = stateAt(approval, now);
  if (state === 'denied' || state === 'cancelled' || state === 'pending') return state;
  return approval.decidedAt === undefined ? 'expired' : 'approved';
}

/** An approval as the task of the Access Request and Approval Profile. */
export function taskBody(
  approval: Approval,
  context: { origin: string; now: number },
): z.infer<typeof taskSchema> {
  const { origin, now } = context;
  const status = statusOf(approval, now);
  const endpoint = `${origin}/access/v1/requests/${approval.id}`;
  const task = {
    id: approval.id,
    status,
    status_endpoint: endpoint,
    expires_at: toRfc3339(approval.expiresAt),
    links: {
      review: `${origin}/approvals/${approval.id}`,
      ...(status === 'pending' ? { cancel: `${endpoint}/cancel` } : {}),
    },
    display: { title: `${approval.call.tool} ${approval.call.server}` },
  };
  if (status !== 'approved' || approval.decidedAt === undefined) return { task };
  const given = {
    id: approval.id,
    approved_at: toRfc3339(approval.decidedAt),
    approved_until: toRfc3339(approval.expiresAt),
  };
  return { task, result: { mode: 'reevaluate', approval: given } };
}

const PREFIX = 'urn:openid:authzen:access-request:error:';

function typeOf(problem: Problem): readonly [type: string, status: number] | undefined {
  const isDenial = problem.fields?.some(({ field }) => field.startsWith('denial')) === true;
  switch (problem.code) {
    case 'invalid_request':
      return isDenial ? ['invalid_denial_binding', 400] : undefined;
    case 'expired':
      return ['expired_denial', 410];
    case 'denied_by_policy':
      return ['not_requestable', 400];
    case 'idempotency_mismatch':
      return ['duplicate_request', 409];
    case 'not_found':
      return ['unknown_task', 404];
    case 'conflict':
      return ['invalid_task_state', 409];
    default:
      return undefined;
  }
}

/** The same problem under the type and status that the profile gives it (Error Responses); others stay as they are. */
export function accessRequestProblem(problem: Problem): Problem {
  const found = typeOf(problem);
  return found === undefined ? problem : { ...problem, type: `${PREFIX}${found[0]}`, status: found[1] };
}
