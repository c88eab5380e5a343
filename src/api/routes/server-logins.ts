import { createRoute, z } from '@hono/zod-openapi';
import { toRfc3339 } from '../../core/clock.ts';
import { principalRef } from '../../principals/principal.ts';
import { type Api, type ApiDeps, requireKey } from '../context.ts';
import { answers, jsonBody } from '../openapi.ts';

const params = z.object({ name: z.string().max(100) });

const begunSchema = z
  .object({ server: z.string(), authorization_url: z.string(), expires_at: z.string() })
  .openapi('ServerLoginBegun');

const loginSchema = z
  .object({
    server: z.string(),
    issuer: z.string(),
    scope: z.string().nullable(),
    expires_at: z.string().nullable(),
    renewable: z.boolean(),
  })
  .openapi('ServerLogin');

/** Logins at the authorization servers of remote servers. No answer holds a token. */
export function addServerLoginRoutes(api: Api, deps: ApiDeps): void {
  const { serverLogins, downstreams } = deps;

  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/servers/{name}/login',
      tags: ['servers'],
      summary: 'Begin a login at a remote server’s authorization server',
      request: {
        params,
        body: jsonBody(z.strictObject({ redirect_uri: z.string().max(500) })),
      },
      responses: answers(begunSchema),
    }),
    async (c) => {
      requireKey(c, ['operator']);
      const { name } = c.req.valid('param');
      const { redirect_uri: redirectUri } = c.req.valid('json');
      const { authorizationUrl, expiresAt } = await serverLogins.begin({ server: name, redirectUri });
      const body = { server: name, authorization_url: authorizationUrl, expires_at: toRfc3339(expiresAt) };
      return c.json(body, 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/servers/{name}/login/finish',
      tags: ['servers'],
      summary: 'End it with the address that the browser was sent back to',
      request: { params, body: jsonBody(z.strictObject({ callback: z.string().max(8_192) })) },
      responses: answers(loginSchema),
    }),
    async (c) => {
      const by = requireKey(c, ['operator']);
      const { name } = c.req.valid('param');
      const { callback } = c.req.valid('json');
      const login = await serverLogins.finish({ server: name, callback, by: principalRef(by) });
      await downstreams.reconnect(name);
      const { server, issuer, scope, expiresAt, renewable } = login;
      const expires_at = expiresAt === undefined ? null : toRfc3339(expiresAt);
      return c.json({ server, issuer, scope: scope ?? null, expires_at, renewable }, 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/servers/{name}/logout',
      tags: ['servers'],
      summary: 'Forget what a login gave',
      request: { params, body: jsonBody(z.strictObject({})) },
      responses: answers(z.object({ server: z.string() })),
    }),
    async (c) => {
      const by = requireKey(c, ['operator']);
      const { name } = c.req.valid('param');
      await serverLogins.forget({ server: name, by: principalRef(by) });
      await downstreams.reconnect(name);
      return c.json({ server: name }, 200);
    },
  );
}
