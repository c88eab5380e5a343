import { createRoute, z } from '@hono/zod-openapi';
import { toRfc3339 } from '../../core/clock.ts';
import type { ApiKey } from '../../principals/api-key.ts';
import { createKey, createSignedKey, listKeys, revokeKey } from '../../principals/keys.ts';
import { principalRef } from '../../principals/principal.ts';
import { type Api, type ApiDeps, requireAny, requireKey } from '../context.ts';
import { pageBody, readCursor } from '../cursor.ts';
import type { OpenStreams } from '../open-streams.ts';
import { answers, creates, idParam, jsonBody, pageOf, pageQuery } from '../openapi.ts';
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

const listQuery = z.strictObject({
  ...pageQuery,
  state: z.enum(['active', 'revoked', 'all']).default('all'),
  created_by: z.string().max(200).optional(),
});

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
      summary: 'List API keys, newest first',
      request: { query: listQuery },
      responses: answers(pageOf(keySchema)),
    }),
    async (c) => {
      requireAny(c, ['operator']);
      const { limit, cursor, state, created_by: createdBy } = c.req.valid('query');
      const after = cursor === undefined ? undefined : readCursor(cursor);
      const rows = await listKeys(deps.principals, {
        limit: limit + 1,
        state: state === 'all' ? undefined : state,
        createdBy,
        before: after && { createdAt: after.at, id: after.id },
      });
      return c.json(
        pageBody(rows, { limit, item: show, keyset: (row) => ({ at: row.createdAt, id: row.id }) }),
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
