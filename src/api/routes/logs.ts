import { createRoute, z } from '@hono/zod-openapi';
import { streamSSE } from 'hono/streaming';
import { toRfc3339 } from '../../core/clock.ts';
import { CountersignError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Entry } from '../../ledger/entry.ts';
import type { EntryFilter } from '../../ledger/filter.ts';
import { queryEntries } from '../../ledger/query.ts';
import { subscribe } from '../../ledger/subscribe.ts';
import { verifyLedger } from '../../ledger/verify.ts';
import { type Api, type ApiDeps, requireAny } from '../context.ts';
import { answers, pageOf, pageQuery } from '../openapi.ts';

const HEARTBEAT_MS = 15_000;

const entrySchema = z
  .object({
    seq: z.number(),
    ts: z.string(),
    type: z.string(),
    ref: z.record(z.string(), z.string()),
    body: z.record(z.string(), z.unknown()),
  })
  .openapi('Entry');

const filterQuery = {
  action: z.string().max(300).optional(),
  type: z.string().max(100).optional(),
  subject: z.string().max(200).optional(),
  session: z.string().max(100).optional(),
  approval: z.string().max(100).optional(),
  principal: z.string().max(200).optional(),
  call: z.string().max(100).optional(),
  since: z.string().max(40).optional(),
  until: z.string().max(40).optional(),
};

const verificationSchema = z
  .object({
    ok: z.boolean(),
    size: z.number(),
    root: z.string(),
    checkpoint: z.string().nullable(),
    vkey: z.string(),
    problem: z.object({ seq: z.number(), reason: z.string() }).optional(),
  })
  .openapi('Verification');

function time(field: 'since' | 'until', value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const at = Date.parse(value);
  if (!Number.isNaN(at)) return at;
  const expected = 'a time in RFC 3339 such as 2026-01-31T09:00:00Z';
  throw new CountersignError('invalid_request', `${field}: expected ${expected}`, {
    fields: [{ field, expected }],
  });
}

type FilterQuery = { [Name in keyof typeof filterQuery]?: string | undefined };

function filterOf(query: FilterQuery): EntryFilter {
  const { since, until, ...rest } = query;
  const filter = { ...rest, since: time('since', since), until: time('until', until) };
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined)) as EntryFilter;
}

function show(entry: Entry): {
  seq: number;
  ts: string;
  type: string;
  ref: Record<string, string>;
  body: JsonObject;
} {
  return {
    seq: entry.seq,
    ts: toRfc3339(entry.ts),
    type: entry.type,
    ref: { ...entry.ref } as Record<string, string>,
    body: entry.body,
  };
}

export function addLogRoutes(api: Api, deps: ApiDeps): void {
  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/logs',
      tags: ['logs'],
      summary: 'Query the ledger',
      request: {
        query: z.object({ ...pageQuery, ...filterQuery, order: z.enum(['asc', 'desc']).default('desc') }),
      },
      responses: answers(pageOf(entrySchema)),
    }),
    async (c) => {
      requireAny(c);
      const { limit, cursor, order, ...filter } = c.req.valid('query');
      const page = await queryEntries(deps.database, {
        ...filterOf(filter),
        order,
        limit,
        ...(cursor === undefined ? {} : { cursor }),
      });
      const next = page.nextCursor ?? null;
      return c.json({ data: page.entries.map(show), next_cursor: next, has_more: next !== null }, 200);
    },
  );

  api.get('/v1/logs/stream', (c) => {
    requireAny(c);
    const filter = filterOf(z.object(filterQuery).parse(c.req.query()));
    const last = c.req.header('last-event-id');
    if (last !== undefined && !/^\d{1,15}$/.test(last)) {
      throw new CountersignError(
        'invalid_request',
        'Last-Event-ID: expected the id of an earlier event, a whole number',
      );
    }
    const controller = new AbortController();
    const afterSeq = last === undefined ? {} : { afterSeq: Number(last) };
    const entries = subscribe(deps, { filter, ...afterSeq, signal: controller.signal });
    return streamSSE(c, async (stream) => {
      stream.onAbort(() => controller.abort());
      const heartbeat = setInterval(() => {
        stream.write(': still here\n\n').catch(() => controller.abort());
      }, HEARTBEAT_MS);
      try {
        await stream.write(': connected\n\n');
        for await (const entry of entries) {
          await stream.writeSSE({ id: String(entry.seq), event: 'entry', data: JSON.stringify(show(entry)) });
        }
      } finally {
        clearInterval(heartbeat);
      }
    });
  });

  api.get('/v1/logs/checkpoint', async (c) => {
    requireAny(c);
    return c.text(await deps.ledger.checkpointNow());
  });

  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/logs/verify',
      tags: ['logs'],
      summary: 'Recompute every leaf, node, root and checkpoint of the ledger',
      responses: answers(verificationSchema),
    }),
    async (c) => {
      requireAny(c);
      await deps.ledger.checkpointNow();
      const found = await verifyLedger(deps.database, { vkey: deps.vkey });
      return c.json(
        {
          ok: found.ok,
          size: found.size,
          root: found.root,
          checkpoint: found.checkpoint?.note ?? null,
          vkey: deps.vkey,
          ...(found.problem === undefined
            ? {}
            : { problem: { seq: found.problem.seq, reason: found.problem.reason } }),
        },
        200,
      );
    },
  );
}
