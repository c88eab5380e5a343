import { createRoute, z } from '@hono/zod-openapi';
import { toRfc3339 } from '../../core/clock.ts';
import type { ApiKey } from '../../principals/api-key.ts';
import { createKey, createSignedKey, listKeys, revokeKey } from '../../principals/keys.ts';
import { principalRef } from '../../principals/principal.ts';
import { type Api, type ApiDeps, requireAny, requireKey } from '../context.ts';
import type { OpenStreams } from '../open-streams.ts';
import { answers, creates, idParam, jsonBody, wholeList } from '../openapi.ts';
import { signedBody, signedBy } from './acts.ts';

const keySchema = z
  .object({
    id: z.string(),
    name: z.string(),
    roles: z.array(z.string()),
    hint: z.string(),
    created_by: z.string(),
    created_at: z.string(),
    revoked_at: z.string().nullable(),
  })
  .openapi('ApiKey');

function show(key: ApiKey): z.infer<typeof keySchema> {
  return {
    id: key.id,
    name: key.name,
    roles: [...key.roles],
    hint: key.hint,
    created_by: key.createdBy,
    created_at: toRfc3339(key.createdAt),
    revoked_at: key.revokedAt === undefined ? null : toRfc3339(key.revokedAt),
  };
}

export function addKeyRoutes(api: Api, deps: ApiDeps, streams: OpenStreams): void {
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/keys',
      tags: ['keys'],
      summary: 'Create an API key; the secret is shown only here',
      request: { body: jsonBody(z.strictObject({ name: z.string(), roles: z.array(z.string()) })) },
      responses: creates(keySchema.extend({ key: z.string() }).openapi('CreatedApiKey')),
    }),
    async (c) => {
      const by = requireKey(c, ['operator']);
      const { name, roles } = c.req.valid('json');
      const { key, secret } = await createKey(deps.principals, { name, roles, by: principalRef(by) });
      return c.json({ ...show(key), key: secret }, 201);
    },
  );

  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/keys/signed',
      tags: ['keys'],
      summary: 'Create an API key, as a signed statement says; the secret stays with who made it',
      request: { body: signedBody },
      responses: creates(keySchema),
    }),
    async (c) => c.json(show(await createSignedKey(deps.principals, signedBy(c, c.req.valid('json')))), 201),
  );

  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/keys',
      tags: ['keys'],
      summary: 'List API keys',
      responses: answers(wholeList(keySchema)),
    }),
    async (c) => {
      requireAny(c, ['operator']);
      return c.json(
        { data: (await listKeys(deps.principals)).map(show), next_cursor: null, has_more: false as const },
        200,
      );
    },
  );

  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/keys/{id}/revoke',
      tags: ['keys'],
      summary: 'Revoke an API key',
      request: { params: idParam },
      responses: answers(keySchema),
    }),
    async (c) => {
      const by = requireAny(c, ['operator']);
      const { id } = c.req.valid('param');
      const revoked = await revokeKey(deps.principals, { id, by: principalRef(by) });
      streams.recheck();
      return c.json(show(revoked), 200);
    },
  );
}
