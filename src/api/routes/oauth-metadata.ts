import { createRoute, z } from '@hono/zod-openapi';
import { CONNECT_SCOPE, resourceOf } from '../../sessions/oauth/deps.ts';
import type { Api, ApiDeps } from '../context.ts';
import { answers, OPEN } from '../openapi.ts';

const jwksSchema = z
  .object({
    keys: z.array(
      z.object({
        kty: z.literal('EC'),
        crv: z.literal('P-256'),
        x: z.string(),
        y: z.string(),
        kid: z.string(),
        alg: z.literal('ES256'),
        use: z.literal('sig'),
      }),
    ),
  })
  .openapi('JsonWebKeySet');

const metadataSchema = z
  .object({
    issuer: z.string(),
    authorization_endpoint: z.string(),
    token_endpoint: z.string(),
    introspection_endpoint: z.string(),
    revocation_endpoint: z.string(),
    registration_endpoint: z.string(),
    jwks_uri: z.string(),
    scopes_supported: z.array(z.string()),
    response_types_supported: z.array(z.string()),
    response_modes_supported: z.array(z.string()),
    code_challenge_methods_supported: z.array(z.string()),
    client_id_metadata_document_supported: z.boolean(),
    authorization_response_iss_parameter_supported: z.boolean(),
    revocation_endpoint_auth_methods_supported: z.array(z.string()),
    grant_types_supported: z.array(z.string()),
    token_endpoint_auth_methods_supported: z.array(z.string()),
    token_endpoint_auth_signing_alg_values_supported: z.array(z.string()),
    dpop_signing_alg_values_supported: z.array(z.string()),
    authorization_details_types_supported: z.array(z.string()),
  })
  .openapi('AuthorizationServerMetadata');

const resourceSchema = z
  .object({
    resource: z.string(),
    resource_name: z.string(),
    authorization_servers: z.array(z.string()),
    scopes_supported: z.array(z.string()),
    bearer_methods_supported: z.array(z.string()),
  })
  .openapi('ProtectedResourceMetadata');

/** A verifier that meets an unknown key asks again at once, so this bounds only how long a retired key is kept. */
const CACHE = 'public, max-age=300';
const SIGNATURES = ['ES256', 'EdDSA', 'Ed25519'];

/** The public keys of capability tokens (RFC 7517 §5) what the OAuth endpoints can do (RFC 8414 §3), and what the MCP endpoint asks for (RFC 9728 §3). */
export function addOauthMetadataRoutes(api: Api, deps: ApiDeps): void {
  api.openapi(
    createRoute({
      method: 'get',
      path: '/.well-known/jwks.json',
      tags: ['oauth'],
      summary: 'The keys that capability tokens are signed with',
      security: OPEN,
      responses: answers(jwksSchema),
    }),
    (c) => {
      c.header('cache-control', CACHE);
      const { keys } = deps.capabilityKeys.jwks();
      return c.json(
        { keys: keys.map(({ kty, crv, x, y, kid, alg, use }) => ({ kty, crv, x, y, kid, alg, use })) },
        200,
      );
    },
  );

  const at = (path: string): string => `${deps.publicOrigin}${path}`;
  api.openapi(
    createRoute({
      method: 'get',
      path: '/.well-known/oauth-authorization-server',
      tags: ['oauth'],
      summary: 'The OAuth endpoints and what they accept',
      security: OPEN,
      responses: answers(metadataSchema),
    }),
    (c) => {
      c.header('cache-control', CACHE);
      const metadata = {
        issuer: deps.publicOrigin,
        authorization_endpoint: at('/authorize'),
        token_endpoint: at('/oauth/token'),
        introspection_endpoint: at('/oauth/introspect'),
        revocation_endpoint: at('/oauth/revoke'),
        registration_endpoint: at('/oauth/register'),
        jwks_uri: at('/.well-known/jwks.json'),
        scopes_supported: [CONNECT_SCOPE],
        response_types_supported: ['code'],
        response_modes_supported: ['query'],
        code_challenge_methods_supported: ['S256'],
        client_id_metadata_document_supported: true,
        authorization_response_iss_parameter_supported: true,
        grant_types_supported: [
          'authorization_code',
          'refresh_token',
          'client_credentials',
          'urn:ietf:params:oauth:grant-type:token-exchange',
        ],
        token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'],
        revocation_endpoint_auth_methods_supported: ['none'],
        token_endpoint_auth_signing_alg_values_supported: SIGNATURES,
        dpop_signing_alg_values_supported: SIGNATURES,
        authorization_details_types_supported: ['mcp_tool_call', 'countersign_action'],
      };
      return c.json(metadata, 200);
    },
  );

  // RFC 9728 §3.1 puts the path of the resource behind the well-known one; clients also try the bare address.
  for (const path of ['/.well-known/oauth-protected-resource/mcp', '/.well-known/oauth-protected-resource']) {
    api.openapi(
      createRoute({
        method: 'get',
        path,
        tags: ['oauth'],
        summary: 'What protects the MCP endpoint, and where tokens for it come from',
        security: OPEN,
        responses: answers(resourceSchema),
      }),
      (c) => {
        c.header('cache-control', CACHE);
        const metadata = {
          resource: resourceOf(deps.oauth),
          resource_name: 'Countersign',
          authorization_servers: [deps.publicOrigin],
          scopes_supported: [CONNECT_SCOPE],
          bearer_methods_supported: ['header'],
        };
        return c.json(metadata, 200);
      },
    );
  }
}
