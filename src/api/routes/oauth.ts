import { z } from '@hono/zod-openapi';
import { parseReason } from '../../approvals/reason.ts';
import { introspectToken } from '../../capabilities/introspect.ts';
import { getCapability } from '../../capabilities/list.ts';
import { revokeById } from '../../capabilities/revoke.ts';
import { CountersignError } from '../../core/errors.ts';
import { isAccessToken } from '../../principals/machine/access-token.ts';
import { claimedAccount } from '../../principals/machine/assertion.ts';
import { endAccessToken } from '../../principals/machine/authenticate-token.ts';
import { issueAccessToken } from '../../principals/machine/issue-token.ts';
import { principalRef } from '../../principals/principal.ts';
import { endConnection, isConnectionToken } from '../../sessions/oauth/known-token.ts';
import { looksLikeSessionToken } from '../../sessions/session.ts';
import { authenticateClient, sentProof } from '../authenticate.ts';
import { type Api, type ApiContext, type ApiDeps, hasRole } from '../context.ts';
import { aboutConnection } from '../oauth/about-connection.ts';
import { answerOauth } from '../oauth/answer.ts';
import { connectByCode, connectByRefresh } from '../oauth/connect.ts';
import { APPROVAL_TYPE, exchangeToken } from '../oauth/exchange.ts';
import { type Form, readForm } from '../oauth/form.ts';
import { OPEN, problemSchema } from '../openapi.ts';

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const CAPABILITY_ID = /^cap_[0-9A-Za-z]{1,64}$/;

/** The body of every refusal by an OAuth endpoint (RFC 6749 §5.2). */
export const oauthErrorSchema = z
  .object({
    error: z.string(),
    error_description: z.string(),
    code: z.string(),
    request_id: z.string(),
  })
  .openapi('OAuthError');

const tokenSchema = z
  .looseObject({
    access_token: z.string(),
    token_type: z.enum(['Bearer', 'DPoP']),
    expires_in: z.number().int(),
    refresh_token: z.string().optional(),
    issued_token_type: z.string().optional(),
    scope: z.string().optional(),
    authorization_details: z.array(z.looseObject({ type: z.string() })).optional(),
    session: z.string().optional(),
    expires_at: z.string().optional(),
    mcp: z
      .object({ url: z.string(), secret_url: z.string(), headers: z.record(z.string(), z.string()) })
      .optional(),
  })
  .openapi('OAuthToken');

const introspectionSchema = z.looseObject({ active: z.boolean() }).openapi('Introspection');

const tokenForm = z.object({
  grant_type: z.enum(['authorization_code', 'refresh_token', 'client_credentials', EXCHANGE]),
  code: z.string().optional(),
  redirect_uri: z.string().optional(),
  code_verifier: z.string().optional(),
  refresh_token: z.string().optional(),
  client_id: z.string().optional(),
  resource: z.string().optional(),
  client_assertion_type: z.literal(ASSERTION_TYPE).optional(),
  client_assertion: z.string().optional(),
  subject_token: z.string().optional(),
  subject_token_type: z.string().optional(),
  actor: z.string().optional(),
  scope: z.string().optional(),
  expires_in: z.string().optional(),
  call_cap: z.string().optional(),
});

/** Logs a service account in (RFC 6749 §4.4 with RFC 7523 §2.2). */
async function logIn(deps: ApiDeps, c: ApiContext, form: Form): Promise<Response> {
  const type = form.require('client_assertion_type', ASSERTION_TYPE);
  const assertion = form.require('client_assertion', 'a JWT that the service account signed');
  const clientId = form.get('client_id');
  if (type !== ASSERTION_TYPE || (clientId !== undefined && clientId !== claimedAccount(assertion))) {
    const [field, expected] =
      type === ASSERTION_TYPE
        ? ['client_id', 'the account that the assertion names']
        : ['client_assertion_type', ASSERTION_TYPE];
    throw new CountersignError('invalid_request', `${field}: expected ${expected}`, {
      fields: [{ field, expected }],
    });
  }
  const issued = await issueAccessToken(deps.principals, {
    assertion,
    audiences: [deps.publicOrigin, `${deps.publicOrigin}/oauth/token`],
    dpop: sentProof(deps, c),
  });
  return c.json({ access_token: issued.token, token_type: issued.type, expires_in: issued.lastsSeconds });
}

async function issueToken(deps: ApiDeps, c: ApiContext): Promise<Response> {
  const form = await readForm(c).catch((error: unknown) => {
    deps.limiter.takeFromStranger(c);
    throw error;
  });
  const expected = `authorization_code, refresh_token, client_credentials or ${EXCHANGE}`;
  const isByHolder = form.get('grant_type') === EXCHANGE && form.get('subject_token_type') === APPROVAL_TYPE;
  // All others look at no header, whatever it holds.
  if (!isByHolder) deps.limiter.takeFromStranger(c);
  const grant = form.require('grant_type', expected);
  if (grant === EXCHANGE) return exchangeToken(deps, c, form);
  if (grant === 'authorization_code') return connectByCode(deps, c, form);
  if (grant === 'refresh_token') return connectByRefresh(deps, c, form);
  if (grant === 'client_credentials') return logIn(deps, c, form);
  throw new CountersignError('invalid_request', `grant_type: expected ${expected}`, {
    fields: [{ field: 'grant_type', expected }],
  });
}

