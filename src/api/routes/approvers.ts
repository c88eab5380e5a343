import { createRoute, z } from '@hono/zod-openapi';
import { toRfc3339 } from '../../core/clock.ts';
import type { JsonObject } from '../../core/json.ts';
import { listPeople } from '../../principals/people/people.ts';
import { removePerson } from '../../principals/people/remove.ts';
import {
  createServiceAccount,
  listServiceAccounts,
  removeServiceAccount,
} from '../../principals/service-accounts.ts';
import { createInvite } from '../../principals/web/invite.ts';
import { type Api, type ApiDeps, requireAny, requireSignedIn } from '../context.ts';
import type { OpenStreams } from '../open-streams.ts';
import { answers, creates, idParam, jsonBody, wholeList } from '../openapi.ts';

const personSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    groups: z.array(z.string()),
    created_at: z.string(),
    passkeys: z.array(
      z.object({ id: z.string(), created_at: z.string(), last_used_at: z.string().nullable() }),
    ),
  })
  .openapi('Approver');

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

const removed = z.object({ id: z.string(), removed: z.literal(true) });

export function addApproverRoutes(api: Api, deps: ApiDeps, streams: OpenStreams): void {
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/approvers/invites',
      tags: ['approvers'],
      summary: 'Invite a person; the link is shown only here',
      request: {
        body: jsonBody(z.strictObject({ name: z.string(), groups: z.array(z.string()).default([]) })),
      },
      responses: creates(
        z.object({ id: z.string(), url: z.string(), expires_at: z.string() }).openapi('Invite'),
      ),
    }),
    async (c) => {
      const by = requireSignedIn(c);
      const { name, groups } = c.req.valid('json');
      const invite = await createInvite(deps.principals, { by, name, groups });
      return c.json(
        { id: invite.id, url: `${deps.publicOrigin}${invite.path}`, expires_at: toRfc3339(invite.expiresAt) },
        201,
      );
    },
  );

  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/approvers',
      tags: ['approvers'],
      summary: 'The people who can decide',
      responses: answers(wholeList(personSchema)),
    }),
    async (c) => {
      requireAny(c);
      const people = await listPeople(deps.principals);
      const data = people.map((person) => ({
        id: person.id,
        name: person.name,
        groups: [...person.groups],
        created_at: toRfc3339(person.createdAt),
        passkeys: person.passkeys.map((passkey) => ({
          id: passkey.id,
          created_at: toRfc3339(passkey.createdAt),
          last_used_at: passkey.lastUsedAt === undefined ? null : toRfc3339(passkey.lastUsedAt),
        })),
      }));
      return c.json({ data, next_cursor: null, has_more: false as const }, 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'delete',
      path: '/v1/approvers/{id}',
      tags: ['approvers'],
      summary: 'Remove a person',
      request: { params: idParam },
      responses: answers(removed),
    }),
    async (c) => {
      const by = requireSignedIn(c);
      const { id } = c.req.valid('param');
      await removePerson(deps.principals, { by, personId: id });
      streams.recheck();
      return c.json({ id, removed: true as const }, 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/service-accounts',
      tags: ['approvers'],
      summary: 'Register a service account with its public key',
      request: {
        body: jsonBody(
          z.strictObject({
            name: z.string(),
            groups: z.array(z.string()).default([]),
            public_key: z.union([z.string(), z.record(z.string(), z.unknown())]),
          }),
        ),
      },
      responses: creates(accountSchema),
    }),
    async (c) => {
      const by = requireSignedIn(c);
      const { name, groups, public_key } = c.req.valid('json');
      const account = await createServiceAccount(deps.principals, {
        name,
        groups,
        publicKey: public_key as string | JsonObject,
        by,
      });
      return c.json(showAccount(account), 201);
    },
  );

  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/service-accounts',
      tags: ['approvers'],
      summary: 'List service accounts',
      responses: answers(wholeList(accountSchema)),
    }),
    async (c) => {
      requireAny(c);
      const data = (await listServiceAccounts(deps.principals)).map(showAccount);
      return c.json({ data, next_cursor: null, has_more: false as const }, 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'delete',
      path: '/v1/service-accounts/{id}',
      tags: ['approvers'],
      summary: 'Remove a service account',
      request: { params: idParam },
      responses: answers(removed),
    }),
    async (c) => {
      const by = requireSignedIn(c);
      const { id } = c.req.valid('param');
      await removeServiceAccount(deps.principals, { id, by });
      return c.json({ id, removed: true as const }, 200);
    },
  );
}

function showAccount(
  account: Awaited<ReturnType<typeof listServiceAccounts>>[number],
): z.infer<typeof accountSchema> {
  return {
    id: account.id,
    name: account.name,
    groups: [...account.groups],
    public_key: account.publicKey,
    created_by: account.createdBy,
    created_at: toRfc3339(account.createdAt),
  };
}
