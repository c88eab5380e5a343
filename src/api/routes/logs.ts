import { createRoute, z } from '@hono/zod-openapi';
import { CountersignError } from '../../core/errors.ts';
import { countFacets } from '../../ledger/count-facets.ts';
import type { Entry } from '../../ledger/entry.ts';
import { showEntry } from '../../ledger/formats/facts.ts';
import { queryEntries } from '../../ledger/query.ts';
import { subscribe } from '../../ledger/subscribe.ts';
import { verifyLedger } from '../../ledger/verify.ts';
import { newestCosigned } from '../../ledger/witness/store.ts';
import { type Api, type ApiDeps, requireAny } from '../context.ts';
import { logFilterOf, logFilterQuery } from '../log-filter.ts';
import type { OpenStreams } from '../open-streams.ts';
import { answers, answersText, pageOf, pageQuery } from '../openapi.ts';
import { resumeAfter } from '../read-query.ts';
import { sendEvents } from '../send-events.ts';

const entrySchema = z
  .object({
    seq: z.number(),
    ts: z.string(),
    type: z.string(),
    ref: z.record(z.string(), z.string()),
    body: z.record(z.string(), z.any()),
  })
  .openapi('Entry');

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

const facetSchema = z.array(z.object({ value: z.string(), count: z.number() }));

const facetsSchema = z
  .object({
    counted: z.number(),
    complete: z.boolean(),
    facets: z.object({
      type: facetSchema,
      verdict: facetSchema,
      action: facetSchema,
      tool: facetSchema,
      subject: facetSchema,
      session: facetSchema,
      principal: facetSchema,
    }),
  })
  .openapi('LogFacets');

function show(entry: Entry): z.infer<typeof entrySchema> {
  return { ...showEntry(entry) };
}

export function addLogRoutes(api: Api, deps: ApiDeps, streams: OpenStreams): void {
  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/logs',
      tags: ['logs'],
      summary: 'Query the ledger',
      request: {
        query: z.strictObject({
          ...pageQuery,
          ...logFilterQuery,
          order: z.enum(['asc', 'desc']).default('desc'),
        }),
      },
      responses: answers(pageOf(entrySchema)),
    }),
    async (c) => {
      requireAny(c);
      const { limit, cursor, order, ...filter } = c.req.valid('query');
      const page = await queryEntries(deps.database, {
        ...logFilterOf(filter, deps.now()),
        order,
        limit,
        ...(cursor === undefined ? {} : { cursor }),
      });
      const next = page.nextCursor ?? null;
      return c.json({ data: page.entries.map(show), next_cursor: next, has_more: next !== null }, 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/logs/facets',
      tags: ['logs'],
      summary: 'Count what the newest matching entries are about, by value',
      request: { query: z.strictObject(logFilterQuery) },
      responses: answers(facetsSchema),
    }),
    async (c) => {
      requireAny(c);
      const { counted, complete, facets } = await countFacets(
        deps.database,
        logFilterOf(c.req.valid('query'), deps.now()),
      );
      const copied = Object.fromEntries(
        Object.entries(facets).map(([name, values]) => [name, values.map((one) => ({ ...one }))]),
      ) as z.infer<typeof facetsSchema>['facets'];
      return c.json({ counted, complete, facets: copied }, 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/logs/stream',
      tags: ['logs'],
      summary: 'Follow the ledger by server-sent events; Last-Event-ID resumes after that entry',
      request: { query: z.strictObject(logFilterQuery) },
      responses: answersText('text/event-stream', 'Events "entry" whose id is the sequence'),
    }),
    (c) => {
      requireAny(c);
      const filter = logFilterOf(c.req.valid('query'), deps.now());
      const afterSeq = resumeAfter(c, deps.ledger);
      const follow = (signal: AbortSignal) => subscribe(deps, { filter, afterSeq, signal });
      const event = (entry: Entry) => ({ id: String(entry.seq), event: 'entry', data: show(entry) });
      return sendEvents(c, { deps, streams, startId: afterSeq, follow, show: event });
    },
  );

  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/logs/checkpoint',
      tags: ['logs'],
      summary:
        'The signed head of the ledger, as a note (C2SP tlog-checkpoint); or the newest that a witness cosigned',
      request: { query: z.strictObject({ cosigned: z.enum(['true', 'false']).default('false') }) },
      responses: answersText('text/plain', 'Origin, size, root, and the log’s signature'),
    }),
    async (c) => {
      requireAny(c);
      if (c.req.valid('query').cosigned === 'false') return c.text(await deps.ledger.checkpointNow(), 200);
      const note = await newestCosigned(deps.database);
      if (note !== undefined) return c.text(note, 200);
      throw new CountersignError(
        'not_found',
        'No witness has cosigned a checkpoint yet. Name witnesses under ledger.witnesses in the configuration; GET /v1/ledger/witnesses says how it stands with each.',
      );
    },
  );

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
