import { createRoute, z } from '@hono/zod-openapi';
import { toRfc3339 } from '../../core/clock.ts';
import type { ServiceAccount } from '../../principals/service-account.ts';
import {
  createServiceAccount,
  listServiceAccounts,
  removeServiceAccount,
} from '../../principals/service-accounts.ts';
import { type Api, type ApiDeps, requireAny } from '../context.ts';
import { answers, creates, idParam, wholeList } from '../openapi.ts';
import { signedBody, signedBy } from './acts.ts';

const accountSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    groups: z.array(z.string()),
    public_key: z.string(),
    created_by: z.string(),
    created_at: z.string(),
  })
  .openapi('ServiceAccount');

function show(account: ServiceAccount): z.infer<typeof accountSchema> {
  return {
    id: account.id,
    name: account.name,
    groups: [...account.groups],
    public_key: account.publicKey,
    created_by: account.createdBy,
    created_at: toRfc3339(account.createdAt),
  };
}

export function addServiceAccountRoutes(api: Api, deps: ApiDeps): void {
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/service-accounts',
      tags: ['service accounts'],
      summary: 'Register a service account with its public key, as a signed statement says',
      request: { body: signedBody },
      responses: creates(accountSchema),
    }),
    async (c) =>
      c.json(show(await createServiceAccount(deps.principals, signedBy(c, c.req.valid('json')))), 201),
  );

  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/service-accounts',
      tags: ['service accounts'],
      summary: 'List service accounts',
      responses: answers(wholeList(accountSchema)),
    }),
    async (c) => {
      requireAny(c);
      const data = (await listServiceAccounts(deps.principals)).map(show);
      return c.json({ data, next_cursor: null, has_more: false as const }, 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/service-accounts/{id}/remove',
      tags: ['service accounts'],
      summary: 'Remove a service account, as a signed statement says',
      request: { params: idParam, body: signedBody },
      responses: answers(z.object({ id: z.string(), removed: z.literal(true) })),
    }),
    async (c) => {
      const { id } = c.req.valid('param');
      const signed = signedBy(c, c.req.valid('json'));
      await removeServiceAccount(deps.principals, { ...signed, accountId: id });
      return c.json({ id, removed: true as const }, 200);
    },
  );
}
