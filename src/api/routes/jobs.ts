import { createRoute, z } from '@hono/zod-openapi';
import { listJobs } from '../../jobs/find.ts';
import { followJobs } from '../../jobs/follow.ts';
import { isEnded, type Job } from '../../jobs/job.ts';
import { subscribe } from '../../ledger/subscribe.ts';
import { principalRef } from '../../principals/principal.ts';
import { type Api, type ApiDeps, requireAny } from '../context.ts';
import { pageBody, readCursor } from '../cursor.ts';
import {
  jobBody,
  jobDetailBody,
  jobDetailSchema,
  jobEventBody,
  jobSchema,
  jobSourceSchema,
  jobStateSchema,
} from '../job-body.ts';
import type { OpenStreams } from '../open-streams.ts';
import {
  answers,
  answersOrWaits,
  answersText,
  idParam,
  jsonBody,
  pageOf,
  pageQuery,
  waitQuery,
} from '../openapi.ts';
import { readTime, resumeAfter } from '../read-query.ts';
import { sendEvents } from '../send-events.ts';

const READ = ['reader', 'requester'] as const;

const filterQuery = {
  source: jobSourceSchema.optional(),
  session: z.string().max(100).optional(),
  subject: z.string().max(200).optional(),
  server: z.string().max(100).optional(),
  tool: z.string().max(200).optional(),
};

type Filter = { readonly [Name in keyof typeof filterQuery]?: string | undefined };

function fits(job: Job, filter: Filter): boolean {
  const { source, sessionId: session, subject, server, tool } = job;
  const values: Filter = { source, session, subject, server, tool };
  return (Object.keys(filterQuery) as (keyof Filter)[]).every(
    (name) => filter[name] === undefined || filter[name] === values[name],
  );
}

export function addJobRoutes(api: Api, deps: ApiDeps, streams: OpenStreams): void {
  const { jobs, find } = deps.work;

  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/jobs',
      tags: ['jobs'],
      summary: 'List jobs, newest first, without their results',
      request: {
        query: z.strictObject({
          ...pageQuery,
          ...filterQuery,
          state: jobStateSchema.optional(),
          since: z.string().max(40).optional(),
        }),
      },
      responses: answers(pageOf(jobSchema)),
    }),
    async (c) => {
      requireAny(c, READ);
      const { limit, cursor, since, ...filter } = c.req.valid('query');
      const after = cursor === undefined ? undefined : readCursor(cursor);
      const rows = await listJobs(find, {
        ...filter,
        since: readTime('since', since),
        limit: limit + 1,
        before: after === undefined ? undefined : { createdAt: after.at, id: after.id },
      });
      const page = pageBody(rows, {
        limit,
        item: (job) => jobBody(job, deps),
        keyset: (job) => ({ at: job.createdAt, id: job.id }),
      });
      return c.json(page, 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/jobs/events',
      tags: ['jobs'],
      summary: 'Follow jobs by server-sent events; Last-Event-ID resumes after that event',
      request: { query: z.strictObject(filterQuery) },
      responses: answersText('text/event-stream', 'Events "created", "updated", "progress" and "ended"'),
    }),
    (c) => {
      requireAny(c, READ);
      const filter = c.req.valid('query');
      const afterSeq = resumeAfter(c, deps.ledger);
      return sendEvents(c, {
        deps,
        streams,
        startId: afterSeq,
        follow: (signal) =>
          followJobs({
            entries: subscribe(deps, { filter: {}, afterSeq, signal }),
            find: jobs.find,
            onAnyChange: jobs.onAnyChange,
            now: deps.now,
            wanted: (job) => fits(job, filter),
          }),
        show: (event) => ({
          id: event.seq === undefined ? undefined : String(event.seq),
          event: event.event,
          data: jobEventBody(event, deps),
        }),
      });
    },
  );

  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/jobs/{id}',
      tags: ['jobs'],
      summary: 'One job with its result',
      request: { params: idParam },
      responses: answers(jobDetailSchema),
    }),
    async (c) => {
      requireAny(c, READ);
      return c.json(jobDetailBody(await jobs.get(c.req.valid('param').id), deps), 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/jobs/{id}/wait',
      tags: ['jobs'],
      summary: 'Wait until it has ended; at most 25 s, then 202',
      request: { params: idParam, query: waitQuery },
      responses: answersOrWaits(jobDetailSchema),
    }),
    async (c) => {
      requireAny(c, READ);
      const job = await jobs.wait({
        id: c.req.valid('param').id,
        timeoutMs: c.req.valid('query').timeout_ms,
        abort: AbortSignal.any([c.req.raw.signal, deps.closing]),
      });
      if (isEnded(job.state)) return c.json(jobDetailBody(job, deps), 200);
      c.header('retry-after', '1');
      return c.json(jobDetailBody(job, deps), 202);
    },
  );

  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/jobs/{id}/cancel',
      tags: ['jobs'],
      summary: 'Ask for its end: withdraws what waits, and tells whoever does the work',
      request: { params: idParam, body: jsonBody(z.strictObject({})) },
      responses: answers(jobDetailSchema),
    }),
    async (c) => {
      const principal = requireAny(c, ['requester']);
      const job = await jobs.requestCancel(c.req.valid('param').id, principalRef(principal));
      return c.json(jobDetailBody(job, deps), 200);
    },
  );
}
