import { z } from '@hono/zod-openapi';
import { CountersignError } from '../../core/errors.ts';
import { decodeUtf8, parseStrict } from '../../core/json.ts';
import { LIMITS } from '../../core/limits.ts';
import { CONNECT_SCOPE } from '../../sessions/oauth/deps.ts';
import { registerClient } from '../../sessions/oauth/register-client.ts';
import { notJson, readBytes } from '../body.ts';
import type { Api, ApiContext, ApiDeps } from '../context.ts';
import { answerOauth } from '../oauth/answer.ts';
import { OPEN, problemSchema } from '../openapi.ts';
import { oauthErrorSchema } from './oauth.ts';

const JSON_TYPE = /^application\/json\s*(?:;|$)/i;

const metadataSchema = z
  .looseObject({
    redirect_uris: z.array(z.string()).min(1).max(LIMITS.oauthRedirectUris),
    client_name: z.string().optional(),
    client_uri: z.string().optional(),
  })
  .openapi('ClientMetadata');

const clientSchema = z
  .object({
    client_id: z.string(),
    client_id_issued_at: z.number().int(),
    client_name: z.string().optional(),
    client_uri: z.string().optional(),
    redirect_uris: z.array(z.string()),
    grant_types: z.array(z.string()),
    response_types: z.array(z.string()),
    token_endpoint_auth_method: z.literal('none'),
    scope: z.string(),
  })
  .openapi('RegisteredClient');

async function register(deps: ApiDeps, c: ApiContext): Promise<Response> {
  // It looks at no header, whatever it holds.
  deps.limiter.takeFromStranger(c);
  const bytes = await readBytes(c, LIMITS.clientDocumentBytes);
  if (!JSON_TYPE.test(c.req.header('content-type') ?? '')) throw notJson();
  if (bytes.length === 0) throw new CountersignError('invalid_request', 'body: expected a JSON object');
  const { client, issuedAt } = await registerClient(deps.oauth, parseStrict(decodeUtf8(bytes)));
  const body: z.infer<typeof clientSchema> = {
    client_id: client.id,
    client_id_issued_at: Math.floor(issuedAt / 1_000),
    ...(client.name === undefined ? {} : { client_name: client.name }),
    ...(client.uri === undefined ? {} : { client_uri: client.uri }),
    redirect_uris: [...client.redirectUris],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    scope: CONNECT_SCOPE,
  };
  return c.json(body, 201);
}

/** Dynamic client registration (RFC 7591), for applications that have no metadata document. */
export function addOauthRegisterRoutes(api: Api, deps: ApiDeps): void {
  api.openAPIRegistry.registerPath({
    method: 'post',
    path: '/oauth/register',
    tags: ['oauth'],
    summary: 'Register an application that wants to be connected; it gets no secret',
    security: OPEN,
    request: { body: { content: { 'application/json': { schema: metadataSchema } }, required: true } },
    responses: {
      201: { description: 'Registered', content: { 'application/json': { schema: clientSchema } } },
      default: {
        description: 'An OAuth error, or a problem of the request as such',
        content: {
          'application/json': { schema: oauthErrorSchema },
          'application/problem+json': { schema: problemSchema },
        },
      },
    },
  });
  api.post('/oauth/register', (c) => answerOauth(c, deps, () => register(deps, c)));
}
