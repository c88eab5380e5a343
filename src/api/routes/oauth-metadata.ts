import { createRoute, z } from '@hono/zod-openapi';
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
    token_endpoint: z.string(),
    introspection_endpoint: z.string(),
    revocation_endpoint: z.string(),
    jwks_uri: z.string(),
    response_types_supported: z.array(z.string()),
    grant_types_supported: z.array(z.string()),
    token_endpoint_auth_methods_supported: z.array(z.string()),
    token_endpoint_auth_signing_alg_values_supported: z.array(z.string()),
    dpop_signing_alg_values_supported: z.array(z.string()),
    authorization_details_types_supported: z.array(z.string()),
  })
  .openapi('AuthorizationServerMetadata');

/** A verifier that meets an unknown key asks again at once, so this bounds only how long a retired key is kept. */
const CACHE = 'public, max-age=300';
const SIGNATURES = ['ES256', 'EdDSA', 'Ed25519'];

/** The public keys of capability tokens (RFC 7517 §5) and what the OAuth endpoints can do (RFC 8414 §3). */
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
        token_endpoint: at('/oauth/token'),
        introspection_endpoint: at('/oauth/introspect'),
        revocation_endpoint: at('/oauth/revoke'),
        jwks_uri: at('/.well-known/jwks.json'),
        response_types_supported: [],
        grant_types_supported: ['client_credentials', 'urn:ietf:params:oauth:grant-type:token-exchange'],
        token_endpoint_auth_methods_supported: ['private_key_jwt'],
        token_endpoint_auth_signing_alg_values_supported: SIGNATURES,
        dpop_signing_alg_values_supported: SIGNATURES,
        authorization_details_types_supported: ['mcp_tool_call', 'countersign_action'],
      };
      return c.json(metadata, 200);
    },
  );
}
