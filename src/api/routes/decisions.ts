import { createRoute, z } from '@hono/zod-openapi';
import type { AuthenticationResponseJSON } from '@simplewebauthn/server';
import type { Approver } from '../../approvals/approver.ts';
import { decideApprovalRequest, type VerifiedProof } from '../../approvals/decide.ts';
import { offerStatement } from '../../approvals/offer.ts';
import { CountersignError } from '../../core/errors.ts';
import { approverFacts } from '../../principals/approver-groups.ts';
import { verifyPersonAssertion, verifyServiceAccountSignature } from '../../principals/prove.ts';
import { listServiceAccounts } from '../../principals/service-accounts.ts';
import { detailSchema } from '../approval-body.ts';
import { type Api, type ApiContext, type ApiDeps, requireKey, requireSignedIn } from '../context.ts';
import { answers, idParam, jsonBody } from '../openapi.ts';
import { assertionSchema, showStatement, statementSchema } from '../statement-body.ts';
import { showDetail } from './approvals.ts';

const ACCOUNT_HEADER = 'x-countersign-service-account';

const decideBody = z.union([
  z.strictObject({ statement_id: z.string(), assertion: assertionSchema }),
  z.strictObject({ statement_id: z.string(), signature: z.string() }),
]);

/** The signed-in person, with what they may decide by. Throws `unauthenticated`, and `forbidden` for everybody else. */
export async function personOf(deps: ApiDeps, c: ApiContext): Promise<Approver> {
  const person = requireSignedIn(c);
  const facts = await approverFacts(deps.principals, `person:${person.id}`);
  if (facts === undefined)
    throw new CountersignError(
      'forbidden',
      'You are no longer enrolled. Ask another approver for an invite.',
    );
  return { kind: 'person', id: person.id, ...facts };
}

/**
 * Who decides: a signed-in person, or the service account that the header names. The header is no proof of anything;
 * the signature over the statement is.
 */
async function approverOf(deps: ApiDeps, c: ApiContext): Promise<Approver> {
  const caller = c.get('principal');
  const machine = caller?.kind === 'service_account' ? caller.id : undefined;
  const accountId = c.req.header(ACCOUNT_HEADER) ?? machine;
  if (accountId === undefined) return personOf(deps, c);
  if (machine === undefined) requireKey(c, ['requester']);
  else if (machine !== accountId)
    throw new CountersignError('forbidden', `${ACCOUNT_HEADER}: a service account decides as itself alone.`);
  const account = (await listServiceAccounts(deps.principals)).find((one) => one.id === accountId);
  if (account === undefined)
    throw new CountersignError(
      'forbidden',
      `${ACCOUNT_HEADER}: there is no such service account. GET /v1/service-accounts lists them.`,
    );
  return { kind: 'service_account', id: account.id, groups: account.groups };
}

function missing(field: string, expected: string): CountersignError {
  return new CountersignError('invalid_request', `${field}: expected ${expected}`, {
    fields: [{ field, expected }],
  });
}

async function prove(
  deps: ApiDeps,
  approver: Approver,
  input: { challenge: Uint8Array; body: z.infer<typeof decideBody> },
): Promise<VerifiedProof> {
  const { challenge, body } = input;
  if (approver.kind === 'person') {
    if (!('assertion' in body)) throw missing('assertion', 'the answer of your passkey');
    const proven = await verifyPersonAssertion(deps.principals, {
      challenge,
      assertion: body.assertion as unknown as AuthenticationResponseJSON,
      personId: approver.id,
      expectedOrigin: deps.publicOrigin,
    });
    const { stillValid, authenticator } = proven;
    return { proof: JSON.stringify(proven.proof), then: [proven.recordUse], stillValid, authenticator };
  }
  if (!('signature' in body))
    throw missing('signature', 'the account’s signature over the challenge, in base64url');
  const proven = await verifyServiceAccountSignature(deps.principals, {
    challenge,
    signature: body.signature,
    serviceAccountId: approver.id,
  });
  const { stillValid } = proven;
  return { proof: JSON.stringify(proven.proof), then: [], stillValid, authenticator: undefined };
}

export function addDecisionRoutes(api: Api, deps: ApiDeps): void {
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/approvals/{id}/statement',
      tags: ['decisions'],
      summary: 'Get the statement to sign; the challenge is its digest',
      request: {
        params: idParam,
        body: jsonBody(
          z.strictObject({
            decision: z.enum(['approve', 'deny']),
            reason: z.string().optional(),
            break_glass: z.boolean().default(false),
          }),
        ),
      },
      responses: answers(statementSchema.openapi('Statement')),
    }),
    async (c) => {
      const approver = await approverOf(deps, c);
      const { decision, reason, break_glass: breakGlass } = c.req.valid('json');
      const offered = await offerStatement(deps.decide, {
        approvalId: c.req.valid('param').id,
        approver,
        decision,
        reason,
        breakGlass,
      });
      const personId = approver.kind === 'person' ? approver.id : undefined;
      return c.json(await showStatement(deps, { offer: offered, personId }), 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/approvals/{id}/decide',
      tags: ['decisions'],
      summary: 'Decide with a passkey assertion over the statement; nothing else decides',
      request: { params: idParam, body: jsonBody(decideBody) },
      responses: answers(detailSchema),
    }),
    async (c) => {
      const approver = await approverOf(deps, c);
      const body = c.req.valid('json');
      const approval = await decideApprovalRequest(deps.decide, {
        approvalId: c.req.valid('param').id,
        statementId: body.statement_id,
        approver,
        verify: ({ challenge }) => prove(deps, approver, { challenge, body }),
      });
      return c.json(await showDetail(deps, approval, approver), 200);
    },
  );
}
