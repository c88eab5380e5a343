import { createRoute, z } from '@hono/zod-openapi';
import type { AuthenticationResponseJSON } from '@simplewebauthn/server';
import type { SignedAct } from '../../principals/acts.ts';
import { type ActRequest, requestAct } from '../../principals/request-act.ts';
import { type Api, type ApiContext, type ApiDeps, requireSignedIn } from '../context.ts';
import { answers, jsonBody } from '../openapi.ts';
import { assertionSchema, showStatement, statementSchema } from '../statement-body.ts';

export const actStatementSchema = statementSchema.openapi('ActStatement');

/** The body of every operation that a person signs. */
export const signedBody = jsonBody(z.strictObject({ statement_id: z.string(), assertion: assertionSchema }));

const groups = z.array(z.string()).default([]);
const actBody = z.discriminatedUnion('act', [
  z.strictObject({
    act: z.literal('approver.invite'),
    params: z.strictObject({
      name: z.string(),
      groups,
      subject: z.string().optional(),
      token: z.string(),
    }),
  }),
  z.strictObject({
    act: z.literal('approver.remove'),
    params: z.strictObject({ person: z.string() }),
  }),
  z.strictObject({
    act: z.literal('passkey.remove'),
    params: z.strictObject({ person: z.string(), passkey: z.string() }),
  }),
  z.strictObject({
    act: z.literal('service_account.create'),
    params: z.strictObject({
      name: z.string(),
      groups,
      public_key: z.union([z.string(), z.record(z.string(), z.unknown())]),
    }),
  }),
  z.strictObject({
    act: z.literal('service_account.remove'),
    params: z.strictObject({ service_account: z.string() }),
  }),
  z.strictObject({
    act: z.literal('key.create'),
    params: z.strictObject({
      name: z.string(),
      roles: z.array(z.string()),
      hint: z.string(),
      hash: z.string(),
    }),
  }),
]);

/** What the signed-in person hands in. Throws `unauthenticated` or `forbidden` for everybody else. */
export function signedBy(
  c: ApiContext,
  body: { readonly statement_id: string; readonly assertion: object },
): SignedAct {
  return {
    by: requireSignedIn(c),
    statementId: body.statement_id,
    assertion: body.assertion as AuthenticationResponseJSON,
  };
}

export function addActRoutes(api: Api, deps: ApiDeps): void {
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/acts',
      tags: ['approvers'],
      summary: 'Get the statement to sign for a change of who may act here; the challenge is its digest',
      request: { body: jsonBody(actBody) },
      responses: answers(actStatementSchema),
    }),
    async (c) => {
      const by = requireSignedIn(c);
      const request = c.req.valid('json') as ActRequest;
      const offer = await requestAct(deps.principals, { by, request });
      return c.json(await showStatement(deps, { offer, personId: by.id }), 200);
    },
  );
}
