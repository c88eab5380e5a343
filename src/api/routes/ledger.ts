import { createRoute, z } from '@hono/zod-openapi';
import { toRfc3339 } from '../../core/clock.ts';
import { LIMITS } from '../../core/limits.ts';
import { proveEntry, proveGrowth } from '../../ledger/prove-entry.ts';
import { principalRef } from '../../principals/principal.ts';
import { type Api, type ApiDeps, requireAny, requireKey } from '../context.ts';
import { answers, jsonBody } from '../openapi.ts';

const count = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

const proofSchema = z
  .object({
    seq: z.number(),
    entry: z.string(),
    leaf: z.string(),
    size: z.number(),
    proof: z.array(z.string()),
    checkpoint: z.string().nullable(),
  })
  .openapi('InclusionProof');

const growthSchema = z
  .object({
    first: z.number(),
    size: z.number(),
    proof: z.array(z.string()),
    checkpoint: z.string().nullable(),
  })
  .openapi('ConsistencyProof');

const rotatedSchema = z
  .object({ vkey: z.string(), previous: z.string(), overlap_until: z.string() })
  .openapi('RotatedKey');

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

export function addLedgerRoutes(api: Api, deps: ApiDeps): void {
  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/logs/proof',
      tags: ['ledger'],
      summary: 'An entry and the proof that it is in the tree of a size (RFC 6962 §2.1.1)',
      request: { query: z.strictObject({ seq: count, size: count.min(1).optional() }) },
      responses: answers(proofSchema),
    }),
    async (c) => {
      requireAny(c);
      const { seq, size: asked } = c.req.valid('query');
      const found = await proveEntry(deps, { seq, ...(asked === undefined ? {} : { size: asked }) });
      const { entry, leaf, size, proof, note } = found;
      return c.json(
        { seq, entry, leaf: base64(leaf), size, proof: proof.map(base64), checkpoint: note ?? null },
        200,
      );
    },
  );

  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/logs/consistency',
      tags: ['ledger'],
      summary: 'The proof that the tree of a size extends a smaller one (RFC 6962 §2.1.2)',
      request: { query: z.strictObject({ first: count, size: count.min(1).optional() }) },
      responses: answers(growthSchema),
    }),
    async (c) => {
      requireAny(c);
      const { first, size: asked } = c.req.valid('query');
      const found = await proveGrowth(deps, { first, ...(asked === undefined ? {} : { size: asked }) });
      const { size, proof, note } = found;
      return c.json({ first, size, proof: proof.map(base64), checkpoint: note ?? null }, 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/ledger/rotate-key',
      tags: ['ledger'],
      summary: 'Replace the key that signs checkpoints; the old one signs beside it for a while',
      request: {
        body: jsonBody(
          z.strictObject({
            overlap_ms: z
              .number()
              .int()
              .min(0)
              .max(LIMITS.logKeyOverlapMaxMs)
              .default(LIMITS.logKeyOverlapDefaultMs),
          }),
        ),
      },
      responses: answers(rotatedSchema),
    }),
    async (c) => {
      const by = requireKey(c, ['operator']);
      const { overlap_ms: overlapMs } = c.req.valid('json');
      const rotated = await deps.ledger.rotateKey({ overlapMs, principal: principalRef(by) });
      const { vkey, previous, overlapUntil } = rotated;
      return c.json({ vkey, previous, overlap_until: toRfc3339(overlapUntil) }, 200);
    },
  );
}
