import { createRoute, z } from '@hono/zod-openapi';
import { getApproval } from '../../approvals/list.ts';
import { recordReveal } from '../../approvals/reveal.ts';
import { settledResult } from '../approval-body.ts';
import type { Api, ApiDeps } from '../context.ts';
import { hiddenArgumentsOf, hiddenOfResult } from '../hidden.ts';
import { answers, idParam, jsonBody } from '../openapi.ts';
import { personOf } from './decisions.ts';

const PARTS = ['arguments', 'result'] as const;

const revealedSchema = z
  .object({
    what: z.enum(PARTS),
    call: z.object({ text: z.string(), salt: z.string(), digest: z.string() }).nullable(),
    result: z.object({ kind: z.enum(['result', 'error', 'note']), text: z.string() }).nullable(),
  })
  .openapi('Revealed');

/** The one way by which values that policy hides of an approval leave the gateway to a person. */
export function addRevealRoutes(api: Api, deps: ApiDeps): void {
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/approvals/{id}/reveal',
      tags: ['decisions'],
      summary: 'Show whoever may decide it what policy hides of the call; the ledger tells of it first',
      request: { params: idParam, body: jsonBody(z.strictObject({ what: z.enum(PARTS) })) },
      responses: answers(revealedSchema),
    }),
    async (c) => {
      const approver = await personOf(deps, c);
      const { what } = c.req.valid('json');
      const approval = await getApproval(deps, c.req.valid('param').id);
      const { call, action, verdict } = approval;
      const result = settledResult(approval, deps.now());
      const isOfCall = what === 'arguments';
      const hidden = isOfCall ? hiddenArgumentsOf(approval) : hiddenOfResult(result, verdict.redact);
      await recordReveal(deps.decide, { approval, approver, what, hidden });
      return c.json(
        {
          what,
          call: isOfCall ? { text: call.text, salt: action.salt, digest: call.digest } : null,
          result: isOfCall || result === undefined ? null : { kind: result.kind, text: result.text },
        },
        200,
      );
    },
  );
}
