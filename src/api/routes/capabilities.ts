import { createRoute, z } from '@hono/zod-openapi';
import { type Capability, capabilityState } from '../../capabilities/capability.ts';
import { getCapability, listCapabilities } from '../../capabilities/list.ts';
import { toRfc3339 } from '../../core/clock.ts';
import { CountersignError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { principalRef } from '../../principals/principal.ts';
import { type Api, type ApiDeps, requireKey } from '../context.ts';
import { pageBody, readCursor } from '../cursor.ts';
import { answers, idParam, jsonBody, pageOf, pageQuery } from '../openapi.ts';
import { requireViewer } from '../requester.ts';

const READ = ['reader', 'requester'] as const;

const capabilitySchema = z
  .object({
    id: z.string(),
    approval: z.string(),
    state: z.enum(['issued', 'exchanged', 'revoked', 'expired']),
    holder: z.string(),
    aud: z.string(),
    action: z.string(),
    dpop: z.boolean(),
    basis: z.enum(['decision', 'policy']),
    issued_at: z.string(),
    expires_at: z.string(),
    exchanged_at: z.string().nullable(),
    revoked_at: z.string().nullable(),
    revoke_reason: z.string().nullable(),
    token: z
      .object({ jti: z.string(), kid: z.string(), jkt: z.string().nullable(), expires_at: z.string() })
      .nullable(),
  })
  .openapi('Capability');

const rotatedSchema = z.object({ kid: z.string(), previous: z.string() }).openapi('RotatedCapabilityKey');

const listQuery = z.strictObject({ ...pageQuery, approval: z.string().max(100).optional() });

const rotateBody = z.strictObject({
  overlap_ms: z
    .number()
    .int()
    .min(LIMITS.capabilityTokenTtlMs)
    .max(LIMITS.capabilityKeyOverlapMaxMs)
    .optional(),
});

function timeOf(epochMs: number | undefined): string | null {
  return epochMs === undefined ? null : toRfc3339(epochMs);
}

function show(capability: Capability, now: number): z.infer<typeof capabilitySchema> {
  const { jti, kid, jkt, tokenExpiresAt } = capability;
  return {
    id: capability.id,
    approval: capability.approvalId,
    state: capabilityState(capability, now),
    holder: capability.holder,
    aud: capability.aud,
    action: capability.digest,
    dpop: capability.dpop,
    basis: capability.basis,
    issued_at: toRfc3339(capability.issuedAt),
    expires_at: toRfc3339(capability.expiresAt),
    exchanged_at: timeOf(capability.exchangedAt),
    revoked_at: timeOf(capability.revokedAt),
    revoke_reason: capability.revokeReason ?? null,
    token:
      jti === undefined || kid === undefined || tokenExpiresAt === undefined
        ? null
        : { jti, kid, jkt: jkt ?? null, expires_at: toRfc3339(tokenExpiresAt) },
  };
}

/** Looking at capabilities, and the keys of their tokens. Tokens themselves are never shown here. */
export function addCapabilityRoutes(api: Api, deps: ApiDeps): void {
  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/capabilities',
      tags: ['capabilities'],
      summary: 'List capabilities, newest first',
      request: { query: listQuery },
      responses: answers(pageOf(capabilitySchema)),
    }),
    async (c) => {
      const principal = requireViewer(c, READ);
      const { limit, cursor, approval } = c.req.valid('query');
      const after = cursor === undefined ? undefined : readCursor(cursor);
      const rows = await listCapabilities(deps.database, {
        workspace: deps.workspace,
        approval,
        holder: principal.kind === 'service_account' ? principalRef(principal) : undefined,
        limit: limit + 1,
        before: after === undefined ? undefined : { issuedAt: after.at, id: after.id },
      });
      const now = deps.now();
      return c.json(
        pageBody(rows, {
          limit,
          item: (row) => show(row, now),
          keyset: (row) => ({ at: row.issuedAt, id: row.id }),
        }),
        200,
      );
    },
  );

  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/capabilities/{id}',
      tags: ['capabilities'],
      summary: 'Look up a capability',
      request: { params: idParam },
      responses: answers(capabilitySchema),
    }),
    async (c) => {
      const principal = requireViewer(c, READ);
      const { id } = c.req.valid('param');
      const capability = await getCapability(deps.database, id);
      if (principal.kind === 'service_account' && capability.holder !== principalRef(principal))
        throw new CountersignError(
          'not_found',
          `There is no capability ${id}. GET /v1/capabilities lists them.`,
        );
      return c.json(show(capability, deps.now()), 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/capability-keys/rotate',
      tags: ['capabilities'],
      summary: 'Sign capability tokens with a new key from now on',
      request: { body: jsonBody(rotateBody) },
      responses: answers(rotatedSchema),
    }),
    async (c) => {
      const by = principalRef(requireKey(c, ['operator']));
      const overlapMs = c.req.valid('json').overlap_ms ?? LIMITS.capabilityKeyOverlapDefaultMs;
      return c.json(await deps.capabilityKeys.rotate({ by, overlapMs }), 200);
    },
  );
}
