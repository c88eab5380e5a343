import { createRoute, z } from '@hono/zod-openapi';
import { CountersignError } from '../../core/errors.ts';
import { LINE_FORMATS, MEDIA_TYPES, writeLines } from '../../ledger/formats/write-lines.ts';
import { type Api, type ApiDeps, requireAny, requireKey } from '../context.ts';
import { logFilterOf, logFilterQuery } from '../log-filter.ts';
import { answersTexts } from '../openapi.ts';
import { streamLines } from '../stream-lines.ts';

const MEDIA_TYPE = 'application/x-ndjson';

const exportQuery = z.strictObject({
  ...logFilterQuery,
  format: z.enum(['evidence', ...LINE_FORMATS]).default('evidence'),
  payloads: z.enum(['true', 'false']).default('false'),
});

function refuse(field: string, expected: string): never {
  throw new CountersignError('invalid_request', `${field}: expected ${expected}`, {
    fields: [{ field, expected }],
  });
}

export function addExportRoutes(api: Api, deps: ApiDeps): void {
  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/logs/export',
      tags: ['logs'],
      summary:
        'The ledger, or what is about one approval, to be verified offline, whole only with its line "end"; or matching entries as lines of JSON, CSV or CEF',
      request: { query: exportQuery },
      responses: answersTexts(
        [MEDIA_TYPE, 'text/csv', 'text/plain'],
        'Lines as docs/ledger-format.md defines them, or one for each matching entry',
      ),
    }),
    async (c) => {
      const { payloads, format, ...query } = c.req.valid('query');
      if (payloads === 'true') requireKey(c, ['operator']);
      else requireAny(c);
      const filter = logFilterOf(query, deps.now());
      if (format !== 'evidence') {
        if (payloads === 'true') refuse('payloads', 'false, or format=evidence, which alone holds payloads');
        // When the gateway closes, a broken transfer tells that the export is not whole.
        const body = streamLines(writeLines(deps, { filter, format }), new AbortController().signal);
        return c.body(body, 200, { 'content-type': MEDIA_TYPES[format] });
      }
      const { approval, ...rest } = filter;
      const [other] = Object.keys(rest);
      if (other !== undefined)
        refuse(
          other,
          'format=ndjson, csv or cef beside it; evidence is the whole ledger, or of one approval',
        );
      const lines = await deps.exportLedger({ payloads: payloads === 'true', approval });
      return c.body(streamLines(lines, deps.closing), 200, { 'content-type': MEDIA_TYPE });
    },
  );
}
