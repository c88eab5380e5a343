import { createRoute, z } from '@hono/zod-openapi';
import { toRfc3339 } from '../../core/clock.ts';
import { CountersignError } from '../../core/errors.ts';
import { principalRef } from '../../principals/principal.ts';
import type { SessionWithCalls } from '../../sessions/directory.ts';
import { mintSession } from '../../sessions/mint.ts';
import { mcpAccess, sessionState } from '../../sessions/session.ts';
import { type Api, type ApiDeps, requireAny } from '../context.ts';
import { pageBody, readCursor } from '../cursor.ts';
import { answers, answersTagged, creates, idParam, jsonBody, pageOf, pageQuery } from '../openapi.ts';
import { ownSubject } from '../own-subject.ts';

const stateSchema = z.enum(['active', 'expired', 'revoked']);

const sessionSchema = z
  .object({
    id: z.string(),
    subject: z.string(),
    labels: z.record(z.string(), z.string()),
    tools: z.array(z.string()),
    call_cap: z.number().nullable(),
    calls: z.number(),
    state: stateSchema,
    minted_by: z.string(),
    parent: z.string().nullable(),
    depth: z.number(),
    created_at: z.string(),
    expires_at: z.string(),
    revoked_at: z.string().nullable(),
    revoke_reason: z.string().nullable(),
  })
  .openapi('Session');

const mintedSchema = sessionSchema
  .extend({
    mcp: z.object({ url: z.string(), secret_url: z.string(), headers: z.record(z.string(), z.string()) }),
  })
  .openapi('MintedSession');

const mintBody = z.strictObject({
  subject: z.string().optional(),
  ttl_ms: z.number().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  tools: z.array(z.string()).optional(),
  call_cap: z.number().optional(),
});

const listQuery = z.strictObject({
  ...pageQuery,
  subject: z.string().max(200).optional(),
  state: stateSchema.optional(),
  tree: z.string().max(100).optional(),
});

function connection(publicOrigin: string, token: string): z.infer<typeof mintedSchema>['mcp'] {
  const { url, secretUrl, headers } = mcpAccess(publicOrigin, token);
  return { url, secret_url: secretUrl, headers: { ...headers } };
}

export function addSessionRoutes(api: Api, deps: ApiDeps): void {
  const show = (session: SessionWithCalls): z.infer<typeof sessionSchema> => ({
    id: session.id,
    subject: session.subject,
    labels: { ...session.labels },
    tools: [...session.scope],
    call_cap: session.callCap ?? null,
    calls: session.calls,
    state: sessionState(session, deps.now()),
    minted_by: session.mintedBy,
    parent: session.ancestors.at(-1) ?? null,
    depth: session.ancestors.length,
    created_at: toRfc3339(session.createdAt),
    expires_at: toRfc3339(session.expiresAt),
    revoked_at: session.revokedAt === undefined ? null : toRfc3339(session.revokedAt),
    revoke_reason: session.revokeReason ?? null,
  });

  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/sessions',
      tags: ['sessions'],
      summary: 'Mint a session; its token is shown only here',
      request: { body: jsonBody(mintBody) },
      responses: creates(mintedSchema),
    }),
    async (c) => {
      const by = requireAny(c, ['minter']);
      const body = c.req.valid('json');
      const { subject } = body;
      const { session, token } = await mintSession(
        deps.mint,
        {
          subject: by.kind === 'person' ? await ownSubject(deps, { person: by, subject }) : subject,
          ttlMs: body.ttl_ms,
          labels: body.labels,
          tools: body.tools,
          callCap: body.call_cap,
        },
        principalRef(by),
      );
      return c.json({ ...show({ ...session, calls: 0 }), mcp: connection(deps.publicOrigin, token) }, 201);
    },
  );

  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/sessions',
      tags: ['sessions'],
      summary: 'List sessions, newest first',
      request: { query: listQuery },
      responses: answers(pageOf(sessionSchema)),
    }),
    async (c) => {
      requireAny(c);
      const { limit, cursor, subject, state, tree } = c.req.valid('query');
      const after = cursor === undefined ? undefined : readCursor(cursor);
      const rows = await deps.sessions.list({
        workspace: deps.workspace,
        limit: limit + 1,
        subject,
        state,
        tree,
        ...(after === undefined ? {} : { before: { createdAt: after.at, id: after.id } }),
      });
      return c.json(
        pageBody(rows, { limit, item: show, keyset: (row) => ({ at: row.createdAt, id: row.id }) }),
        200,
      );
    },
  );

  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/sessions/{id}',
      tags: ['sessions'],
      summary: 'Look up a session',
      request: { params: idParam },
      ...answersTagged(sessionSchema),
    }),
    async (c) => {
      requireAny(c);
      const { id } = c.req.valid('param');
      const session = await deps.sessions.get(id);
      if (session === undefined)
        throw new CountersignError(
          'not_found',
          `There is no session ${id}. List sessions to see which exist.`,
        );
      return c.json(show(session), 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/sessions/{id}/revoke',
      tags: ['sessions'],
      summary: 'Revoke a session at once, with all that were narrowed from it',
      request: {
        params: idParam,
        body: jsonBody(z.strictObject({ reason: z.string().max(500).optional() })),
      },
      responses: answers(sessionSchema),
    }),
    async (c) => {
      const by = requireAny(c, ['minter']);
      const { reason } = c.req.valid('json');
      const revoked = await deps.sessions.revoke({
        id: c.req.valid('param').id,
        by: principalRef(by),
        reason: reason ?? 'revoked',
      });
      return c.json(show(revoked), 200);
    },
  );
}
