import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { stateAt } from '../../approvals/approval.ts';
import { cancelApproval } from '../../approvals/settle-by-hand.ts';
import type { JsonObject } from '../../core/json.ts';
import { LIMITS } from '../../core/limits.ts';
import { askForAction } from '../../gate/judge-action.ts';
import { principalRef } from '../../principals/principal.ts';
import { taskBody, taskSchema } from '../access-task.ts';
import { checkMetadata, idempotencyKey, jsonObject } from '../action-fields.ts';
import { actionOf, type Evaluation, evaluationFields } from '../authzen.ts';
import type { Api, ApiDeps, ApiEnv } from '../context.ts';
import { type BindingDeps, type ProvenDenial, proveDenial } from '../denial-binding.ts';
import { answers, idParam, jsonBody, requests } from '../openapi.ts';
import { actorOf, ownApproval, requireRequester } from '../requester.ts';

const POLL_SECONDS = '5';

const submission = z.strictObject({
  ...evaluationFields,
  denial: z.strictObject({
    evaluation_id: z.string().optional(),
    evaluated_at: z.string().optional(),
    expires_at: z.string(),
    reason: z.string().optional(),
    binding_token: z.string().max(LIMITS.bindingTokenCharacters).optional(),
    template: z.string().optional(),
  }),
  requested_access: jsonObject.optional(),
  client: z.strictObject({ id: z.string().optional(), name: z.string().optional() }).optional(),
});

const cancellation = z.strictObject({
  reason: z.string().max(200).optional(),
  comment: z.string().max(LIMITS.reasonCharacters).optional(),
});

/** What a request says beyond the evaluation that was denied, for the approver's eyes. */
function additions(body: z.infer<typeof submission>, proven: ProvenDenial): JsonObject {
  const context = Object.entries(body.context ?? {}).filter(([member]) => !proven.members.includes(member));
  return {
    evaluation_id: proven.evaluationId,
    ...(context.length === 0 ? {} : { context: Object.fromEntries(context) as JsonObject }),
    ...(body.requested_access === undefined ? {} : { requested_access: body.requested_access as JsonObject }),
    ...(body.client === undefined ? {} : { client: body.client as JsonObject }),
  };
}

/** The evaluation as it was denied: the context without what was added since. */
function denied(body: z.infer<typeof submission>, proven: ProvenDenial): Evaluation {
  const context = Object.entries(body.context ?? {}).filter(([member]) => proven.members.includes(member));
  return {
    subject: body.subject,
    action: body.action,
    resource: body.resource,
    context: Object.fromEntries(context),
  };
}

/** The request and task endpoints of the AuthZEN Access Request and Approval Profile, draft 1. */
export function addAccessRequestRoutes(api: Api, deps: ApiDeps, binding: BindingDeps): void {
  const taskOf = (approval: Parameters<typeof taskBody>[0]) =>
    taskBody(approval, { origin: deps.publicOrigin, now: deps.now() });
  const slowDown = (c: Context<ApiEnv>, task: z.infer<typeof taskSchema>) => {
    if (task.task.status === 'pending') c.header('retry-after', POLL_SECONDS);
  };

  api.openapi(
    createRoute({
      method: 'post',
      path: '/access/v1/requests',
      tags: ['access'],
      summary: 'Request what an evaluation denied but a person may approve (draft profile)',
      request: {
        headers: z.object({ 'idempotency-key': idempotencyKey.optional() }),
        body: jsonBody(submission),
      },
      responses: requests(taskSchema),
    }),
    async (c) => {
      const requester = requireRequester(c);
      const caller = principalRef(requester);
      const body = c.req.valid('json');
      const proven = await proveDenial(binding, { denial: body.denial, evaluation: body, caller });
      const action = actionOf(denied(body, proven));
      const metadata = { ...action.metadata, access_request: additions(body, proven) };
      const { approval, created } = await askForAction(deps.ask, {
        ...action,
        workspace: deps.workspace,
        requester: caller,
        requesterName: requester.name,
        actor: await actorOf(deps, requester, action.actor),
        metadata: checkMetadata('context', metadata),
        // One denial is the ground of one request, also when its answer was lost.
        idempotencyKey: c.req.valid('header')['idempotency-key'] ?? proven.id,
      });
      const task = taskOf(approval);
      c.header('location', task.task.status_endpoint);
      slowDown(c, task);
      if (stateAt(approval, deps.now()) === 'pending') return c.json(task, 202);
      return c.json(task, created ? 201 : 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'get',
      path: '/access/v1/requests/{id}',
      tags: ['access'],
      summary: 'How a request for access stands (draft profile)',
      request: { params: idParam },
      responses: answers(taskSchema),
    }),
    async (c) => {
      const requester = requireRequester(c);
      const task = taskOf(await ownApproval(deps, requester, c.req.valid('param').id));
      slowDown(c, task);
      return c.json(task, 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'post',
      path: '/access/v1/requests/{id}/cancel',
      tags: ['access'],
      summary: 'Withdraw a request for access that still waits (draft profile)',
      request: { params: idParam, body: jsonBody(cancellation) },
      responses: answers(taskSchema),
    }),
    async (c) => {
      const requester = requireRequester(c);
      const { id } = await ownApproval(deps, requester, c.req.valid('param').id);
      const { reason, comment } = c.req.valid('json');
      const cancelled = await cancelApproval(deps.byHand, {
        id,
        by: principalRef(requester),
        reason: comment ?? reason ?? 'Withdrawn.',
      });
      return c.json(taskOf(cancelled), 200);
    },
  );
}
