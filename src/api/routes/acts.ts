import { createRoute, z } from '@hono/zod-openapi';
import type { AuthenticationResponseJSON } from '@simplewebauthn/server';
import { toRfc3339 } from '../../core/clock.ts';
import type { ActOffer, SignedAct } from '../../principals/acts.ts';
import { allowedCredentials } from '../../principals/prove.ts';
import { type ActRequest, requestAct } from '../../principals/request-act.ts';
import { type Api, type ApiContext, type ApiDeps, requireSignedIn } from '../context.ts';
import { answers, jsonBody } from '../openapi.ts';

export const actStatementSchema = z
  .object({
    statement_id: z.string(),
    statement: z.string(),
    challenge: z.string(),
    expires_at: z.string(),
    rp_id: z.string(),
    allow_credentials: z.array(z.object({ id: z.string(), transports: z.array(z.string()) })),
  })
  .openapi('ActStatement');

/** The body of every operation that a person signs. */
export const signedBody = jsonBody(
  z.strictObject({
    statement_id: z.string(),
    assertion: z.looseObject({
      id: z.string(),
      rawId: z.string(),
      type: z.string(),
      response: z.looseObject({
        clientDataJSON: z.string(),
        authenticatorData: z.string(),
        signature: z.string(),
      }),
      clientExtensionResults: z.looseObject({}),
    }),
  }),
);

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
]);

/** An offered statement, with the passkeys that its person may sign it with. */
export async function showOffer(
  deps: ApiDeps,
  input: { offer: ActOffer; personId: string },
): Promise<z.infer<typeof actStatementSchema>> {
  const { offer, personId } = input;
  const credentials = await allowedCredentials(deps.principals, personId);
  return {
    statement_id: offer.id,
    statement: offer.text,
    challenge: Buffer.from(offer.challenge).toString('base64url'),
    expires_at: toRfc3339(offer.expiresAt),
    rp_id: deps.principals.party.rpId,
    allow_credentials: credentials.map(({ id, transports }) => ({ id, transports: [...transports] })),
  };
}

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
      summary: 'Get the statement to sign for a change of who may decide; the challenge is its digest',
      request: { body: jsonBody(actBody) },
      responses: answers(actStatementSchema),
    }),
    async (c) => {
      const by = requireSignedIn(c);
      const request = c.req.valid('json') as ActRequest;
      const offer = await requestAct(deps.principals, { by, request });
      return c.json(await showOffer(deps, { offer, personId: by.id }), 200);
    },
  );
}
