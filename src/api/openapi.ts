import { z } from '@hono/zod-openapi';
import { etag } from 'hono/etag';
import { LIMITS } from '../core/limits.ts';

export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    code: z.string(),
    detail: z.string(),
    fields: z.array(z.object({ field: z.string(), expected: z.string() })).optional(),
    request_id: z.string(),
  })
  .openapi('Problem');

/** The page parameters that every list takes. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(LIMITS.pageSizeMax).default(LIMITS.pageSizeDefault),
  cursor: z.string().max(500).optional(),
};

/** The query of a route that waits. */
export const waitQuery = z.strictObject({
  timeout_ms: z.coerce.number().int().min(0).max(LIMITS.approvalWaitMaxMs).default(LIMITS.approvalWaitMaxMs),
});

export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ data: z.array(item), next_cursor: z.string().nullable(), has_more: z.boolean() });
}

export const idParam = z.object({ id: z.string().min(1).max(100) });

const json = <Schema extends z.ZodType>(schema: Schema, description: string) => ({
  content: { 'application/json': { schema } },
  description,
});

const problem = {
  content: { 'application/problem+json': { schema: problemSchema } },
  description: 'What went wrong, where, and what to do',
};

/** The JSON body of a request. */
export const jsonBody = <Schema extends z.ZodType>(schema: Schema) => ({
  content: { 'application/json': { schema } },
  required: true as const,
});

/** A route's answers: its body with 200, and problem documents for everything else. */
export const answers = <Schema extends z.ZodType>(schema: Schema) => ({
  200: json(schema, 'Success'),
  default: problem,
});

/** The same for what is often read twice: with an ETag, and 304 for whoever names it in `If-None-Match` (RFC 9110 §13.1.2). */
export const answersTagged = <Schema extends z.ZodType>(schema: Schema) => ({
  middleware: etag(),
  responses: {
    ...answers(schema),
    304: { description: 'Unchanged since the answer named in If-None-Match' },
  },
});

/** The same for a route that creates something. */
export const creates = <Schema extends z.ZodType>(schema: Schema) => ({
  201: json(schema, 'Created'),
  default: problem,
});

/** The same for a route that may answer before there is an outcome. */
export const answersOrWaits = <Schema extends z.ZodType>(schema: Schema) => ({
  200: json(schema, 'Settled'),
  202: json(schema, 'Not settled yet; ask again after the seconds in Retry-After'),
  default: problem,
});

/** The same for a route that requests something, which may be there already or may have to wait. */
export const requests = <Schema extends z.ZodType>(schema: Schema) => ({
  200: json(schema, 'Requested before under the same idempotency key, and answered'),
  201: json(schema, 'Allowed at once'),
  202: json(schema, 'Waits for a decision; ask again after the seconds in Retry-After'),
  default: problem,
});

/** The same for a route that answers with text of one of some kinds. */
export const answersTexts = (mediaTypes: readonly string[], description: string) => ({
  200: {
    content: Object.fromEntries(mediaTypes.map((mediaType) => [mediaType, { schema: z.string() }])),
    description,
  },
  default: problem,
});

/** The same for a route that answers with text. */
export const answersText = (mediaType: string, description: string) => ({
  200: { content: { [mediaType]: { schema: z.string() } }, description },
  default: problem,
});

/** The same for a route that has nothing to say. */
export const answersNothing = () => ({ 204: { description: 'Done' }, default: problem });

/** A list that fits one page. */
export const wholeList = <Item extends z.ZodType>(item: Item) =>
  z.object({ data: z.array(item), next_cursor: z.null(), has_more: z.literal(false) });

/** For routes that need no credentials. */
export const OPEN: Record<string, string[]>[] = [];
