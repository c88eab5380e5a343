import { createRoute, z } from '@hono/zod-openapi';
import { stateAt } from '../../approvals/approval.ts';
import { reportOutcome } from '../../approvals/report-outcome.ts';
import type { JsonObject } from '../../core/json.ts';
import { LIMITS } from '../../core/limits.ts';
import { askForAction } from '../../gate/judge-action.ts';
import { principalRef } from '../../principals/principal.ts';
import {
  actionName,
  actorName,
  checkMetadata,
  idempotencyKey,
  jsonObject,
  resourceName,
} from '../action-fields.ts';
import { detailSchema } from '../approval-body.ts';
import type { Api, ApiDeps } from '../context.ts';
import { answers, idParam, jsonBody, requests } from '../openapi.ts';
import { actorOf, requireRequester, visibleApproval } from '../requester.ts';
import { showDetail } from './approvals.ts';

const RETRY_AFTER_SECONDS = '1';

const requestBody = z.strictObject({
  action: actionName,
  resource: resourceName,
  actor: actorName.optional(),
  risk: z.enum(['low', 'medium', 'high', 'critical']).optional(),
  metadata: jsonObject.default({}),
  arguments: jsonObject.default({}),
  idempotency_key: idempotencyKey.optional(),
});

const outcomeBody = z.strictObject({
  state: z.enum(['succeeded', 'failed']),
  note: z.string().max(LIMITS.reasonCharacters).optional(),
});

/** Approvals for what other systems do: requested here, carried out there, reported here. */
export function addActionRoutes(api: Api, deps: ApiDeps): void {
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/approvals',
      tags: ['approvals'],
      summary: 'Request approval of an action; 201 where policy allows it, 202 while it waits',
      request: { body: jsonBody(requestBody) },
      responses: requests(detailSchema),
    }),
    async (c) => {
      const requester = requireRequester(c);
      const body = c.req.valid('json');
      const { approval, created } = await askForAction(deps.ask, {
        workspace: deps.workspace,
        requester: principalRef(requester),
        requesterName: requester.name,
        actor: await actorOf(deps, requester, body.actor),
        name: body.action,
        resource: body.resource,
        risk: body.risk ?? '',
        args: body.arguments as JsonObject,
        metadata: checkMetadata('metadata', body.metadata as JsonObject),
        idempotencyKey: body.idempotency_key,
      });
      const shown = await showDetail(deps, approval, requester);
      c.header('location', `/v1/approvals/${approval.id}`);
      if (stateAt(approval, deps.now()) === 'pending') {
        c.header('retry-after', RETRY_AFTER_SECONDS);
        return c.json(shown, 202);
      }
      return c.json(shown, created ? 201 : 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/approvals/{id}/outcome',
      tags: ['approvals'],
      summary: 'Report what became of an approved action; once, by its requester',
      request: { params: idParam, body: jsonBody(outcomeBody) },
      responses: answers(detailSchema),
    }),
    async (c) => {
      const requester = requireRequester(c);
      const { id } = await visibleApproval(deps, requester, c.req.valid('param').id);
      const { state, note } = c.req.valid('json');
      const reported = await reportOutcome(deps.byHand, {
        approvalId: id,
        holder: principalRef(requester),
        state,
        note,
      });
      return c.json(await showDetail(deps, reported, requester), 200);
    },
  );
}
