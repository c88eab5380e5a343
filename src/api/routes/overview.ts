import { createRoute, z } from '@hono/zod-openapi';
import { toRfc3339 } from '../../core/clock.ts';
import { CountersignError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { countActivity } from '../../ledger/count-activity.ts';
import { type Api, type ApiDeps, requireAny } from '../context.ts';
import { answers } from '../openapi.ts';
import { readMoment } from '../read-query.ts';

const countSchema = z.array(
  z.object({ value: z.string().nullable(), allow: z.number(), hold: z.number(), deny: z.number() }),
);

const overviewSchema = z
  .object({
    since: z.string(),
    until: z.string(),
    bucket_ms: z.number(),
    buckets: z.array(
      z.object({
        at: z.string(),
        allowed: z.number(),
        denied: z.number(),
        held: z.number(),
        approved: z.number(),
        refused: z.number(),
        expired: z.number(),
        cancelled: z.number(),
        median_ms: z.number().nullable(),
        longest_ms: z.number().nullable(),
      }),
    ),
    judged: z.object({
      counted: z.number(),
      complete: z.boolean(),
      rules: countSchema,
      actions: countSchema,
      sessions: countSchema,
      subjects: countSchema,
    }),
  })
  .openapi('Overview');

/** Throws `invalid_request`. */
function rangeOf(
  now: number,
  query: { since?: string | undefined; until?: string | undefined },
): { since: number; until: number } {
  // What happens in this millisecond counts too.
  const until = readMoment('until', query.until, now) ?? now + 1;
  const since = readMoment('since', query.since, now) ?? until - LIMITS.overviewDefaultMs;
  if (since < until && until - since <= LIMITS.overviewMaxMs + 1) return { since, until };
  const expected = `a time before until, at most ${LIMITS.overviewMaxMs / 86_400_000} days`;
  throw new CountersignError('invalid_request', `since: expected ${expected}`, {
    fields: [{ field: 'since', expected }],
  });
}

export function addOverviewRoutes(api: Api, deps: ApiDeps): void {
  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/overview',
      tags: ['logs'],
      summary: 'How many calls there were, how they were judged and how long people took, by time',
      request: {
        query: z.strictObject({ since: z.string().max(40).optional(), until: z.string().max(40).optional() }),
      },
      responses: answers(overviewSchema),
    }),
    async (c) => {
      requireAny(c);
      const range = rangeOf(deps.now(), c.req.valid('query'));
      const { since, until, bucketMs, buckets, judged } = await countActivity(deps.database, range);
      return c.json(
        {
          since: toRfc3339(since),
          until: toRfc3339(until),
          bucket_ms: bucketMs,
          buckets: buckets.map(({ at, medianMs, longestMs, ...counts }) => ({
            at: toRfc3339(at),
            ...counts,
            median_ms: medianMs,
            longest_ms: longestMs,
          })),
          judged: {
            ...judged,
            rules: [...judged.rules],
            actions: [...judged.actions],
            sessions: [...judged.sessions],
            subjects: [...judged.subjects],
          },
        },
        200,
      );
    },
  );
}
