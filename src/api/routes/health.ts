import { createRoute, z } from '@hono/zod-openapi';
import type { Api, ApiDeps } from '../context.ts';
import { answers, OPEN } from '../openapi.ts';

export function addHealthRoutes(api: Api, deps: ApiDeps): void {
  api.openapi(
    createRoute({
      method: 'get',
      path: '/healthz',
      tags: ['health'],
      summary: 'Whether the process answers',
      security: OPEN,
      responses: answers(z.object({ status: z.literal('ok') })),
    }),
    (c) => c.json({ status: 'ok' as const }, 200),
  );

  const readySchema = z.object({ status: z.enum(['ready', 'not_ready']) });
  api.openapi(
    createRoute({
      method: 'get',
      path: '/readyz',
      tags: ['health'],
      summary: 'Whether it takes requests; 503 while it starts or closes',
      security: OPEN,
      responses: {
        ...answers(readySchema),
        503: { content: { 'application/json': { schema: readySchema } }, description: 'Not now' },
      },
    }),
    (c) =>
      // While it starts, the listener itself answers 503.
      deps.closing.aborted
        ? c.json({ status: 'not_ready' as const }, 503)
        : c.json({ status: 'ready' as const }, 200),
  );
}
