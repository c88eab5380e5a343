import { createRoute, z } from '@hono/zod-openapi';
import { type Api, type ApiDeps, requireAny, requireKey } from '../context.ts';
import { answersText } from '../openapi.ts';

const MEDIA_TYPE = 'application/x-ndjson';

const exportQuery = z.strictObject({
  payloads: z.enum(['true', 'false']).default('false'),
  approval: z.string().min(1).max(100).optional(),
});

/** Reads on only as fast as the body is taken, and not at all once the reader or the gateway has gone. */
function streamOf(lines: AsyncGenerator<string, void>, closing: AbortSignal): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (closing.aborted) {
          await lines.return();
          return controller.close();
        }
        const next = await lines.next();
        if (next.done === true) controller.close();
        else controller.enqueue(encoder.encode(next.value));
      },
      async cancel() {
        await lines.return();
      },
    },
    { highWaterMark: 1 },
  );
}

export function addExportRoutes(api: Api, deps: ApiDeps): void {
  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/logs/export',
      tags: ['logs'],
      summary:
        'The ledger, or what is about one approval, to be verified offline; whole only with its line "end"',
      request: { query: exportQuery },
      responses: answersText(MEDIA_TYPE, 'Lines as docs/ledger-format.md defines them'),
    }),
    async (c) => {
      const { payloads, approval } = c.req.valid('query');
      if (payloads === 'true') requireKey(c, ['operator']);
      else requireAny(c);
      const lines = await deps.exportLedger({ payloads: payloads === 'true', approval });
      return c.body(streamOf(lines, deps.closing), 200, { 'content-type': MEDIA_TYPE });
    },
  );
}
