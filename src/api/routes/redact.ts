import { createRoute, z } from '@hono/zod-openapi';
import { CountersignError } from '../../core/errors.ts';
import { type Redaction, redactOne, redactSubject } from '../../ledger/redact/redact.ts';
import { principalRef } from '../../principals/principal.ts';
import { type Api, type ApiDeps, requireKey } from '../context.ts';
import { answers, jsonBody } from '../openapi.ts';

const redactionSchema = z
  .object({
    redacted: z.array(z.string()),
    open: z.array(z.string()),
    next_cursor: z.string().nullable(),
  })
  .openapi('Redaction');

const redactBody = z.union([
  z.strictObject({ id: z.string().min(1).max(100) }),
  z.strictObject({ subject: z.string().min(1).max(200), cursor: z.string().max(100).optional() }),
]);

const PREFIX = 'after:';

function writeCursor(seq: number): string {
  return Buffer.from(`${PREFIX}${seq}`).toString('base64url');
}

function readCursor(cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined;
  const text = Buffer.from(cursor, 'base64url').toString('latin1');
  if (/^after:\d{1,15}$/.test(text)) return Number(text.slice(PREFIX.length));
  const expected = 'the next_cursor of the step before, unchanged';
  throw new CountersignError('invalid_request', `cursor: expected ${expected}`, {
    fields: [{ field: 'cursor', expected }],
  });
}

function show({ redacted, open, next }: Redaction): z.infer<typeof redactionSchema> {
  return {
    redacted: [...redacted],
    open: [...open],
    next_cursor: next === undefined ? null : writeCursor(next),
  };
}

export function addRedactRoutes(api: Api, deps: ApiDeps): void {
  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/logs/redact',
      tags: ['logs'],
      summary: 'Erase what is kept of one call, approval or capability, or of a subject step by step',
      request: { body: jsonBody(redactBody) },
      responses: answers(redactionSchema),
    }),
    async (c) => {
      const principal = principalRef(requireKey(c, ['operator']));
      const body = c.req.valid('json');
      const done =
        'id' in body
          ? await redactOne(deps.redact, { id: body.id, principal })
          : await redactSubject(deps.redact, {
              subject: body.subject,
              principal,
              after: readCursor(body.cursor),
            });
      return c.json(show(done), 200);
    },
  );
}
