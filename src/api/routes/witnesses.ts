import { createRoute, z } from '@hono/zod-openapi';
import { toRfc3339 } from '../../core/clock.ts';
import type { WitnessStanding } from '../../ledger/witness/standing.ts';
import { type Api, type ApiDeps, requireAny } from '../context.ts';
import { answers } from '../openapi.ts';

const witnessSchema = z
  .object({
    name: z.string(),
    url: z.string(),
    vkey: z.string(),
    size: z.number(),
    cosigned_at: z.string().nullable(),
    error: z.object({ reason: z.string(), at: z.string() }).nullable(),
    conflict: z
      .object({
        kind: z.enum(['rollback', 'fork']),
        witness_size: z.number(),
        own_size: z.number(),
        at: z.string(),
      })
      .nullable(),
  })
  .openapi('Witness');

function show(standing: WitnessStanding): z.infer<typeof witnessSchema> {
  const { name, url, vkey, size, cosignedAt, error, conflict } = standing;
  return {
    name,
    url,
    vkey,
    size,
    cosigned_at: cosignedAt === undefined ? null : toRfc3339(cosignedAt),
    error: error === undefined ? null : { reason: error.reason, at: toRfc3339(error.at) },
    conflict:
      conflict === undefined
        ? null
        : {
            kind: conflict.kind,
            witness_size: conflict.witnessSize,
            own_size: conflict.ownSize,
            at: toRfc3339(conflict.at),
          },
  };
}

export function addWitnessRoutes(api: Api, deps: ApiDeps): void {
  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/ledger/witnesses',
      tags: ['ledger'],
      summary: 'The witnesses of the ledger: what each has cosigned, and whether it has seen another ledger',
      responses: answers(z.object({ data: z.array(witnessSchema) })),
    }),
    (c) => {
      requireAny(c);
      return c.json({ data: deps.witnesses().map(show) }, 200);
    },
  );
}