/** What is known of a capability token, or of a token that an application got by OAuth (RFC 7662 §2). */
async function introspect(deps: ApiDeps, c: ApiContext): Promise<Response> {
  const { principal } = await authenticateClient(deps, c);
  if (principal.kind !== 'service_account' && !hasRole(principal, ['reader', 'requester']))
    throw new CountersignError(
      'forbidden',
      'Only a service account, or an API key with the role reader or requester, may ask about tokens.',
    );
  const form = await readForm(c);
  const token = form.require('token', 'a capability token, or a token of OAuth');
  if (isConnectionToken(token)) return c.json(await aboutConnection(deps, token));
  const live = await introspectToken(deps.capabilities, token);
  if (live === undefined) return c.json({ active: false });
  const { token_type: tokenType = 'Bearer', ...claims } = live.claims;
  return c.json({ active: true, ...claims, token_type: tokenType, capability: live.capability.id });
}

/**
 * Ends a capability, by its id or its token, the caller's own access token, or a connection by a token that it holds
 * (RFC 7009 §2). The last takes no other credentials: clients that connect by OAuth have none.
 */
async function revoke(deps: ApiDeps, c: ApiContext): Promise<Response> {
  const anonymous = c.req.header('authorization') === undefined ? await readForm(c) : undefined;
  const connection = anonymous?.get('token');
  if (connection !== undefined && isConnectionToken(connection)) {
    await endConnection(deps.oauth, { token: connection, clientId: anonymous?.get('client_id') });
    return c.body(null, 200);
  }
  const { principal } = await authenticateClient(deps, c);
  const form = anonymous ?? (await readForm(c));
  const token = form.require('token', 'a capability token, or the id of a capability');
  if (looksLikeSessionToken(token))
    throw new CountersignError(
      'invalid_request',
      'token: a session is ended by POST /v1/sessions/{id}/revoke.',
      {
        fields: [{ field: 'token_type', expected: 'a capability token, or the id of a capability' }],
      },
    );
  if (isAccessToken(token)) {
    if (principal.kind === 'service_account')
      await endAccessToken(deps.principals, { token, accountId: principal.id });
    return c.body(null, 200);
  }
  const capability = CAPABILITY_ID.test(token)
    ? await getCapability(deps.database, token)
    : (await introspectToken(deps.capabilities, token))?.capability;
  // What is not in force needs no revoking, and that is not an error (RFC 7009 §2.2).
  if (capability === undefined) return c.body(null, 200);
  const by = principalRef(principal);
  if (!hasRole(principal, []) && capability.holder !== by)
    throw new CountersignError('forbidden', 'Only its holder or an operator may revoke a capability.');
  const reason = parseReason('reason', form.get('reason')) ?? 'revoked';
  await revokeById(deps.capabilities, { id: capability.id, by, reason });
  return c.body(null, 200);
}

/** OAuth 2.0: logging in, exchanging, introspecting, revoking. No cookie is ever looked at. */
export function addOauthRoutes(api: Api, deps: ApiDeps): void {
  const endpoints = [
    {
      path: '/oauth/token',
      summary: 'Redeem a code, refresh, log a service account in, or exchange an approval or a session',
      form: tokenForm,
      answer: tokenSchema,
      run: issueToken,
    },
    {
      path: '/oauth/introspect',
      summary: 'Ask whether a capability token, or a token of OAuth, is in force',
      form: z.object({ token: z.string(), token_type_hint: z.string().optional() }),
      answer: introspectionSchema,
      run: introspect,
    },
    {
      path: '/oauth/revoke',
      summary: 'End a capability, an access token, or a connection',
      form: z.object({ token: z.string(), client_id: z.string().optional(), reason: z.string().optional() }),
      answer: undefined,
      run: revoke,
    },
  ];
  for (const { path, summary, form, answer, run } of endpoints) {
    api.openAPIRegistry.registerPath({
      method: 'post',
      path,
      tags: ['oauth'],
      summary,
      security: OPEN,
      request: {
        body: { content: { 'application/x-www-form-urlencoded': { schema: form } }, required: true },
      },
      responses: {
        200: {
          description: 'Success',
          ...(answer === undefined ? {} : { content: { 'application/json': { schema: answer } } }),
        },
        default: {
          description: 'An OAuth error, or a problem of the request as such',
          content: {
            'application/json': { schema: oauthErrorSchema },
            'application/problem+json': { schema: problemSchema },
          },
        },
      },
    });
    api.post(path, (c) => answerOauth(c, deps, () => run(deps, c)));
  }
}
