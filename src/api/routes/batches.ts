import { createRoute, z } from '@hono/zod-openapi';
import type { AuthenticationResponseJSON } from '@simplewebauthn/server';
import { decideBatch, offerBatch, type VerifiedBatch } from '../../approvals/decide-batch.ts';
import { LIMITS } from '../../core/limits.ts';
import { verifyPersonAssertion } from '../../principals/prove.ts';
import { stateSchema } from '../approval-body.ts';
import type { Api, ApiDeps } from '../context.ts';
import { answers, jsonBody } from '../openapi.ts';
import { assertionSchema, showStatement, statementSchema } from '../statement-body.ts';
import { personOf } from './decisions.ts';

const idSchema = z.string().min(1).max(100);
const some = <Item extends z.ZodType>(item: Item) => z.array(item).min(1).max(LIMITS.batchApprovals);

const offeredSchema = statementSchema
  .omit({ statement_id: true, statement: true })
  .extend({
    batch: z.string(),
    statements: z.array(z.object({ approval: z.string(), statement_id: z.string(), statement: z.string() })),
  })
  .openapi('Batch');

const outcomeSchema = z
  .object({
    approval: z.string(),
    state: stateSchema.nullable(),
    problem: z.object({ code: z.string(), detail: z.string() }).nullable(),
  })
  .openapi('BatchOutcome');

async function prove(
  deps: ApiDeps,
  input: { challenge: Uint8Array; assertion: unknown; personId: string },
): Promise<VerifiedBatch> {
  const { challenge, personId } = input;
  const proven = await verifyPersonAssertion(deps.principals, {
    challenge,
    assertion: input.assertion as AuthenticationResponseJSON,
    personId,
    expectedOrigin: deps.publicOrigin,
  });
  const { stillValid, stillEnrolled, authenticator, recordUse } = proven;
  return {
    proof: JSON.stringify(proven.proof),
    then: [recordUse],
    stillValid,
    stillEnrolled,
    authenticator,
  };
}

export function addBatchRoutes(api: Api, deps: ApiDeps): void {
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/approval-batches/statement',
      tags: ['decisions'],
      summary: 'Get a statement for each of some like approvals, and the one text over them to sign',
      request: {
        body: jsonBody(
          z.strictObject({
            approvals: some(idSchema),
            decision: z.enum(['approve', 'deny']),
            reason: z.string().optional(),
          }),
        ),
      },
      responses: answers(offeredSchema),
    }),
    async (c) => {
      const approver = await personOf(deps, c);
      const { approvals, decision, reason } = c.req.valid('json');
      const offered = await offerBatch(deps.decide, { approvalIds: approvals, approver, decision, reason });
      const offer = { ...offered, id: '' };
      const {
        statement_id: _id,
        statement,
        ...shown
      } = await showStatement(deps, {
        offer,
        personId: approver.id,
      });
      const statements = offered.statements.map(({ approvalId, id, text }) => ({
        approval: approvalId,
        statement_id: id,
        statement: text,
      }));
      return c.json({ ...shown, batch: statement, statements }, 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/approval-batches/decide',
      tags: ['decisions'],
      summary: 'Decide each of them with one passkey assertion over the text that lists their statements',
      request: {
        body: jsonBody(
          z.strictObject({
            batch: z.string().max(16_384),
            statements: some(z.strictObject({ approval: idSchema, statement_id: idSchema })),
            assertion: assertionSchema,
          }),
        ),
      },
      responses: answers(z.object({ outcomes: z.array(outcomeSchema) })),
    }),
    async (c) => {
      const approver = await personOf(deps, c);
      const { batch, statements, assertion } = c.req.valid('json');
      const outcomes = await decideBatch(deps.decide, {
        batch,
        statements: statements.map((one) => ({
          approvalId: one.approval,
          statementId: one.statement_id,
        })),
        approver,
        verify: (challenge) => prove(deps, { challenge, assertion, personId: approver.id }),
      });
      const told = outcomes.map((one) =>
        'error' in one
          ? {
              approval: one.approvalId,
              state: null,
              problem: { code: one.error.code, detail: one.error.message },
            }
          : { approval: one.approvalId, state: one.approval.state, problem: null },
      );
      return c.json({ outcomes: told }, 200);
    },
  );
}
