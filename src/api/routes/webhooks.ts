import { createRoute, z } from '@hono/zod-openapi';
import { LIMITS } from '../../core/limits.ts';
import { EVENT_TYPES } from '../../notifications/event.ts';
import {
  addEndpoint,
  changeEndpoint,
  getEndpoint,
  listEndpoints,
  removeEndpoint,
  rotateKeys,
} from '../../notifications/manage.ts';
import { listDeliveries, redeliver, tryEndpoint } from '../../notifications/redeliver.ts';
import { principalRef } from '../../principals/principal.ts';
import { type Api, type ApiContext, type ApiDeps, requireAny } from '../context.ts';
import { pageBody, readCursor } from '../cursor.ts';
import { answers, creates, idParam, jsonBody, pageOf, pageQuery, wholeList } from '../openapi.ts';
import {
  deliveryBody,
  deliverySchema,
  deliveryStateSchema,
  webhookBody,
  webhookSchema,
  withSecretSchema,
} from '../webhook-body.ts';

const eventSchema = z.enum(['*', ...EVENT_TYPES]);
const eventsSchema = z.array(eventSchema).min(1).max(50);
const descriptionSchema = z.string().max(LIMITS.webhookDescriptionCharacters);
const urlSchema = z.string().min(1).max(LIMITS.webhookUrlCharacters);

function managed(c: ApiContext): string {
  return principalRef(requireAny(c, ['operator']));
}

export function addWebhookRoutes(api: Api, deps: ApiDeps): void {
  const { webhooks } = deps;

  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/webhooks',
      tags: ['webhooks'],
      summary: 'Add a webhook; its secret is shown only here',
      request: {
        body: jsonBody(
          z.strictObject({
            url: urlSchema,
            events: eventsSchema.optional(),
            description: descriptionSchema.optional(),
          }),
        ),
      },
      responses: creates(withSecretSchema),
    }),
    async (c) => {
      const { endpoint, secret } = await addEndpoint(webhooks, { ...c.req.valid('json'), by: managed(c) });
      return c.json({ ...webhookBody(endpoint), secret }, 201);
    },
  );

  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/webhooks',
      tags: ['webhooks'],
      summary: 'List webhooks',
      responses: answers(wholeList(webhookSchema)),
    }),
    async (c) => {
      managed(c);
      const data = (await listEndpoints(webhooks)).map(webhookBody);
      return c.json({ data, next_cursor: null, has_more: false as const }, 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/webhooks/{id}',
      tags: ['webhooks'],
      summary: 'One webhook',
      request: { params: idParam },
      responses: answers(webhookSchema),
    }),
    async (c) => {
      managed(c);
      return c.json(webhookBody(await getEndpoint(webhooks, c.req.valid('param').id)), 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/webhooks/{id}/update',
      tags: ['webhooks'],
      summary: 'Change what is named; enabled: true switches one on again',
      request: {
        params: idParam,
        body: jsonBody(
          z.strictObject({
            url: urlSchema.optional(),
            events: eventsSchema.optional(),
            description: descriptionSchema.optional(),
            enabled: z.boolean().optional(),
          }),
        ),
      },
      responses: answers(webhookSchema),
    }),
    async (c) => {
      const by = managed(c);
      const { id } = c.req.valid('param');
      return c.json(
        webhookBody(await changeEndpoint(webhooks, { id, by, change: c.req.valid('json') })),
        200,
      );
    },
  );

  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/webhooks/{id}/rotate',
      tags: ['webhooks'],
      summary:
        'Put new keys in force; the secret is shown only here, the keys before sign beside it for a time',
      request: {
        params: idParam,
        body: jsonBody(
          z.strictObject({ overlap_ms: z.number().int().min(0).max(LIMITS.webhookOverlapMaxMs).optional() }),
        ),
      },
      responses: answers(withSecretSchema),
    }),
    async (c) => {
      const by = managed(c);
      const { id } = c.req.valid('param');
      const overlapMs = c.req.valid('json').overlap_ms;
      const { endpoint, secret } = await rotateKeys(webhooks, { id, by, overlapMs });
      return c.json({ ...webhookBody(endpoint), secret }, 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/webhooks/{id}/remove',
      tags: ['webhooks'],
      summary: 'Remove a webhook with its keys and deliveries',
      request: { params: idParam, body: jsonBody(z.strictObject({})) },
      responses: answers(z.object({ id: z.string(), removed: z.literal(true) })),
    }),
    async (c) => {
      const by = managed(c);
      const { id } = c.req.valid('param');
      await removeEndpoint(webhooks, { id, by });
      return c.json({ id, removed: true as const }, 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/webhooks/{id}/test',
      tags: ['webhooks'],
      summary: 'Send one event of the type webhook.test at once, and say what came back',
      request: { params: idParam, body: jsonBody(z.strictObject({})) },
      responses: answers(
        z
          .object({
            event: z.string(),
            delivered: z.boolean(),
            status: z.number().int().nullable(),
            error: z.string().nullable(),
          })
          .openapi('WebhookTrial'),
      ),
    }),
    async (c) => {
      managed(c);
      const { status = null, error = null, ...trial } = await tryEndpoint(webhooks, c.req.valid('param').id);
      return c.json({ ...trial, status, error }, 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'get',
      path: '/v1/webhooks/{id}/deliveries',
      tags: ['webhooks'],
      summary: 'List deliveries, newest first; state=dead: those that were given up',
      request: {
        params: idParam,
        query: z.strictObject({ ...pageQuery, state: deliveryStateSchema.optional() }),
      },
      responses: answers(pageOf(deliverySchema)),
    }),
    async (c) => {
      managed(c);
      const { limit, cursor, state } = c.req.valid('query');
      const after = cursor === undefined ? undefined : readCursor(cursor);
      const rows = await listDeliveries(webhooks, {
        webhook: c.req.valid('param').id,
        state,
        limit: limit + 1,
        before: after === undefined ? undefined : { createdAt: after.at, id: after.id },
      });
      const keyset = (one: (typeof rows)[number]) => ({ at: one.createdAt, id: one.event });
      return c.json(pageBody(rows, { limit, item: deliveryBody, keyset }), 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'post',
      path: '/v1/webhooks/{id}/redeliver',
      tags: ['webhooks'],
      summary: 'Make one delivery again, or all that were given up',
      request: {
        params: idParam,
        body: jsonBody(z.strictObject({ event: z.string().max(100).optional() })),
      },
      responses: answers(z.object({ id: z.string(), count: z.number().int() })),
    }),
    async (c) => {
      managed(c);
      const { id } = c.req.valid('param');
      const count = await redeliver(webhooks, { id, event: c.req.valid('json').event });
      return c.json({ id, count }, 200);
    },
  );
}
