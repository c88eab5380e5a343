import { createRoute, z } from '@hono/zod-openapi';
import { toRfc3339 } from '../../core/clock.ts';
import type { JsonObject } from '../../core/json.ts';
import { judgeAction } from '../../gate/judge-action.ts';
import type { Verdict } from '../../policy/verdict.ts';
import { type Principal, principalRef } from '../../principals/principal.ts';
import { actionOf, approvalIn, type Evaluation, evaluationFields } from '../authzen.ts';
import type { Api, ApiDeps } from '../context.ts';
import { bindDenial } from '../denial-binding.ts';
import { answers, jsonBody, OPEN } from '../openapi.ts';
import { useApproval } from '../reevaluate.ts';
import { mayRequestAs, requireRequester } from '../requester.ts';

const evaluationSchema = z
  .object({ decision: z.boolean(), context: z.record(z.string(), z.any()).optional() })
  .openapi('AccessDecision');

const metadataSchema = z.object({
  policy_decision_point: z.string(),
  access_evaluation_endpoint: z.string(),
  access_request_endpoint: z.string().optional(),
  capabilities: z.array(z.string()).optional(),
});

type Answer = z.infer<typeof evaluationSchema>;

/** Puts the answer on the ledger before anybody acts on it. */
async function record(
  deps: ApiDeps,
  asked: { caller: Principal; evaluation: Evaluation; verdict: Verdict; decision: boolean },
): Promise<void> {
  const { evaluation, verdict, decision } = asked;
  const { actor, resource, name } = actionOf(evaluation);
  await deps.ledger.commit({
    entries: [
      {
        type: 'access.evaluated',
        ref: { subject: actor, principal: principalRef(asked.caller), action: name },
        body: {
          decision,
          effect: verdict.effect,
          rule: verdict.decidedBy?.rule ?? null,
          policy: verdict.policyVersion,
          subject: actor,
          resource,
        },
      },
    ],
  });
}

/** The context of a denial: why, and how access may be requested where a person could grant it. */
async function denialContext(
  deps: ApiDeps,
  denied: { caller: Principal; evaluation: Evaluation; verdict: Verdict },
): Promise<JsonObject> {
  const { caller, evaluation, verdict } = denied;
  const held = verdict.effect === 'hold';
  const context = {
    reason: held ? 'approval_required' : 'policy_denied',
    reason_user: { en: verdict.reason },
  };
  const binding = deps.accessRequests;
  if (!held || binding === undefined) return context;
  if (!(await mayRequestAs(deps, caller, actionOf(evaluation).actor))) return context;
  const bound = await bindDenial(binding, {
    evaluation,
    caller: principalRef(caller),
    evaluationId: deps.newId('req'),
  });
  return {
    ...context,
    evaluation_id: bound.evaluationId,
    evaluated_at: toRfc3339(bound.evaluatedAt),
    access_request: {
      endpoint: `${deps.publicOrigin}/access/v1/requests`,
      expires_at: toRfc3339(bound.expiresAt),
      binding_token: bound.token,
      display: { title: 'Request approval', description: verdict.reason },
    },
  };
}

async function evaluate(deps: ApiDeps, caller: Principal, evaluation: Evaluation): Promise<Answer> {
  const requester = principalRef(caller);
  const verdict = judgeAction(deps.ask, { ...actionOf(evaluation), requester }, deps.ask.counters);
  const asked = { caller, evaluation, verdict };
  const named = deps.accessRequests === undefined ? undefined : approvalIn(evaluation.context);
  if (verdict.effect === 'hold' && named !== undefined) {
    const used = await useApproval(deps, { id: named, caller, evaluation });
    await record(deps, { ...asked, decision: used.decision });
    const more = used.requestable ? await denialContext(deps, asked) : {};
    return { decision: used.decision, context: { ...more, ...used.context } };
  }
  const decision = verdict.effect === 'allow';
  await record(deps, { ...asked, decision });
  return decision ? { decision } : { decision, context: await denialContext(deps, asked) };
}

/** The AuthZEN Authorization API 1.0 over the same policy as every other action. */
export function addAccessRoutes(api: Api, deps: ApiDeps): void {
  api.openapi(
    createRoute({
      method: 'post',
      path: '/access/v1/evaluation',
      tags: ['access'],
      summary: 'Whether a subject may do something to a resource (AuthZEN); true only where policy allows it',
      request: { body: jsonBody(z.strictObject(evaluationFields)) },
      responses: answers(evaluationSchema),
    }),
    async (c) =>
      c.json(await evaluate(deps, requireRequester(c, ['reader', 'requester']), c.req.valid('json')), 200),
  );

  api.openapi(
    createRoute({
      method: 'get',
      path: '/.well-known/authzen-configuration',
      tags: ['access'],
      summary: 'Where the AuthZEN endpoints are',
      security: OPEN,
      responses: answers(metadataSchema),
    }),
    (c) => {
      const origin = deps.publicOrigin;
      const requests = {
        access_request_endpoint: `${origin}/access/v1/requests`,
        capabilities: ['urn:openid:authzen:capability:access-request'],
      };
      return c.json(
        {
          policy_decision_point: origin,
          access_evaluation_endpoint: `${origin}/access/v1/evaluation`,
          ...(deps.accessRequests === undefined ? {} : requests),
        },
        200,
      );
    },
  );
}
