import { createRoute, z } from '@hono/zod-openapi';
import type { Approval } from '../../approvals/approval.ts';
import { thawCall } from '../../approvals/frozen-call.ts';
import { findApprovedBefore } from '../../approvals/list.ts';
import { CountersignError } from '../../core/errors.ts';
import { isJsonObject } from '../../core/json.ts';
import { explain } from '../../policy/explain.ts';
import type { PolicyInput } from '../../policy/verdict.ts';
import { principalRef } from '../../principals/principal.ts';
import { detailSchema } from '../approval-body.ts';
import { type Api, type ApiDeps, requireAny } from '../context.ts';
import { answers, idParam } from '../openapi.ts';
import { requireViewer, visibleApproval } from '../requester.ts';
import { showDetail } from './approvals.ts';

const stepSchema = z.object({
  expression: z.string(),
  depth: z.number(),
  line: z.number(),
  column: z.number(),
  value: z.string().optional(),
  error: z.string().optional(),
});

const traceSchema = z
  .object({
    policy_version: z.string(),
    /** Whether that is the policy which held the call. */
    same_policy: z.boolean(),
    effect: z.enum(['allow', 'hold', 'deny']),
    rules: z.array(
      z.object({
        rule: z.string(),
        file: z.string(),
        line: z.number(),
        outcome: z.enum(['matched', 'not_matched', 'error']),
        why: z.string().optional(),
        effect: z.enum(['allow', 'hold', 'deny']),
        shadow: z.boolean(),
        steps: z.array(stepSchema),
      }),
    ),
  })
  .openapi('ApprovalTrace');

/** What policy saw of the call when it was made; only the calls of its session are counted as they are now. */
async function inputOf(deps: ApiDeps, approval: Approval): Promise<PolicyInput> {
  const { call, sessionId, requester, subject, requestedAt } = approval;
  const { args } = thawCall(call.text);
  const session = sessionId === undefined ? undefined : await deps.sessions.get(sessionId);
  const tool = deps.downstreams.catalog().byExposed.get(approval.exposed);
  const annotations = tool?.hash === approval.toolHash ? tool.definition.annotations : undefined;
  return {
    kind: call.kind,
    server: call.kind === 'action' ? '' : call.server,
    tool: call.tool,
    args,
    annotations: isJsonObject(annotations) ? annotations : {},
    session: {
      id: session?.id ?? requester,
      subject,
      labels: session?.labels ?? {},
      ageMs: session === undefined ? 0 : Math.max(0, requestedAt - session.createdAt),
      calls: session?.calls ?? 0,
    },
    actor: subject,
    resource: call.kind === 'action' ? call.server : '',
    risk: call.action?.risk ?? '',
    budget: {},
    now: requestedAt,
    history: null,
    metadata: call.action?.metadata ?? {},
  };
}

/** What helps to judge a call and is no part of what is signed. */
export function addApprovalContextRoutes(api: Api, deps: ApiDeps): void {
  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/approvals/{id}/previous',
      tags: ['approvals'],
      summary: 'What was last approved of the same tool or action for the same subject',
      request: { params: idParam },
      responses: answers(z.object({ approval: detailSchema.optional() })),
    }),
    async (c) => {
      const principal = requireViewer(c, ['reader', 'requester']);
      const approval = await visibleApproval(deps, principal, c.req.valid('param').id);
      const found = await findApprovedBefore(deps.database, approval);
      const own = principal.kind !== 'service_account' || found?.requester === principalRef(principal);
      if (found === undefined || !own) return c.json({}, 200);
      return c.json({ approval: await showDetail(deps, found, principal) }, 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/approvals/{id}/trace',
      tags: ['approvals'],
      summary:
        'How the policy in force looks at it: each rule for it, each part of its condition with its value',
      request: { params: idParam },
      responses: answers(traceSchema),
    }),
    async (c) => {
      const approval = await visibleApproval(deps, requireAny(c), c.req.valid('param').id);
      if (approval.redactedAt !== undefined)
        throw new CountersignError('not_found', `The arguments of ${approval.id} were erased.`);
      const policy = deps.policy.current();
      const hide = approval.verdict.redact;
      const { verdict, rules } = explain(policy, await inputOf(deps, approval), { hide });
      return c.json(
        {
          policy_version: policy.version,
          same_policy: policy.version === approval.policyVersion,
          effect: verdict.effect,
          rules: rules
            .filter((rule) => rule.outcome !== 'not_matched' || rule.steps.length > 0)
            .map(({ exceeded: _limits, steps, ...rule }) => ({ ...rule, steps: [...steps] })),
        },
        200,
      );
    },
  );
}
